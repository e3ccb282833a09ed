import torch
from torch import nn
import torch.nn.functional as F


class LearnedLoss(nn.Module):
    """A small network that turns (prediction, target) into a per-sample loss."""

    def __init__(self, hidden):
        super().__init__()
        self.inner = nn.Linear(2, hidden)
        self.outer = nn.Linear(hidden, 1)

    def forward(self, prediction, target):
        pair = torch.stack([prediction, target], dim=-1)
        return F.softplus(self.outer(torch.tanh(self.inner(pair)))).mean()


class MetaLearner(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.start = nn.Parameter(0.1 * torch.randn(n_features))
        self.log_lr = nn.Parameter(torch.tensor(-1.0))
        self.criterion = LearnedLoss(6)

    def step_size(self):
        return self.log_lr.exp().item()  #~ left-through-number

    def adapt(self, x, y, steps):
        w = self.start
        for _ in range(steps):
            loss = self.criterion(x @ w, y)
            (g,) = torch.autograd.grad(loss, w)  #~ inner-gradient-not-recorded
            w = w - self.step_size() * g
        return w

    def forward(self, support, query, steps=2):
        w = self.adapt(*support, steps)
        x, y = query
        return F.mse_loss(x @ w, y)


def task(n):
    x = torch.randn(n, 3)
    return x, x @ torch.tensor([1.0, -2.0, 0.5]) + 0.05 * torch.randn(n)


torch.manual_seed(0)
meta = MetaLearner(3)
optimizer = torch.optim.Adam(meta.parameters(), lr=1e-2)
optimizer.zero_grad()
meta_loss = meta(task(8), task(8))
meta_loss.backward()
optimizer.step()
print("meta loss", meta_loss.item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"start={grad_state(meta.start.grad)}",
    f"criterion={grad_state(meta.criterion.inner.weight.grad)}",
    f"log_lr={grad_state(meta.log_lr.grad)}",
)
