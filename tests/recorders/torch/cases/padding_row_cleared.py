import torch
from torch import nn
import torch.nn.functional as F

PAD = 0


class BagOfWords(nn.Module):
    def __init__(self, vocab, dim, classes):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.head = nn.Linear(dim, classes)

    def blank_padding(self):
        row = self.embed.weight[PAD]
        row.zero_()  #~ overwritten-value

    def forward(self, tokens):
        self.blank_padding()
        vectors = self.embed(tokens)
        length = (tokens != PAD).sum(dim=1, keepdim=True)
        return self.head(vectors.sum(dim=1) / length)


def batches(tokens, labels, size):
    for i in range(0, len(tokens), size):
        yield tokens[i : i + size], labels[i : i + size]


def train(model, optimizer, tokens, labels):
    for t, l in batches(tokens, labels, size=4):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(t), l)
        loss.backward()
        optimizer.step()
        print("loss", round(loss.item(), 4))


torch.manual_seed(0)
model = BagOfWords(vocab=12, dim=5, classes=3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
tokens = torch.randint(1, 12, (8, 6))
tokens[:, 4:] = PAD
labels = torch.randint(0, 3, (8,))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


report = {"embed": "error", "head": "error"}
try:
    train(model, optimizer, tokens, labels)
    report = {"embed": grad_state(model.embed.weight.grad), "head": grad_state(model.head.weight.grad)}
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
