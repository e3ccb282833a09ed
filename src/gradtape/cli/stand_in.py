"""Answers `import tensorflow` with `gradtape.tf`, so that a script can be explained where no TensorFlow is."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType, TracebackType

NAME = "tensorflow"
STAND_IN = "gradtape.tf"


def installed() -> bool:
    """Whether a real TensorFlow can be imported; nothing is imported to find out."""
    if NAME in sys.modules:
        return True
    try:
        return find_spec(NAME) is not None
    except (ImportError, ValueError):
        return False


class StandIn(MetaPathFinder, Loader):
    """The finder, in force inside a `with` block; `used` tells whether anybody imported tensorflow through it."""

    def __init__(self) -> None:
        self.used = False

    def __enter__(self) -> Self:
        sys.meta_path.insert(0, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Claim tensorflow and everything below it."""
        del path, target
        return ModuleSpec(fullname, self) if fullname == NAME or fullname.startswith(f"{NAME}.") else None

    def exec_module(self, module: ModuleType) -> None:
        """Put our own module in the place of the one that the import system made.

        Raises
        ------
        ModuleNotFoundError
            If the stand-in has no such part.
        """
        name = module.__name__
        self.used = True
        sys.modules[name] = import_module(STAND_IN) if name == NAME else _part(name)


def _part(name: str) -> ModuleType:
    """Return the namespace of the stand-in that answers to `tensorflow.<part>`."""
    parent, _, part = name.rpartition(".")
    holder = sys.modules[parent]
    try:
        found: ModuleType = getattr(holder, part)
    except (AttributeError, ImportError):
        raise ModuleNotFoundError(
            f"{STAND_IN}, which stands in for tensorflow, does not have `{name}`; "
            "install tensorflow to run the script itself, or leave that part out to have its gradients explained",
            name=name,
        ) from None
    return found
