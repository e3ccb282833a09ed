import torch
from torch import nn
from torch.distributions import Normal


class ActorCritic(nn.Module):
    def __init__(self, n_obs, n_act):
        super().__init__()
        self.trunk = nn.Linear(n_obs, 8)
        self.mean = nn.Linear(8, n_act)
        self.log_std = nn.Parameter(torch.zeros(n_act))
        self.value = nn.Linear(8, 1)

    def forward(self, obs):
        h = torch.tanh(self.trunk(obs))
        return Normal(self.mean(h), self.log_std.exp()), self.value(h).squeeze(-1)


def collect(model, n, obs):
    log_probs, values, rewards, entropies = [], [], [], []
    for _ in range(n):
        dist, value = model(obs)
        action = dist.sample()
        reward = -(obs[0] - action[0].item()) ** 2
        log_probs.append(dist.log_prob(action).sum())
        entropies.append(dist.entropy().sum())
        values.append(value)
        rewards.append(reward.item())
        obs = (0.9 * obs + 0.1 * action.mean()).detach()
    with torch.no_grad():
        bootstrap = model(obs)[1].item()
    return torch.stack(log_probs), torch.stack(values), rewards, torch.stack(entropies), bootstrap


def targets(rewards, bootstrap, gamma=0.98):
    out, running = [], bootstrap
    for r in rewards[::-1]:
        running = r + gamma * running
        out.append(running)
    return torch.tensor(out[::-1])


torch.manual_seed(0)
model = ActorCritic(3, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for update in range(3):
    log_probs, values, rewards, entropies, bootstrap = collect(model, 6, torch.randn(3))
    advantage = targets(rewards, bootstrap) - values
    loss = -(log_probs * advantage.detach()).mean() + 0.5 * advantage.pow(2).mean() - 0.01 * entropies.mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    optimizer.step()
    print(update, loss.item())


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"trunk={grad_state(model.trunk.weight.grad)}",
    f"mean={grad_state(model.mean.weight.grad)}",
    f"log_std={grad_state(model.log_std.grad)}",
    f"value={grad_state(model.value.weight.grad)}",
)
