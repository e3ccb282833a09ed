import math

import torch
from torch import nn


class HalfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)

    def scores(self, x):
        q, k = self.query(x), self.key(x)
        raw = q @ k.transpose(-1, -2)  #~ overflow
        return raw / math.sqrt(self.dim)

    def forward(self, x):
        weights = torch.softmax(self.scores(x), dim=-1)
        return weights @ self.value(x)


class Model(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.attention = HalfAttention(dim)
        self.readout = nn.Linear(dim, 1)

    def forward(self, x):
        return self.readout(self.attention(x)).squeeze(-1).mean(dim=1)


torch.manual_seed(0)
model = Model(16).half()
x = torch.randn(2, 5, 16).half()
x[1] *= 300
y = torch.tensor([0.3, -0.2]).half()
loss = (model(x) - y).float().pow(2).mean()
loss.backward()
print("loss", loss.item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"query={grad_state(model.attention.query.weight.grad)}",
    f"key={grad_state(model.attention.key.weight.grad)}",
    f"readout={grad_state(model.readout.weight.grad)}",
)
