import copy

import torch
from torch import nn
import torch.nn.functional as F


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad = patience, float("inf"), 0

    def update(self, value):
        if value < self.best:
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        return self.bad > self.patience


class Trainer:
    def __init__(self, model, lr, patience=3):
        self.model = copy.deepcopy(model)  #~ different-object
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr, momentum=0.9)
        self.stopper = EarlyStopping(patience)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def fit(self, batches):
        for x, y in batches:
            if self.stopper.update(self.step(x, y)):
                break
        return self.stopper.best


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3))
batches = [(torch.randn(6, 5), torch.randint(0, 3, (6,))) for _ in range(4)]
trainer = Trainer(net, lr=0.05)
print("best loss", trainer.fit(batches))
for name, p in net.named_parameters():
    print(name, None if p.grad is None else p.grad.norm().item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"net.0.weight={grad_state(net[0].weight.grad)}",
    f"net.2.weight={grad_state(net[2].weight.grad)}",
)
