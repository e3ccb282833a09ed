import torch
from torch import nn
import torch.nn.functional as F


class StochasticGate(nn.Module):
    def __init__(self, n, start=0.5):
        super().__init__()
        self.logit = nn.Parameter(torch.full((n,), start))

    def probability(self):
        return torch.sigmoid(self.logit)

    def forward(self, h):
        p = self.probability().expand_as(h)
        if self.training:
            return h * torch.bernoulli(p)  #~ sampled
        return h * p


class PrunedMLP(nn.Module):
    def __init__(self, n_in, width, n_out):
        super().__init__()
        self.lift = nn.Linear(n_in, width)
        self.gate = StochasticGate(width)
        self.head = nn.Linear(width, n_out)

    def forward(self, x):
        return self.head(self.gate(torch.tanh(self.lift(x))))


def train_step(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


torch.manual_seed(0)
model = PrunedMLP(4, 10, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x, y = torch.randn(16, 4), torch.randn(16, 2)
for _ in range(3):
    print("loss", train_step(model, optimizer, x, y))
print("open gates", (model.gate.probability() > 0.5).sum().item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"gate.logit={grad_state(model.gate.logit.grad)}",
    f"lift.weight={grad_state(model.lift.weight.grad)}",
    f"head.weight={grad_state(model.head.weight.grad)}",
)
