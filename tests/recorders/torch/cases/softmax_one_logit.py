import torch
from torch import nn


class Probability(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 6)
        self.logit = nn.Linear(6, 1)

    def forward(self, x):
        z = self.logit(torch.tanh(self.hidden(x)))
        return torch.softmax(z, dim=1)  #~ flat-region


def epoch(model, opt, x, y):
    opt.zero_grad()
    loss = nn.functional.binary_cross_entropy(model(x).squeeze(1) * 0.5, y)
    loss.backward()
    opt.step()


torch.manual_seed(0)
net = Probability()
x = torch.randn(8, 4)
y = (torch.rand(8) > 0.5).float()
epoch(net, torch.optim.SGD(net.parameters(), lr=0.1), x, y)
