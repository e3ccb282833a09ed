import torch
from torch import nn
import torch.nn.functional as F


class AudioTagger(nn.Module):
    def __init__(self, bands, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(bands, 10), nn.SiLU())
        self.head = nn.Linear(10, classes)

    def forward(self, spectrum):
        return self.head(self.body(spectrum))


def make_optimizer(model, lr):
    groups = [
        {"params": list(model.body.parameters()), "lr": 0.1 * lr},
        {"params": list(model.head.parameters()), "lr": lr},
    ]
    return torch.optim.AdamW(groups)


def adapt(model, classes):
    model.head = nn.Linear(model.head.in_features, classes)  #~ different-object
    return model


def grad_norms(optimizer):
    return [None if p.grad is None else round(p.grad.norm().item(), 3) for g in optimizer.param_groups for p in g["params"]]


torch.manual_seed(0)
model = AudioTagger(bands=8, classes=50)
optimizer = make_optimizer(model, lr=1e-2)
model = adapt(model, classes=3)
x, y = torch.randn(12, 8), torch.randint(0, 3, (12,))
for epoch in range(2):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    print("gradient norms", grad_norms(optimizer))
    optimizer.step()
trained_body, trained_head = optimizer.param_groups[0]["params"], optimizer.param_groups[1]["params"]


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"body={grad_state(trained_body[0].grad)}",
    f"head.weight={grad_state(trained_head[0].grad)}",
    f"head.bias={grad_state(trained_head[1].grad)}",
)
