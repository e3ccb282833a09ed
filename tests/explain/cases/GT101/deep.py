import gradtape as gt
import numpy as np


def embed(image, kernel):
    return np.tanh(image @ kernel)


def score(image, kernel):
    return np.sum(embed(image, kernel) ** 2)


def saliency(image, kernel):
    with gt.GradientTape() as tape:  #~ GT101
        value = score(image, kernel)
    return tape.gradient(value, image)


saliency(gt.constant(np.ones((2, 3))), gt.Variable(np.eye(3)))
