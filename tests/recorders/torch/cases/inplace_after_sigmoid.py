import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gate = nn.Linear(width, width)
        self.mix = nn.Linear(width, width)

    def forward(self, x):
        h = torch.sigmoid(self.gate(x))
        h += self.mix(x)  #~ overwritten-value
        return h


class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Residual(4) for _ in range(2))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


torch.manual_seed(0)
net = Stack()
out = net(torch.randn(3, 4))
out.pow(2).sum().backward()
