import torch
from torch import nn


class Oscillator(nn.Module):
    def __init__(self, n_partials, n_samples):
        super().__init__()
        self.amplitude = nn.Parameter(torch.full((n_partials,), 0.5))
        self.phase = nn.Parameter(torch.zeros(n_partials))
        self.register_buffer("t", torch.arange(n_samples) / n_samples)

    def forward(self):
        k = torch.arange(1, len(self.amplitude) + 1)
        angle = 2 * torch.pi * k[:, None] * self.t + self.phase[:, None]
        return (self.amplitude[:, None] * torch.sin(angle)).sum(dim=0)


def windowed(signal):
    return signal * torch.hann_window(len(signal))


def spectral_distance(a, b):
    difference = torch.fft.rfft(windowed(a)) - torch.fft.rfft(windowed(b))
    return (difference**2).mean()  #~ nonscalar-output


def fit(osc, target, steps, lr=0.05):
    optimizer = torch.optim.Adam(osc.parameters(), lr=lr)
    for step in range(steps):
        optimizer.zero_grad()
        loss = spectral_distance(osc(), target)
        loss.backward()
        optimizer.step()
        print(step, loss.item())


torch.manual_seed(0)
osc = Oscillator(n_partials=3, n_samples=64)
t = torch.arange(64) / 64
target = 0.8 * torch.sin(2 * torch.pi * t + 0.3) + 0.2 * torch.sin(6 * torch.pi * t - 1.0)


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


report = {"amplitude": "error", "phase": "error"}
try:
    fit(osc, target, steps=3)
    report = {"amplitude": grad_state(osc.amplitude.grad), "phase": grad_state(osc.phase.grad)}
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
