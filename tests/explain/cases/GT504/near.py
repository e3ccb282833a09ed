import gradtape as gt

x, seen = gt.Variable(3.0), gt.Variable(0.0)
with gt.GradientTape() as tape:
    squared = x * x
    seen.assign_add(squared)
    loss = squared * 2.0
tape.gradient(loss, x)
