import torch
from torch import nn


FRAME = 16
FLOOR_DB = -80.0


class GatedTone(nn.Module):
    def __init__(self, n, partials):
        super().__init__()
        self.amplitude = nn.Parameter(torch.linspace(1.0, 0.4, partials))
        t = torch.arange(n) / FRAME
        harmonics = torch.arange(1, partials + 1)[:, None]
        self.register_buffer("carrier", torch.sin(2 * torch.pi * harmonics * t + 0.3 * harmonics))
        self.register_buffer("gate", (torch.arange(n) < n // 2).float())

    def forward(self):
        return self.gate * (self.amplitude[:, None] * self.carrier).sum(dim=0)


def decibels(frames):
    power = torch.fft.rfft(frames).abs().pow(2)
    audible = power > 1e-8
    return torch.where(audible, 10 * torch.log10(power), torch.full_like(power, FLOOR_DB))  #~ masked-branch


def envelope(frames):
    energy = (frames**2).mean(dim=1)
    return torch.sqrt(energy)  #~ singular-point


def perceptual(signal, target):
    a, b = signal.view(-1, FRAME), target.view(-1, FRAME)
    spectrum = (decibels(a) - decibels(b)).abs().mean()
    loudness = (envelope(a) - envelope(b)).pow(2).sum()
    return 0.01 * spectrum + loudness


torch.manual_seed(0)
tone = GatedTone(64, partials=3)
target = torch.randn(64)
loss = perceptual(tone(), target)
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
    f"amplitude={grad_state(tone.amplitude.grad)}",
)
