import torch
from torch import nn


class DQN:
    def __init__(self):
        self.online = nn.Linear(4, 2)
        self.target = nn.Linear(4, 2)
        self.opt = torch.optim.RMSprop(self.online.parameters(), lr=1e-3)

    @torch.no_grad()  #~ gradients-off
    def values(self, net, states):
        return net(states)

    def loss(self, s, a, r, s2):
        q = self.values(self.online, s).gather(1, a[:, None]).squeeze(1)
        best = self.values(self.target, s2).max(dim=1).values
        return nn.functional.smooth_l1_loss(q, r + 0.9 * best)

    def learn(self, batch):
        self.opt.zero_grad()
        loss = self.loss(*batch)
        loss.backward()
        self.opt.step()


torch.manual_seed(0)
agent = DQN()
agent.learn((torch.randn(5, 4), torch.randint(0, 2, (5,)), torch.randn(5), torch.randn(5, 4)))
