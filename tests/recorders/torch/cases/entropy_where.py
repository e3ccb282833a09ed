import torch
from torch import nn


def plogp(p):
    return torch.where(p > 0, p * torch.log(p), torch.zeros_like(p))  #~ masked-branch


def entropy(p):
    return -plogp(p).sum(dim=-1)


class Router(nn.Module):
    def __init__(self):
        super().__init__()
        self.share = nn.Parameter(torch.tensor([0.0, 1.0, 3.0]))

    def forward(self, x):
        return x * self.share / self.share.sum()


torch.manual_seed(0)
router = Router()
opt = torch.optim.SGD(router.parameters(), lr=0.01)
p = router(torch.ones(5, 1))
loss = entropy(p).mean()
loss.backward()
opt.step()
