import gradtape as gt


class Model:
    def __init__(self):
        self.w = gt.Variable(2.0)


model = Model()
with gt.GradientTape() as tape:
    loss = model.w * model.w
model.w = gt.Variable(3.0)  #~ GT104
tape.gradient(loss, model.w)
