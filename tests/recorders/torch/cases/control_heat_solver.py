import torch
from torch import nn


class Rod(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.log_k = nn.Parameter(torch.tensor(-1.5))
        self.source = nn.Parameter(torch.zeros(n))
        self.n = n

    def laplacian(self, u):
        out = torch.zeros_like(u)
        out[1:-1] = u[2:] - 2 * u[1:-1] + u[:-2]
        out[0] = u[1] - u[0]
        out[-1] = u[-2] - u[-1]
        return out

    def simulate(self, u, steps):
        history = torch.empty(steps, self.n)
        for i in range(steps):
            u = u + self.log_k.exp() * self.laplacian(u) + self.source
            history[i] = u
        return history

    def forward(self, u0, steps):
        u0 = u0.clone()
        u0 += 0.01
        return self.simulate(u0, steps)


def calibrate(rod, u0, seen, rounds, lr):
    for _ in range(rounds):
        loss = (rod(u0, len(seen)) - seen).pow(2).mean()
        rod.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in rod.parameters():
                p -= lr * p.grad
        print("loss", loss.item())


torch.manual_seed(0)
rod = Rod(8)
u0 = torch.linspace(1.0, 0.0, 8) ** 2
seen = u0.repeat(5, 1) * torch.linspace(1.0, 0.6, 5)[:, None]
calibrate(rod, u0, seen, rounds=3, lr=0.1)


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"log_k={grad_state(rod.log_k.grad)}",
    f"source={grad_state(rod.source.grad)}",
)
