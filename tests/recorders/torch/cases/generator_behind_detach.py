import torch
from torch import nn
import torch.nn.functional as F


class Generator(nn.Module):
    def __init__(self, z_dim):
        super().__init__()
        self.fc = nn.Linear(z_dim, 8)
        self.out = nn.Linear(8, 4)

    def forward(self, z):
        return torch.tanh(self.out(F.silu(self.fc(z))))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.score = nn.Linear(8, 1)

    def forward(self, x):
        return self.score(F.silu(self.body(x)))

    def judge(self, samples):
        samples = samples.detach()  #~ stop-gradient
        return self(samples).mean()


def critic_step(critic, gen, optimizer, real, z):
    loss = critic.judge(gen(z)) - critic.judge(real)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def generator_step(critic, gen, optimizer, z):
    loss = -critic.judge(gen(z))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


torch.manual_seed(0)
gen, critic = Generator(3), Critic()
g_opt = torch.optim.RMSprop(gen.parameters(), lr=1e-3)
c_opt = torch.optim.RMSprop(critic.parameters(), lr=1e-3)
real = torch.rand(10, 4)
for _ in range(2):
    critic_step(critic, gen, c_opt, real, torch.randn(10, 3))
print("generator loss", generator_step(critic, gen, g_opt, torch.randn(10, 3)))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"gen.fc={grad_state(gen.fc.weight.grad)}",
    f"gen.out={grad_state(gen.out.weight.grad)}",
    f"critic.score={grad_state(critic.score.weight.grad)}",
)
