import numpy as np
import torch
from torch import nn


class TrimmedLoss(nn.Module):
    """Mean of the squared residuals without the worst ones."""

    def __init__(self, keep):
        super().__init__()
        self.keep = keep

    def limit(self, size):
        return float(np.percentile(size, 100 * self.keep))  #~ left-through-numpy

    def forward(self, prediction, target):
        size = (prediction - target).abs()
        inside = size <= self.limit(size)
        return size[inside].pow(2).mean()


def fit(model, criterion, x, y, epochs, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    history = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = criterion(model(x).squeeze(1), y)
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return history


torch.manual_seed(0)
x = torch.randn(30, 2)
y = x @ torch.tensor([1.5, -0.7]) + 0.1 * torch.randn(30)
y[::10] += 8.0
model = nn.Linear(2, 1)


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


report = {"model.weight": "error", "model.bias": "error"}
try:
    print(fit(model, TrimmedLoss(keep=0.8), x, y, epochs=3, lr=0.1))
    report = {"model.weight": grad_state(model.weight.grad), "model.bias": grad_state(model.bias.grad)}
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
