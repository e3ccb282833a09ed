import torch
from torch import nn
from torch.distributions import Normal


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(4, 2)
        self.dec = nn.Linear(2, 4)

    def latent(self, mu):
        q = Normal(mu, torch.ones_like(mu))
        return q.sample()  #~ sampled

    def kl(self, mu):
        return 0.5 * mu.data.pow(2).sum(dim=1)  #~ stop-gradient

    def loss(self, x):
        mu = self.enc(x)
        recon = self.dec(self.latent(mu))
        return (recon - x).pow(2).sum(dim=1).add(self.kl(mu)).mean()


torch.manual_seed(0)
vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=1e-3)
for _ in range(3):
    opt.zero_grad()
    vae.loss(torch.randn(5, 4)).backward()
    opt.step()
