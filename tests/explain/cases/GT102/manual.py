import gradtape as gt

w, b = gt.Variable(2.0), gt.Variable(1.0)
with gt.GradientTape(watch_accessed_variables=False) as tape:  #~ GT102
    tape.watch(w)
    loss = w * w + b
tape.gradient(loss, [w, b])
