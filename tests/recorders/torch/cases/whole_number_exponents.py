import torch
from torch import nn


CONFIG = {"terms": 3, "start": 2, "lr": 0.01, "steps": 4}


class PowerLaw(nn.Module):
    """y = sum_k a_k * x ** e_k with learnable exponents."""

    def __init__(self, terms, start):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(terms))
        self.exponent = nn.Parameter(self.initial_exponents(terms, start))  #~ integer-source

    def initial_exponents(self, terms, start):
        return torch.full((terms,), start) + torch.arange(terms)

    def forward(self, x):
        return (self.scale * x[:, None] ** self.exponent).sum(dim=1)


def fit(model, x, y, lr, steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (model(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
    return loss.item()


torch.manual_seed(0)
x = torch.rand(20) + 0.1
y = 2 * x**1.5


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


report = {"scale": "error", "exponent": "error"}
try:
    model = PowerLaw(CONFIG["terms"], CONFIG["start"])
    print("loss", fit(model, x, y, CONFIG["lr"], CONFIG["steps"]))
    report = {"scale": grad_state(model.scale.grad), "exponent": grad_state(model.exponent.grad)}
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
