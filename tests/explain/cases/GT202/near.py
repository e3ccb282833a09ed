import gradtape as gt

w = gt.Variable(1.5)
losses, best = [], float("inf")
for step in range(3):
    with gt.GradientTape() as tape:
        loss = (w - 3.0) ** 2
    losses.append(float(loss))
    if float(loss) < best:
        best = loss.item()
    w.assign_sub(0.1 * tape.gradient(loss, w))
