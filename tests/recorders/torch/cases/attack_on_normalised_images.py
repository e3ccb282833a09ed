import torch
from torch import nn
import torch.nn.functional as F

MEAN = torch.tensor([0.48, 0.45, 0.40]).view(3, 1, 1)
STD = torch.tensor([0.22, 0.22, 0.23]).view(3, 1, 1)


class TinyNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.fc = nn.Linear(6, classes)

    def forward(self, images):
        h = F.gelu(self.conv(images))
        return self.fc(h.mean(dim=(2, 3)))


class FGSM:
    def __init__(self, model, eps):
        self.model, self.eps = model, eps

    def preprocess(self, images):
        return (images - MEAN) / STD

    def attack(self, images, labels):
        images = images.clone().requires_grad_()
        images = self.preprocess(images)  #~ nonleaf-grad-read
        loss = F.cross_entropy(self.model(images), labels)
        self.model.zero_grad()
        loss.backward()
        step = self.eps * images.grad.sign()
        return images.detach() + step, images.grad


torch.manual_seed(0)
model = TinyNet(classes=4)
images, labels = torch.rand(5, 3, 8, 8), torch.randint(0, 4, (5,))
fgsm = FGSM(model, eps=2 / 255)


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


report = {"images": "error"}
try:
    adversarial, pixel_grad = fgsm.attack(images, labels)
    print("largest change", (adversarial - fgsm.preprocess(images)).abs().max().item())
    report = {"images": grad_state(pixel_grad)}
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
