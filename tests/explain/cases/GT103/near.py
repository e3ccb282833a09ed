import gradtape as gt

w = gt.Variable(1.0)
for _ in range(3):
    with gt.GradientTape() as tape:
        loss = (w - 3.0) ** 2
    w.assign_sub(0.1 * tape.gradient(loss, w))
