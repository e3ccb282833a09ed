import gradtape as gt

w, extra, other = gt.Variable(1.0), gt.Variable(0.5), gt.Variable(0.1)
with gt.GradientTape() as tape:
    loss = w * w
    if loss > 10.0:  #~ GT503
        loss = loss + extra
    if loss > 20.0:  #~ GT503
        loss = loss * other
tape.gradient(loss, [w, extra, other])
