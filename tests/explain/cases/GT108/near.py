import gradtape as gt

layers = [{"w": gt.Variable(1.0), "b": gt.Variable(0.0)}, {"w": gt.Variable(2.0), "b": gt.Variable(0.5)}]
with gt.GradientTape() as tape:
    x = 1.5
    for layer in layers:
        x = layer["w"] * x + layer["b"]
tape.gradient(x, layers)
