import gradtape as gt


class Model:
    def __init__(self):
        self.w = gt.Variable(1.0)
        self.trainable_variables = [self.w]

    def __call__(self, x):
        return self.w * x


def gradients_of(model, x):
    with gt.GradientTape() as tape:
        loss = model(x) ** 2
    return tape.gradient(loss, model)  #~ GT108


def train(model):
    try:
        gradients_of(model, 2.0)
    except TypeError:
        pass


train(Model())
