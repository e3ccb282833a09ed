import gradtape as gt


def loss_of(w):
    return w * w


w = gt.Variable(1.0)
with gt.GradientTape(persistent=True) as tape:
    loss = loss_of(w)
for target, source in ((loss_of, w), (loss, "w")):
    try:
        tape.gradient(target, source)  #~ GT108
    except TypeError:
        pass
try:
    tape.watch(loss_of)  #~ GT108
except TypeError:
    pass
