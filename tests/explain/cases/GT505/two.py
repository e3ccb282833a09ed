import gradtape as gt

w = gt.Variable(2.0)
with gt.GradientTape() as tape:
    y = w * w
tape.gradient(y, w)
for _ in range(1):
    try:
        tape.gradient(y, w)  #~ GT505
    except RuntimeError:
        pass
    try:
        tape.jacobian(y, w)  #~ GT505
    except RuntimeError:
        pass
