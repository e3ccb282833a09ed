import torch
from torch import nn
import torch.nn.functional as F


class SentenceEncoder(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.gru = nn.GRU(dim, dim, batch_first=True)

    def forward(self, tokens):
        _, last = self.gru(self.embed(tokens))
        return last.squeeze(0)


class FeatureStore:
    def __init__(self, encoder):
        self.encoder = encoder.eval().requires_grad_(False)
        self.rows = []

    def add(self, tokens):
        with torch.inference_mode():  #~ gradients-off
            self.rows.append(self.encoder(tokens))

    def all(self):
        return torch.cat(self.rows)


class Probe(nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.linear = nn.Linear(dim, classes)

    def forward(self, features):
        return self.linear(features)


torch.manual_seed(0)
store = FeatureStore(SentenceEncoder(vocab=30, dim=6))
for chunk in torch.randint(0, 30, (3, 4, 5)):
    store.add(chunk)
labels = torch.randint(0, 2, (12,))
probe = Probe(6, 2)


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


def fit(probe, steps, lr=0.1):
    optimizer = torch.optim.SGD(probe.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(probe(store.rows[0]), labels[:4])
        loss.backward()
        optimizer.step()
    return loss.item()


report = {"probe.weight": "error", "probe.bias": "error"}
try:
    print("loss", fit(probe, steps=3))
    report = {
        "probe.weight": grad_state(probe.linear.weight.grad),
        "probe.bias": grad_state(probe.linear.bias.grad),
    }
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
