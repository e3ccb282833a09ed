import gradtape as gt
import numpy as np


def report(name, value):
    print(name, np.asarray(value).round(3), value.numpy().shape)


w = gt.Variable([1.0, 2.0])
with gt.GradientTape() as tape:
    features = np.tanh(w)
    report("features", features)
    loss = np.sum(features**2)
    report("loss", loss)
tape.gradient(loss, w)
