import torch
from torch import nn
import torch.nn.functional as F


class Codebook(nn.Module):
    def __init__(self, size, dim, commitment=0.25):
        super().__init__()
        self.table = nn.Parameter(torch.randn(size, dim))
        self.commitment = commitment

    def nearest(self, z):
        with torch.no_grad():
            return torch.cdist(z, self.table).argmin(dim=1)

    def forward(self, z):
        code = self.table[self.nearest(z)]
        penalty = F.mse_loss(code, z.detach()) + self.commitment * F.mse_loss(z, code.detach())
        return z + (code - z).detach(), penalty


class VQVAE(nn.Module):
    def __init__(self, n, dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n, 8), nn.SiLU(), nn.Linear(8, dim))
        self.codebook = Codebook(6, dim)
        self.decoder = nn.Linear(dim, n)

    def forward(self, x):
        code, penalty = self.codebook(self.encoder(x))
        return self.decoder(code), penalty


torch.manual_seed(0)
model = VQVAE(5, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x = torch.randn(30, 5)
for _ in range(3):
    decoded, penalty = model(x)
    loss = F.mse_loss(decoded, x) + penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("loss", loss.item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"encoder={grad_state(model.encoder[0].weight.grad)}",
    f"codebook={grad_state(model.codebook.table.grad)}",
    f"decoder={grad_state(model.decoder.weight.grad)}",
)
