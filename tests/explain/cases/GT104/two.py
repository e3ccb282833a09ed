import gradtape as gt
import numpy as np


class Explainer:
    def __init__(self):
        self.kernel = gt.Variable([[1.0, 0.5], [0.2, 1.5]])
        self.head = gt.Variable([[1.0, 0.3], [0.1, 2.0]])

    def features(self, image):
        return np.tanh(image @ self.kernel)

    def predict(self, image):
        return self.features(image) @ self.head

    def heatmap(self, image):
        with gt.GradientTape() as tape:
            seen = self.features(image)  #~ GT104
            score = np.argmax(self.predict(image)) * 1.0  #~ GT301
        return tape.gradient(score, seen)


Explainer().heatmap(np.ones((1, 2)))
