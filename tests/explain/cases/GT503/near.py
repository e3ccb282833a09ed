import gradtape as gt

w, extra = gt.Variable(1.0), gt.Variable(0.5)
with gt.GradientTape() as tape:
    loss = w * w
    if loss < 10.0:
        loss = loss + extra
    else:
        loss = loss - extra
tape.gradient(loss, [w, extra])
