import gradtape as gt

mean = gt.Variable(0.5, trainable=False)
w = gt.Variable(2.0)
with gt.GradientTape() as tape:
    tape.watch(mean)
    loss = (w - mean) ** 2
tape.gradient(loss, [w, mean])
