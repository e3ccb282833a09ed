import torch
from torch import nn

torch.manual_seed(0)
words = nn.Embedding(6, 3, sparse=True)
net = nn.Linear(3, 1)
optimizer = torch.optim.Adam([*words.parameters(), *net.parameters()])
try:
    net(words(torch.tensor([1, 2]))).pow(2).mean().backward()
    optimizer.step()  # Adam wants no sparse gradients
except RuntimeError:
    optimizer = torch.optim.SGD([*words.parameters(), *net.parameters()], lr=0.1)
scale = nn.Parameter(torch.full((3,), 1.5))
for step in range(2):
    optimizer.zero_grad()
    steps = torch.floor(scale)  #~ piecewise-constant
    net(words(torch.tensor([0, 3])) * steps).pow(2).mean().backward()
    optimizer.step()
