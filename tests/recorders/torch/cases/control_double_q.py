import copy

import torch
from torch import nn
import torch.nn.functional as F


class QNet(nn.Module):
    def __init__(self, n_obs, n_act):
        super().__init__()
        self.body = nn.Linear(n_obs, 16)
        self.advantage = nn.Linear(16, n_act)
        self.baseline = nn.Linear(16, 1)

    def forward(self, obs):
        h = F.relu(self.body(obs))
        a = self.advantage(h)
        return self.baseline(h) + a - a.mean(dim=1, keepdim=True)


class Agent:
    def __init__(self, n_obs, n_act, tau=0.05, gamma=0.99):
        self.online = QNet(n_obs, n_act)
        self.target = copy.deepcopy(self.online).requires_grad_(False)
        self.tau, self.gamma = tau, gamma
        self.optimizer = torch.optim.Adam(self.online.parameters(), lr=1e-3)

    @torch.no_grad()
    def td_target(self, reward, next_obs, done):
        best = self.online(next_obs).argmax(dim=1, keepdim=True)
        future = self.target(next_obs).gather(1, best).squeeze(1)
        return reward + self.gamma * (1 - done) * future

    @torch.no_grad()
    def soft_update(self):
        for p, q in zip(self.target.parameters(), self.online.parameters()):
            p.mul_(1 - self.tau).add_(self.tau * q)

    def learn(self, obs, action, reward, next_obs, done):
        q = self.online(obs).gather(1, action[:, None]).squeeze(1)
        loss = F.smooth_l1_loss(q, self.td_target(reward, next_obs, done))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.soft_update()
        return loss.item()


torch.manual_seed(0)
agent = Agent(4, 3)
for _ in range(3):
    obs, next_obs = torch.randn(10, 4), torch.randn(10, 4)
    action, reward, done = torch.randint(0, 3, (10,)), torch.randn(10), (torch.rand(10) < 0.1).float()
    print("td loss", agent.learn(obs, action, reward, next_obs, done))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"body={grad_state(agent.online.body.weight.grad)}",
    f"advantage={grad_state(agent.online.advantage.weight.grad)}",
    f"baseline={grad_state(agent.online.baseline.weight.grad)}",
)
