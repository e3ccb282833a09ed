import torch
from torch import nn
import torch.nn.functional as F
from torch.func import functional_call


class GainTuned(nn.Module):
    """One gain per tensor of the base network, learned together with the base."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.log_gain = nn.ParameterDict(
            {name.replace(".", "_"): nn.Parameter(torch.zeros(())) for name, _ in base.named_parameters()}
        )

    def tuned(self):
        weights = self.base.state_dict()  #~ stop-gradient
        return {name: w * self.log_gain[name.replace(".", "_")].exp() for name, w in weights.items()}

    def forward(self, x):
        return functional_call(self.base, self.tuned(), (x,)).squeeze(-1)


def fit(model, x, y, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for step in range(steps):
        loss = F.smooth_l1_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(step, round(loss.item(), 4))


torch.manual_seed(0)
base = nn.Sequential(nn.Linear(4, 6), nn.ELU(), nn.Linear(6, 1))
model = GainTuned(base)
x = torch.randn(20, 4)
y = x[:, 0] - 0.5 * x[:, 1] ** 2
fit(model, x, y, steps=3, lr=0.05)


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"base.0.weight={grad_state(base[0].weight.grad)}",
    f"base.2.bias={grad_state(base[2].bias.grad)}",
    f"gain={grad_state(model.log_gain['0_weight'].grad)}",
)
