import gradtape as gt

x, y = gt.constant([1.0, 2.0]), gt.constant([3.0, 4.0])
with gt.GradientTape() as tape:
    tape.watch([x, y])
    loss = (x * y).sum()
    x[0] = 5.0  #~ GT507
    y[1] = 6.0  #~ GT507
tape.gradient(loss, [x, y])
