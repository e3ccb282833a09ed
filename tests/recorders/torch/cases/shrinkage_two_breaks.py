import torch
from torch import nn
import torch.nn.functional as F


class SoftShrink(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, threshold):
        ctx.save_for_backward(x, threshold)
        return torch.sign(x) * torch.relu(x.abs() - threshold)

    @staticmethod
    def backward(ctx, grad_output):
        x, threshold = ctx.saved_tensors
        passed = (x.abs() > threshold).to(grad_output)
        grad_x = grad_output * passed
        return grad_x, None  #~ custom-rule-none


class LISTA(nn.Module):
    """Unrolled sparse coding with a learned threshold and per-atom step."""

    def __init__(self, n, atoms, rounds):
        super().__init__()
        self.rounds = rounds
        self.dictionary = nn.Parameter(torch.randn(n, atoms) / n**0.5)
        self.threshold = nn.Parameter(torch.full((atoms,), 0.05))
        self.step = torch.full((atoms,), 0.2)  #~ not-watched

    def encode(self, y):
        code = torch.zeros(len(y), self.dictionary.shape[1])
        for _ in range(self.rounds):
            residual = y - code @ self.dictionary.T
            code = SoftShrink.apply(code + self.step * (residual @ self.dictionary), self.threshold)
        return code

    def forward(self, y):
        return self.encode(y) @ self.dictionary.T


torch.manual_seed(0)
model = LISTA(n=6, atoms=10, rounds=3)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
y = torch.randn(12, 6)
for _ in range(2):
    optimizer.zero_grad()
    loss = F.mse_loss(model(y), y)
    loss.backward()
    optimizer.step()
    print("loss", loss.item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"dictionary={grad_state(model.dictionary.grad)}",
    f"threshold={grad_state(model.threshold.grad)}",
    f"step={grad_state(model.step.grad)}",
)
