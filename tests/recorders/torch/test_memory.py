"""What is remembered of a long run does not grow: operations, values, tensors, questions, leaves, numbers."""

import pytest
import torch

from gradtape.recorders.frameworks import Options
from gradtape.recorders.heard import Heard
from gradtape.recorders.torch import desk as desk_module
from gradtape.recorders.torch import leaves, memory
from gradtape.recorders.torch.desk import Desk
from gradtape.recorders.torch.patches import Patches

LIMIT = 300


@pytest.fixture
def desk(monkeypatch):
    monkeypatch.setattr(memory, "MOST_RECORDS", LIMIT)
    monkeypatch.setattr(memory, "MOST_VALUES", LIMIT)
    monkeypatch.setattr(memory, "PRUNE_EVERY", LIMIT)
    monkeypatch.setattr(memory, "MOST_NUMBERS", LIMIT)
    monkeypatch.setattr(desk_module, "MOST_FREED", LIMIT)
    monkeypatch.setattr(leaves, "MOST", LIMIT)
    found = Desk(Heard(), Options())
    patches = Patches(found)
    patches.install()
    try:
        with found.mode:
            yield found
    finally:
        patches.remove()


def kept(desk):
    """Count everything that is kept, container by container."""
    memory = desk.memory
    lists = {name: len(value) for owner in (desk, memory, desk.forgotten) for name, value in sized(owner)}
    lists["versions"] = sum(len(ids) for ids in memory.versions.values())
    lists["reports"], lists["known"] = len(desk.heard.reports), len(desk.heard._known)
    lists["fates"] = len(desk.fates._by_id)
    return lists


def sized(owner):
    """Yield the containers among the attributes of an object."""
    yield from ((name, value) for name, value in vars(owner).items() if hasattr(value, "__len__"))


def test_a_long_loop_is_remembered_in_a_bounded_room(desk):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
    optimizer = torch.optim.Adam(net.parameters())
    scale = torch.nn.Parameter(torch.ones(1))
    x = torch.randn(8, 4)
    log, sizes = [], []
    for step in range(600):
        optimizer.zero_grad()
        loss = (net(x) * scale).pow(2).mean()
        loss.backward()
        optimizer.step()
        (slope,) = torch.autograd.grad((net(x) * scale).sum(), [scale])
        with torch.no_grad():
            scale -= 0.01 * slope
        start = torch.ones(3).requires_grad_()
        (start * scale.detach()).sum().backward()
        log = [*log[-5:], loss.item(), loss.detach().numpy()]
        if step in (299, 599):
            sizes.append(kept(desk))
    half, whole = sizes
    grown = {name: (half[name], size) for name, size in whole.items() if size > half[name] + LIMIT // 4}
    assert not grown
    assert all(size <= 5 * LIMIT for size in whole.values()), whole
