import gradtape as gt

w, scale = gt.Variable(1.5), gt.Variable(2.0)
with gt.GradientTape() as tape:
    first = float(w)  #~ GT202
    second = scale.item()  #~ GT202
    loss = gt.constant(first) * 2.0 + gt.constant(second) * 3.0
tape.gradient(loss, [w, scale])
