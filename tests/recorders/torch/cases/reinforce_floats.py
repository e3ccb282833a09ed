import torch
from torch import nn
from torch.distributions import Categorical


class Agent:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
        self.memory = []

    def act(self, state):
        dist = Categorical(logits=self.net(state))
        action = dist.sample()  #~ sampled
        self.remember(dist.log_prob(action))
        return action.item()

    def remember(self, logp):
        self.memory.append(logp.item())  #~ left-through-number

    def objective(self, returns):
        total = 0.0
        for logp, ret in zip(self.memory, returns):
            total = total - logp * ret
        return torch.tensor(total, requires_grad=True)


torch.manual_seed(1)
agent = Agent()
opt = torch.optim.Adam(agent.net.parameters(), lr=1e-2)
for episode in range(3):
    agent.memory.clear()
    returns = []
    for t in range(5):
        a = agent.act(torch.randn(4))
        returns.append(1.0 if a == 1 else -0.5)
    loss = agent.objective(returns)
    opt.zero_grad()
    loss.backward()
    opt.step()
