"""What a library is to this benchmark. Its spellings are its own functions, so that nothing of ours is timed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Run = Callable[[], Any]


class NotOffered(Exception):  # noqa: N818 - it is an answer, not a failure
    """The library has nothing of this kind."""


class Spellings(SimpleNamespace):
    """A library's functions under the names that programs use."""

    def __getattr__(self, name: str) -> Any:
        raise NotOffered(f"has no {name}")


def loop(step: Callable[[Any, Any], Any], state: Any, seen: Iterable[Any]) -> Any:
    """Step through time as Python does."""
    for x in seen:
        state = step(state, x)
    return state


class Peer:
    """One way to differentiate. Each method makes a function that takes no arguments and does it once.

    A kind that a library does not have stays as it is here.
    """

    package: str
    xp: Spellings

    def gradient(self, program: Any, inputs: Any, data: Any) -> Run:
        """Differentiate a scalar program with respect to all inputs."""
        raise NotOffered("has no gradient")

    def jacobian(self, program: Any, inputs: Any, data: Any) -> Run:
        """Differentiate a vector with respect to the only input."""
        raise NotOffered("has no Jacobian")

    def hvp(self, program: Any, inputs: Any, data: Any) -> Run:
        """Multiply the Hessian with `data["v"]`."""
        raise NotOffered("has no second derivative")

    def second(self, program: Any, inputs: Any, data: Any) -> Run:
        """Differentiate an elementwise program twice."""
        raise NotOffered("has no second derivative")

    def arrays(self, results: Any) -> tuple[np.ndarray, ...]:
        """Return what a run gave as NumPy's arrays."""
        return tuple(np.asarray(r) for r in results)

    @property
    def version(self) -> str:
        """The version that runs here."""
        from importlib import import_module
        from importlib.metadata import PackageNotFoundError, version

        try:
            return str(getattr(import_module(self.package), "__version__", None) or version(self.package))
        except PackageNotFoundError:
            return "from a checkout"
