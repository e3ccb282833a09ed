import gradtape as gt

x = gt.Variable(3.0)
with gt.GradientTape() as outer:
    with gt.GradientTape() as inner:
        y = x**3
    slope = inner.gradient(y, x)
    loss = slope * x
outer.gradient(loss, x)
