import torch
from torch import nn
from torch.distributions import Categorical


class Corridor:
    """Walk right to reach the end of a corridor of n cells."""

    def __init__(self, n):
        self.n = n

    def reset(self):
        self.cell = 0
        return self.observe()

    def observe(self):
        state = torch.zeros(self.n)
        state[self.cell] = 1.0
        return state

    def step(self, action):
        self.cell = max(0, min(self.n - 1, self.cell + (1 if action == 1 else -1)))
        done = self.cell == self.n - 1
        return self.observe(), (1.0 if done else -0.05), done


class Policy(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.hidden = nn.Linear(n, 8)
        self.logits = nn.Linear(8, 2)

    def forward(self, state):
        return Categorical(logits=self.logits(torch.tanh(self.hidden(state))))


def play(env, policy, limit):
    state, log_probs, rewards = env.reset(), [], []
    for _ in range(limit):
        dist = policy(state)
        action = dist.sample()  #~ sampled
        log_probs.append(dist.log_prob(action))
        state, reward, done = env.step(action.item())
        rewards.append(reward)
        if done:
            break
    return log_probs, rewards


def returns(rewards, gamma):
    out, total = [], 0.0
    for r in reversed(rewards):
        total = r + gamma * total
        out.insert(0, total)
    out = torch.tensor(out)
    return (out - out.mean()) / (out.std() + 1e-6)


def finish_episode(optimizer, log_probs, rewards, gamma=0.95):
    terms = []
    for log_prob, value in zip(log_probs, returns(rewards, gamma)):
        terms.append(-log_prob * value)
    loss = torch.tensor(terms, requires_grad=True).sum()  #~ rebuilt-from-values
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


torch.manual_seed(0)
env, policy = Corridor(5), Policy(5)
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
for episode in range(3):
    print(episode, finish_episode(optimizer, *play(env, policy, limit=20)))


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


print(
    "RESULT",
    f"hidden={grad_state(policy.hidden.weight.grad)}",
    f"logits={grad_state(policy.logits.weight.grad)}",
)
