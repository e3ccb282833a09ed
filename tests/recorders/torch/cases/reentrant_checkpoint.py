import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.up, self.down = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)

    def forward(self, x):
        return x + self.down(F.gelu(self.up(self.norm(x))))


class Encoder(nn.Module):
    def __init__(self, dim, depth, classes, save_memory):
        super().__init__()
        self.save_memory = save_memory
        self.blocks = nn.ModuleList(Block(dim) for _ in range(depth))
        self.head = nn.Linear(dim, classes)

    def run(self, block, x):
        if self.save_memory:
            return checkpoint(block, x, use_reentrant=True)  #~ gradients-off
        return block(x)

    def forward(self, x):
        for block in self.blocks:
            x = self.run(block, x)
        return self.head(x.mean(dim=1))


def train_step(model, optimizer, x, y):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


torch.manual_seed(0)
model = Encoder(dim=6, depth=2, classes=3, save_memory=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
x, y = torch.randn(4, 7, 6), torch.randint(0, 3, (4,))
print("loss", train_step(model, optimizer, x, y))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"blocks.0.up={grad_state(model.blocks[0].up.weight.grad)}",
    f"blocks.1.down={grad_state(model.blocks[1].down.weight.grad)}",
    f"head={grad_state(model.head.weight.grad)}",
)
