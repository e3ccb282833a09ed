import copy

import torch
from torch import nn


class Q(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
        for p in self.backbone.parameters():
            p.requires_grad_(False)
        self.heads = nn.ModuleList([nn.Linear(8, 1), nn.Linear(8, 3)])

    def forward(self, s):
        with torch.no_grad():
            h = self.backbone(s)
        v, a = (head(h) for head in self.heads)
        return v + a - a.mean(dim=1, keepdim=True)


torch.manual_seed(0)
online = Q()
target = copy.deepcopy(online).requires_grad_(False)
opt = torch.optim.Adam([p for p in online.parameters() if p.requires_grad])
for step in range(3):
    s, s2 = torch.randn(6, 4), torch.randn(6, 4)
    with torch.no_grad():
        act = online(s).argmax(dim=1)
        goal = torch.randn(6) + 0.9 * target(s2).max(dim=1).values
    q = online(s)[torch.arange(6), act]
    loss = nn.functional.smooth_l1_loss(q, goal)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for a, b in zip(target.parameters(), online.parameters()):
            a.lerp_(b, 0.01)
