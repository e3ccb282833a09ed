import torch
from torch import nn
import torch.nn.functional as F


class Backbone(nn.Module):
    def __init__(self, n, dim):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, x):
        return self.layers(x)


class Calibrated(nn.Module):
    def __init__(self, backbone, classes):
        super().__init__()
        self.backbone = backbone.eval()
        for p in self.backbone.parameters():
            p.requires_grad = False
        self.head = nn.Linear(6, classes)
        self.temperature = nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        with torch.no_grad():
            features = self.backbone(x)
        return self.head(features) / self.temperature.clamp(min=0.05)


def focal(logits, y, gamma=2.0):
    p = logits.softmax(dim=1).gather(1, y[:, None]).squeeze(1)
    known = p > 1e-6
    log_p = torch.where(known, torch.log(p.clamp(min=1e-6)), torch.zeros_like(p))
    return -((1 - p).pow(gamma) * log_p).mean()


def evaluate(model, x, y):
    with torch.inference_mode():
        return (model(x).argmax(dim=1) == y).float().mean().item()


torch.manual_seed(0)
model = Calibrated(Backbone(5, 6), classes=3)
trainable = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.SGD(trainable, lr=0.1)
x, y = torch.randn(24, 5), torch.randint(0, 3, (24,))
for _ in range(3):
    optimizer.zero_grad()
    loss = focal(model(x), y)
    loss.backward()
    optimizer.step()
print("loss", loss.item(), "accuracy", evaluate(model, x, y))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"head={grad_state(model.head.weight.grad)}",
    f"temperature={grad_state(model.temperature.grad)}",
)
