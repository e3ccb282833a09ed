"""Scripts as people write them, in which nothing is wrong: nothing is said, and nothing is remarked on."""

import textwrap

import pytest

from .programs import why

HEAD = """
import torch
from torch import nn
torch.manual_seed(0)
"""

SCRIPTS = {
    "a network that is moved to a device": """
        net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double().to("cpu").float()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            loss = net(torch.randn(5, 3)).pow(2).mean()
            loss.backward()
            optimizer.step()
        """,
    "weights that are drawn, clipped, averaged and kept in bounds": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Linear(3, 4)
                self.register_buffer("scale", torch.ones(4))
                self.apply(self._draw)
            def _draw(self, module):
                if isinstance(module, nn.Linear):
                    nn.init.xavier_uniform_(module.weight)
                    module.bias.data.fill_(0.01)
                    module.weight.data.mul_(0.5)
            def forward(self, x):
                return self.body(x) * self.scale
        net, averaged = Net().to("cpu"), Net()
        averaged.load_state_dict(net.state_dict())
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
        for _ in range(3):
            optimizer.zero_grad(set_to_none=True)
            loss = net(torch.randn(5, 3)).pow(2).mean()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                for mean, p in zip(averaged.parameters(), net.parameters()):
                    mean.mul_(0.9).add_(p, alpha=0.1)
            for p in net.parameters():
                p.data.clamp_(-0.5, 0.5)
        """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_of_a_healthy_script_nothing_is_said(name, tmp_path):
    ran = why(HEAD + textwrap.dedent(SCRIPTS[name]), tmp_path)
    assert ran.statuses
    assert set(ran.statuses.values()) == {"ok"}
    assert [note.headline for r in ran.reports for note in r.notes] == []
    assert not ran.told


ACTOR_CRITIC = """
body, actor, critic = nn.Linear(3, 8), nn.Linear(8, 2), nn.Linear(8, 1)
log_probs, values, rewards = [], [], []
for _ in range(4):
    h = torch.relu(body(torch.randn(3)))
    choice = torch.distributions.Categorical(torch.softmax(actor(h), dim=-1))
    action = choice.sample()
    log_probs.append(choice.log_prob(action))
    values.append(critic(h))
    rewards.append(float(action.item() == 1))
returns = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
loss, kept = 0.0, []
for log_prob, value, reward in zip(log_probs, values, returns):
    advantage = reward - value.item()
    loss = loss - log_prob * advantage
    kept.append(nn.functional.smooth_l1_loss(value, reward[None]))
loss = loss + torch.stack(kept).sum()
loss.backward()
"""


def test_an_advantage_is_meant_to_be_a_constant(tmp_path):
    ran = why(HEAD + ACTOR_CRITIC, tmp_path)
    assert not ran.told
    assert set(ran.statuses.values()) == {"ok"}
    noted = {r.source: [n.headline for n in r.notes] for r in ran.reports}
    assert all("weighs log-probabilities" in said for said in noted["critic.weight"] + noted["body.weight"])
    assert noted["critic.weight"]
    assert noted["body.weight"]
    assert not noted["actor.weight"]


def test_a_constant_that_weighs_something_else_is_told(tmp_path):
    program = ACTOR_CRITIC.replace("log_prob * advantage", "value * advantage")
    ran = why(HEAD + program, tmp_path)
    assert {"left-through-number"} == {cause for cause, _ in ran.told}
    assert ran.statuses["critic.weight"] == "partial"


LOADED = """
data = torch.utils.data.TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
norm, body = nn.BatchNorm1d(3), nn.Linear(3, 1)
optimizer = torch.optim.SGD([*norm.parameters(), *body.parameters()], lr=0.1)
for x, y in torch.utils.data.DataLoader(data, batch_size=4, num_workers=1):
    optimizer.zero_grad()
    loss = (body(x) - y).pow(2).mean()
    loss.backward()
    optimizer.step()
"""


def test_what_the_workers_of_a_data_loader_give_is_data(tmp_path):
    ran = why(HEAD + LOADED, tmp_path)
    assert {cause for cause, _ in ran.told} == {"not-used"}
    assert ran.statuses["norm.weight"] == "none"
    assert ran.statuses["body.weight"] == "ok"


RELATIVE = """
critic, source = nn.Linear(2, 1), nn.Linear(2, 2)
of_critic, of_source = (torch.optim.SGD(net.parameters(), lr=0.1) for net in (critic, source))
for _ in range(2):
    real, made = torch.randn(4, 2), source(torch.randn(4, 2))
    of_source.zero_grad()
    critic(made).mean().backward()
    of_source.step()
    of_critic.zero_grad()
    (critic(real) - critic(made.detach())).pow(2).mean().backward()
    of_critic.step()
"""


def test_a_gradient_that_came_as_zero_was_not_thrown_away(tmp_path):
    ran = why(HEAD + RELATIVE, tmp_path)
    assert not ran.told
