import torch
from torch import nn
import torch.nn.functional as F


class AttentionPool(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.project = nn.Linear(dim, hidden)
        self.score = nn.Linear(hidden, 1)

    def weights(self, steps):
        energy = self.score(torch.tanh(self.project(steps)))
        return F.softmax(energy, dim=-1)  #~ flat-region

    def forward(self, steps):
        return (self.weights(steps) * steps).sum(dim=1)


class SequenceClassifier(nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.rnn = nn.GRU(dim, dim, batch_first=True)
        self.pool = AttentionPool(dim, 5)
        self.out = nn.Linear(dim, classes)

    def forward(self, x):
        steps, _ = self.rnn(x)
        return self.out(self.pool(steps))


def train(model, data, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(epochs):
        for x, y in data:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
    return loss.item()


torch.manual_seed(0)
model = SequenceClassifier(dim=4, classes=2)
data = [(torch.randn(6, 9, 4), torch.randint(0, 2, (6,))) for _ in range(2)]
print("loss", train(model, data, epochs=2))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"pool.project={grad_state(model.pool.project.weight.grad)}",
    f"pool.score={grad_state(model.pool.score.weight.grad)}",
    f"out={grad_state(model.out.weight.grad)}",
)
