import gradtape as gt
import numpy as np

rng = np.random.default_rng(0)
mean, spread = gt.Variable(1.0), gt.Variable(0.5)
with gt.GradientTape() as tape:
    noise = rng.normal(0.0, 1.0, size=3)
    loss = np.sum((mean + spread * noise) ** 2)
tape.gradient(loss, [mean, spread])
