"""Whether every hook fires in this version of PyTorch: a tiny program per hook, run before the script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from gradtape.recorders.heard import Heard
from gradtape.recorders.torch import private
from gradtape.recorders.torch.desk import Desk
from gradtape.recorders.torch.patches import Patches

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.recorders.frameworks import Options


class Refuses(torch.autograd.Function):
    """A custom function that answers None."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Double."""
        del ctx
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        """Answer None."""
        del ctx, gradient


def _operations(desk: Desk) -> bool:
    x = torch.ones(1, requires_grad=True)
    y = x * 2
    node = y.grad_fn
    return _seen(desk, "mul") and node is not None and private.KEY in node.metadata


def _parameters(desk: Desk) -> bool:
    torch.nn.Parameter(torch.ones(1))
    return _seen(desk, "Parameter")


def _arrays(desk: Desk) -> bool:
    torch.from_numpy(torch.ones(1).numpy())
    return _seen(desk, "from_numpy") and any(event.kind == "left as array" for event in desk.memory.happened)


def _backward_passes(desk: Desk) -> bool:
    x = torch.ones(1, requires_grad=True)
    (x * 2).backward()
    return bool(desk.asked) and bool(desk.heard.reports)


def _custom_functions(desk: Desk) -> bool:
    x = torch.ones(1, requires_grad=True)
    Refuses.apply(x).backward()
    return bool(desk.refused)


def _decorators(desk: Desk) -> bool:
    torch.no_grad()(lambda: None)()
    return bool(desk.mode.decorated) and desk.mode.off is not None


def _optimizers(desk: Desk) -> bool:
    x = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1)
    (x * 2).backward()
    optimizer.step()
    return any(event.kind == "write" for event in desk.memory.happened) and not desk.mode.paused


PROBES: dict[str, Callable[[Desk], bool]] = {
    "operations": _operations,
    "parameters": _parameters,
    "arrays": _arrays,
    "backward passes": _backward_passes,
    "custom functions": _custom_functions,
    "decorators": _decorators,
    "optimizers": _optimizers,
}
"""A small program per hook, by what is not seen where it does not fire."""


def _seen(desk: Desk, name: str) -> bool:
    return any(record[1].name == name for record in desk.memory.records)


def unseen(options: Options) -> list[str]:
    """Return what this version of PyTorch does not show.

    Parameters
    ----------
    options : Options
    """
    return [what for what, probe in PROBES.items() if not _fires(probe, options)]


def _fires(probe: Callable[[Desk], bool], options: Options) -> bool:
    desk = Desk(Heard(), options)
    patches = Patches(desk)
    state = torch.get_rng_state()
    try:
        patches.install()
        with torch.enable_grad(), desk.mode:
            return probe(desk)
    except Exception:  # noqa: BLE001  whatever went wrong, it does not work
        return False
    finally:
        patches.remove()
        torch.set_rng_state(state)
