import torch
from torch import nn


class Whitening(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.factor = nn.Parameter(torch.eye(n))

    def covariance(self):
        return self.factor @ self.factor.T

    def forward(self, x):
        values, vectors = torch.linalg.eigh(self.covariance())  #~ singular-point
        return x @ vectors @ torch.diag(values.rsqrt()) @ vectors.T[:, :2]


torch.manual_seed(0)
white = Whitening(3)
target = torch.randn(7, 2)
out = white(torch.randn(7, 3))
loss = (out - target).pow(2).sum()
loss.backward()
print(white.factor.grad)
