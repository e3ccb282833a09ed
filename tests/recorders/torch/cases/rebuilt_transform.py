import torch
from torch import nn


class Pose(nn.Module):
    def __init__(self):
        super().__init__()
        self.angle = nn.Parameter(torch.tensor(0.3))
        self.shift = nn.Parameter(torch.zeros(2))

    def rotation(self):
        c, s = torch.cos(self.angle), torch.sin(self.angle)
        return torch.as_tensor([[c, -s], [s, c]])  #~ rebuilt-from-values

    def forward(self, pts):
        return pts @ self.rotation().T + self.shift


torch.manual_seed(0)
pose = Pose()
opt = torch.optim.Adam(pose.parameters(), lr=0.01)
pts, goal = torch.randn(7, 2), torch.randn(7, 2)
for _ in range(3):
    opt.zero_grad()
    (pose(pts) - goal).pow(2).mean().backward()
    opt.step()
