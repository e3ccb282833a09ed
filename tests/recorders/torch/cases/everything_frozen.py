import torch
from torch import nn


def freeze(module):
    for p in module.parameters():
        p.requires_grad = False  #~ not-watched


class Transfer(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(5, 8), nn.ReLU())
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.backbone(x))


torch.manual_seed(0)
model = Transfer()
freeze(model)
x, y = torch.randn(6, 5), torch.randint(0, 2, (6,))
loss = nn.functional.cross_entropy(model(x), y)
loss.backward()
