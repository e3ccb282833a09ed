import torch
from torch import nn
import torch.nn.functional as F


class GeM(nn.Module):
    """Generalised-mean pooling over the valid pixels, as used for image retrieval."""

    def __init__(self, power=3.0):
        super().__init__()
        self.power = power

    def forward(self, maps, valid):
        mean = (maps * valid).pow(self.power).mean(dim=(2, 3))
        return mean.pow(1.0 / self.power)  #~ singular-point


class Retrieval(nn.Module):
    def __init__(self, channels, dim):
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3, padding=1)
        self.pool = GeM()
        self.project = nn.Linear(channels, dim)

    def forward(self, images, valid):
        maps = F.softplus(self.conv(images))
        return F.normalize(self.project(self.pool(maps, valid)), dim=1)


def triplet(anchor, positive, negative, margin=0.3):
    closeness = (anchor * positive).sum(dim=1) - (anchor * negative).sum(dim=1)
    return F.softplus(margin - closeness).mean()


def crop_masks(sizes, side):
    column = torch.arange(side)
    return torch.stack([((column[:, None] < h) & (column < w)).float() for h, w in sizes])[:, None]


torch.manual_seed(0)
model = Retrieval(channels=4, dim=3)
anchor, positive, negative = torch.rand(3, 4, 1, 6, 6)
valid = crop_masks([(6, 6), (4, 5), (0, 3), (6, 2)], side=6)
loss = triplet(model(anchor, valid), model(positive, valid), model(negative, valid))
loss.backward()
print("loss", loss.item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"conv.weight={grad_state(model.conv.weight.grad)}",
    f"project.weight={grad_state(model.project.weight.grad)}",
)
