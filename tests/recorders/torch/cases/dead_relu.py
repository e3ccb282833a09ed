import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 5)
        nn.init.constant_(self.lin.bias, -50.0)

    def forward(self, x):
        return torch.relu(self.lin(x))  #~ flat-region


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = Encoder()
        self.skip = nn.Linear(3, 1)
        self.out = nn.Linear(5, 1)

    def forward(self, x):
        return self.skip(x) + self.out(self.enc(x) + 0.1)


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters())
for _ in range(2):
    opt.zero_grad()
    loss = (net(torch.randn(6, 3)) - 1).pow(2).mean()
    loss.backward()
    opt.step()
