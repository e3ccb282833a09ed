import torch
from torch import nn


def skew(w):
    x, y, z = w.unbind(-1)
    o = torch.zeros_like(x)
    rows = [torch.stack(r, dim=-1) for r in ((o, -z, y), (z, o, -x), (-y, x, o))]
    return torch.stack(rows, dim=-2)


def rodrigues(w):
    theta = torch.linalg.vector_norm(w, dim=-1)[..., None, None]
    tiny = theta < 1e-7
    sinc = torch.where(tiny, torch.ones_like(theta), torch.sin(theta) / theta)  #~ masked-branch
    half = 0.5 * torch.sinc(theta / (2 * torch.pi)) ** 2
    K = skew(w)
    return torch.eye(3) + sinc * K + half * (K @ K)


class PoseRefiner(nn.Module):
    def __init__(self, n_frames):
        super().__init__()
        self.omega = nn.Parameter(torch.zeros(n_frames, 3))
        self.shift = nn.Parameter(torch.zeros(n_frames, 3))

    def forward(self, points):
        R = rodrigues(self.omega)
        return torch.einsum("fij,pj->fpi", R, points) + self.shift[:, None]


def align(model, points, observed, lr=0.1):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    loss = (model(points) - observed).pow(2).mean()
    loss.backward()
    return loss.item()


torch.manual_seed(0)
points = torch.randn(9, 3)
observed = points[None] + torch.tensor([[0.1, 0.0, 0.2], [0.0, -0.3, 0.1]])[:, None]
observed = observed + 0.1 * torch.randn_like(observed)
model = PoseRefiner(n_frames=2)
print("loss", align(model, points, observed))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"omega={grad_state(model.omega.grad)}",
    f"shift={grad_state(model.shift.grad)}",
)
