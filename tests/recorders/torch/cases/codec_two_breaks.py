import torch
from torch import nn
import torch.nn.functional as F


class EntropyModel(nn.Module):
    """Laplace prior whose log-scale is learned per latent channel."""

    def __init__(self, channels):
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(channels))

    def bits(self, codes):
        scale = self.log_scale.data.exp()  #~ stop-gradient
        nats = codes.abs() / scale + torch.log(2 * scale)
        return nats.sum(dim=1).mean()


class Codec(nn.Module):
    def __init__(self, n, channels, step):
        super().__init__()
        self.step = step
        self.analysis = nn.Linear(n, channels)
        self.synthesis = nn.Linear(channels, n)
        self.prior = EntropyModel(channels)

    def quantise(self, latent):
        return torch.floor(latent / self.step + 0.5) * self.step  #~ piecewise-constant

    def forward(self, x):
        codes = self.quantise(self.analysis(x))
        return self.synthesis(codes), self.prior.bits(codes)


def train_step(codec, optimizer, x, weight):
    decoded, rate = codec(x)
    loss = F.mse_loss(decoded, x) + weight * rate
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


torch.manual_seed(0)
codec = Codec(n=8, channels=3, step=0.2)
optimizer = torch.optim.Adam(codec.parameters(), lr=1e-3)
x = torch.randn(20, 8)
for _ in range(3):
    print("rate-distortion", train_step(codec, optimizer, x, weight=0.01))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"analysis={grad_state(codec.analysis.weight.grad)}",
    f"synthesis={grad_state(codec.synthesis.weight.grad)}",
    f"log_scale={grad_state(codec.prior.log_scale.grad)}",
)
