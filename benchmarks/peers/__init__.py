"""The libraries that take part: how each spells functions, and how each differentiates."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peers.peer import Peer

CONTENDERS = {
    "NumPy by hand": ("peers.by_hand", "numpy"),
    "gradtape": ("peers.gradtape_numpy", "gradtape"),
    "gradtape.numpy": ("peers.gradtape_names", "gradtape"),
    "gradtape.numpy, core": ("peers.gradtape_names", "gradtape.arrays._core"),
    "PyTorch": ("peers.pytorch", "torch"),
    "autograd": ("peers.hips_autograd", "autograd"),
    "MyGrad": ("peers.mygrad_peer", "mygrad"),
    "TensorFlow eager": ("peers.tensorflow_eager", "tensorflow"),
    "TensorFlow function": ("peers.tensorflow_function", "tensorflow"),
    "JAX jit": ("peers.jax_jit", "jax"),
}
"""By the name in tables: the file here, and the package that must be installed."""

BASE = "NumPy by hand"
WITH_CORE = "gradtape.numpy, core"
"""The same with the compiled core (`make core`); the other two run without it, built or not."""


def installed() -> list[str]:
    """Return who can take part in this environment."""
    return [name for name, (_, package) in CONTENDERS.items() if find_spec(package) is not None]


def peer(name: str) -> Peer:
    """Import a library and return how to use it."""
    return import_module(CONTENDERS[name][0]).PEER  # type: ignore[no-any-return]
