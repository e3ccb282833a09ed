import gradtape as gt
import numpy as np


def read_parameters():
    return {"rate": gt.Variable([1, 2, 3])}  #~ GT107


def predict(parameters, x):
    return np.sum(parameters["rate"] * x)


def fit(parameters):
    with gt.GradientTape() as tape:
        loss = predict(parameters, 0.5) ** 2
    return tape.gradient(loss, parameters)


fit(read_parameters())
