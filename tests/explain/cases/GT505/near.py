import gradtape as gt

w = gt.Variable(2.0)
with gt.GradientTape(persistent=True) as tape:
    y = w * w
    z = y * w
tape.gradient(y, w)
tape.gradient(z, w)
tape.jacobian(z, w)
