import gradtape as gt
import numpy as np


class Policy:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.logits = gt.Variable([0.1, 0.5, 0.2])

    def probabilities(self):
        weights = np.exp(self.logits)
        return weights / np.sum(weights)

    def act(self):
        return self.rng.choice(3, p=self.probabilities())  #~ GT306?


def reward(policy, table):
    return gt.constant(table[policy.act()]) * 2.0


policy = Policy(0)
with gt.GradientTape() as tape:
    loss = reward(policy, np.array([1.0, 2.0, 3.0]))
tape.gradient(loss, policy.logits)
