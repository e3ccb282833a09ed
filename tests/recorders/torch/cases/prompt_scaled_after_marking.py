import torch
from torch import nn
import torch.nn.functional as F


class FrozenLM(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.mix = nn.GRU(dim, dim, batch_first=True)
        self.lm_head = nn.Linear(dim, vocab)
        self.requires_grad_(False)

    def forward(self, vectors):
        hidden, _ = self.mix(vectors)
        return self.lm_head(hidden[:, -1])


class SoftPrompt(nn.Module):
    def __init__(self, length, dim, std=0.02):
        super().__init__()
        self.length = length
        self.prompt = nn.Parameter(torch.randn(length, dim)) * std  #~ nonleaf-grad-read
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, vectors):
        prefix = (self.prompt + self.bias).expand(len(vectors), -1, -1)
        return torch.cat([prefix, vectors], dim=1)


def tune(lm, soft, tokens, target, lr):
    optimizer = torch.optim.Adam(soft.parameters(), lr=lr)
    logits = lm(soft(lm.embed(tokens)))
    loss = F.cross_entropy(logits, target)
    loss.backward()
    optimizer.step()
    return loss.item()


torch.manual_seed(0)
lm = FrozenLM(vocab=15, dim=6)
soft = SoftPrompt(length=3, dim=6)
tokens, target = torch.randint(0, 15, (4, 5)), torch.randint(0, 15, (4,))
print("loss", tune(lm, soft, tokens, target, lr=0.1))
print("tuned tensors:", [name for name, _ in soft.named_parameters()])


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"prompt={grad_state(soft.prompt.grad)}",
    f"bias={grad_state(soft.bias.grad)}",
)
