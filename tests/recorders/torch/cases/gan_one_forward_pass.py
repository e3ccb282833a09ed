import torch
from torch import nn
import torch.nn.functional as F


def mlp(n_in, n_hidden, n_out):
    return nn.Sequential(nn.Linear(n_in, n_hidden), nn.LeakyReLU(0.2), nn.Linear(n_hidden, n_out))


class GAN:
    def __init__(self, noise_dim, data_dim):
        self.noise_dim = noise_dim
        self.gen = mlp(noise_dim, 12, data_dim)
        self.disc = mlp(data_dim, 12, 1)
        self.g_opt = torch.optim.Adam(self.gen.parameters(), lr=2e-3)
        self.d_opt = torch.optim.Adam(self.disc.parameters(), lr=2e-3)

    def losses(self, real, fake):
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        bce = F.binary_cross_entropy_with_logits
        d_loss = bce(self.disc(real), ones) + bce(self.disc(fake.detach()), zeros)
        g_loss = bce(self.disc(fake), ones)
        return d_loss, g_loss

    def step(self, real):
        fake = self.gen(torch.randn(len(real), self.noise_dim))
        d_loss, g_loss = self.losses(real, fake)

        self.d_opt.zero_grad()
        d_loss.backward()
        self.d_opt.step()  #~ overwritten-value

        self.g_opt.zero_grad()
        g_loss.backward()
        self.g_opt.step()
        return d_loss.item(), g_loss.item()


torch.manual_seed(0)
gan = GAN(noise_dim=3, data_dim=2)
data = torch.randn(48, 2) * 0.3 + torch.tensor([1.0, -1.0])


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


report = {"gen": "error", "disc": "error"}
try:
    for batch in data.split(16):
        print(gan.step(batch))
    report = {"gen": grad_state(gan.gen[0].weight.grad), "disc": grad_state(gan.disc[0].weight.grad)}
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
