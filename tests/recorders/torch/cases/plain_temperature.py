import torch
from torch import nn


class Calibrated(nn.Module):
    def __init__(self, base):
        super().__init__()
        self.base = base
        self.temperature = torch.ones(1)  #~ not-watched

    def forward(self, x):
        return self.base(x) / self.temperature


torch.manual_seed(0)
base = nn.Linear(4, 3)
model = Calibrated(base)
opt = torch.optim.LBFGS([model.temperature, *base.parameters()], lr=0.1, max_iter=3)
x, y = torch.randn(20, 4), torch.randint(0, 3, (20,))


def closure():
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    return loss


opt.step(closure)
