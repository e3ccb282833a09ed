import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.gate = nn.Parameter(torch.ones(3))
        self.rounds = 0

    def forward(self, x):
        h = self.lin(x)
        if self.rounds > 2:  #~ branch-not-taken
            h = h * torch.sigmoid(self.gate)
        return h


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.out = nn.Linear(3, 1)

    def forward(self, x):
        return self.out(self.block(x))


torch.manual_seed(0)
model = Model()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    opt.zero_grad()
    model(torch.randn(4, 3)).pow(2).mean().backward()
    opt.step()
