import torch
from torch import nn

critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))


def slope(inputs):
    inputs = inputs.requires_grad_()
    score = critic(inputs).sum()
    (g,) = torch.autograd.grad(score, inputs)  #~ inner-gradient-not-recorded
    return g


def penalty(real, fake):
    t = torch.rand(len(real), 1)
    g = slope(t * real + (1 - t) * fake)
    return ((g.norm(dim=1) - 1) ** 2).mean()


torch.manual_seed(0)
opt = torch.optim.Adam(critic.parameters())
real, fake = torch.randn(4, 2), torch.randn(4, 2)
opt.zero_grad()
penalty(real, fake).backward()
opt.step()
