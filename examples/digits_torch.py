"""A small convolutional net learns handwritten digits: a PyTorch program as people write them.

`gradtape why examples/digits_torch.py` says that every gradient flows.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.proj = nn.Linear(width * 16, 32)

    def forward(self, images):
        h = torch.relu(self.norm(self.conv(images)))
        h = nn.functional.max_pool2d(h, 2)
        return torch.relu(self.proj(h.flatten(1)))


class Classifier(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.encoder = Encoder(width)
        self.head = nn.Linear(32, 10)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(self, images):
        scale = self.log_scale.exp()
        return scale * self.head(self.encoder(images))


def train_step(model, optimizer, images, labels):
    logits = model(images)
    loss = nn.functional.cross_entropy(logits, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def accuracy(model, images, labels):
    model.eval()
    with torch.no_grad():
        right = model(images).argmax(dim=1) == labels
    model.train()
    return right.float().mean().item()


torch.manual_seed(0)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
labels = torch.tensor(digits.target)
model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(2):
    for batch in torch.randperm(1400).split(200):
        loss = train_step(model, optimizer, images[batch], labels[batch])
    print(f"epoch {epoch}: loss {loss:.3f}, accuracy {accuracy(model, images[1400:], labels[1400:]):.2f}")
