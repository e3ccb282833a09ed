"""Random programs: which leaves get a gradient, as our graph has it, against what PyTorch itself gave."""

import os
import random

import pytest
import torch

from gradtape.explain.search import shortest_route
from gradtape.recorders.crossings import Call
from gradtape.recorders.frameworks import Options
from gradtape.recorders.heard import Heard
from gradtape.recorders.torch.graph import Builder
from gradtape.recorders.torch.names import Names
from gradtape.recorders.torch.recorder import Recorder

COUNT = int(os.environ.get("COUNT", "60"))


def _no_grad(f):
    def call(*args):
        with torch.no_grad():
            return f(*args)

    return call


def _into(a, b):
    c = a.clone()
    c[0] = b[1]
    return c


def _onto(a, b):
    c = a * 1
    c.add_(b)
    return c


ONE = {
    "sin": torch.sin,
    "view": lambda a: a.view(2, 2).t().reshape(4),
    "detach": lambda a: a.detach(),
    "data": lambda a: a.data,
    "index": lambda a: a[torch.tensor([0, 2, 1, 3])],
    "cumsum": lambda a: a.cumsum(0),
    "no_grad": _no_grad(torch.cos),
    "greater": lambda a: (a > 0).float(),
    "argsort": lambda a: a.argsort().float(),
    "softmax": lambda a: torch.softmax(a, 0),
    "rebuilt": lambda a: torch.tensor(a.tolist()),
    "clone": lambda a: a.clone(),
    "double": lambda a: a.double().float(),
    "long": lambda a: a.long().float(),
    "chunk": lambda a: torch.cat(a.chunk(2)[::-1]),
    "unbind": lambda a: torch.stack(list(a)),
    "relu_": lambda a: torch.relu_(a * 1),
    "sort": lambda a: a.sort().values,
    "expand": lambda a: a.mean().expand(4),
}
TWO = {
    "add": torch.add,
    "mul": lambda a, b: a * b,
    "where": lambda a, b: torch.where(a > b, a, b),
    "into": _into,
    "onto": _onto,
    "stack": lambda a, b: torch.stack([a, b]).sum(0),
    "outer": lambda a, b: (a[:, None] * b[None]).sum(1),
    "lerp": lambda a, b: torch.lerp(a, b, 0.3),
}


def build(seed):
    """Make leaves, run a random chain of functions on them, and return the leaves with the last value."""
    draw = random.Random(seed)  # noqa: S311
    leaves = [torch.randn(4, requires_grad=draw.random() < 0.8) for _ in range(4)]
    values = list(leaves)
    for _ in range(draw.randint(3, 12)):
        if draw.random() < 0.5:
            value = ONE[draw.choice(sorted(ONE))](draw.choice(values))
        else:
            value = TWO[draw.choice(sorted(TWO))](draw.choice(values), draw.choice(values))
        values.append(value)
        if draw.random() < 0.1:
            values.append(values[-1].data)
    loss = values[-1].sum() + (values[-2] * 2).sum()
    return leaves, loss


def check(seed):
    recorder = Recorder(Heard(), Options(), __file__)
    recorder.patches.install()
    try:
        with recorder.desk.mode:
            leaves, loss = build(seed)
        memory = recorder.desk.memory
        target = memory.meet(loss).id
        builder = Builder(memory, Names(None), {})
        run = builder.run((), Call(builder.operations[-1].site, target))
        if loss.requires_grad:
            loss.backward()
        for place, leaf in enumerate(leaves):
            route = shortest_route(run, builder.ids(leaf), {target})
            flows = route is not None and not any(link.breaks for link in route) and leaf.requires_grad
            assert flows == (leaf.grad is not None), (seed, place, route)
    finally:
        recorder.patches.remove()


@pytest.mark.parametrize("seed", range(COUNT))
def test_our_graph_agrees_with_pytorch(seed):
    check(seed)


@pytest.mark.thorough
def test_our_graph_agrees_with_pytorch_thousands_of_times():
    for seed in range(1000, 6000):
        check(seed)
