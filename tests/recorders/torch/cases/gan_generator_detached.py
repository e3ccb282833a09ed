import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, z):
        return self.body(z)


class Trainer:
    def __init__(self):
        self.g = Generator()
        self.d = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        self.opt_g = torch.optim.Adam(self.g.parameters(), lr=1e-3)
        self.opt_d = torch.optim.Adam(self.d.parameters(), lr=1e-3)
        self.bce = nn.BCEWithLogitsLoss()

    def judge(self, images, truth):
        logits = self.d(images.detach())  #~ stop-gradient
        return self.bce(logits, torch.full_like(logits, truth))

    def step(self, real):
        fake = self.g(torch.randn(len(real), 4))
        self.opt_d.zero_grad()
        (self.judge(real, 1.0) + self.judge(fake, 0.0)).backward()
        self.opt_d.step()
        self.opt_g.zero_grad()
        loss = self.judge(fake, 1.0)
        loss.backward()
        self.opt_g.step()
        return loss.item()


torch.manual_seed(0)
trainer = Trainer()
for _ in range(3):
    print(trainer.step(torch.randn(6, 2)))
