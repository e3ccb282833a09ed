import torch
from torch import nn


class Inverter:
    def __init__(self, generator):
        self.generator = generator
        self.latent = 0.01 * torch.randn(1, 3, requires_grad=True)  #~ nonleaf-grad-read

    def step(self, target, lr):
        loss = (self.generator(self.latent) - target).pow(2).mean()
        loss.backward(retain_graph=True)
        if self.latent.grad is not None:
            self.latent.data -= lr * self.latent.grad
        return loss.item()


torch.manual_seed(0)
gen = nn.Linear(3, 4)
for p in gen.parameters():
    p.requires_grad_(False)
inv = Inverter(gen)
for _ in range(2):
    inv.step(torch.randn(1, 4), 0.1)
