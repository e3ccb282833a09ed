import torch
from torch import nn


class Pruner(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.scores = nn.Parameter(torch.rand(n))
        self.weight = nn.Parameter(torch.randn(n))

    def mask(self):
        keep = self.scores > 0.5  #~ no-derivative
        return keep.float()

    def forward(self, x):
        return x @ (self.weight * self.mask())


torch.manual_seed(0)
model = Pruner(6)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(10, 6), torch.randn(10)
for step in range(3):
    opt.zero_grad()
    loss = (model(x) - y).abs().mean()
    loss.backward()
    opt.step()
