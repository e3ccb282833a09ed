import gradtape as gt
import numpy as np


class Environment:
    def __init__(self):
        self.physics = gt.external(self.simulate)

    def simulate(self, action):
        return np.cumsum(action)

    def step(self, action):
        return self.physics(action)  #~ GT204


class Agent:
    def __init__(self):
        self.w = gt.Variable([1.0, 2.0])

    def act(self, environment):
        return environment.step(np.tanh(self.w))


def reward(agent, environment):
    return np.sum(agent.act(environment))


agent = Agent()
with gt.GradientTape() as tape:
    loss = -reward(agent, Environment())
try:
    tape.gradient(loss, agent.w)
except NotImplementedError:
    pass
