import gradtape as gt

x = gt.constant([1.0, 2.0])
with gt.GradientTape() as tape:
    y = x * x  #~ GT101
    tape.watch(x)
    z = y.sum()
tape.gradient(z, x)
