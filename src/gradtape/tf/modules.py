"""`Module`, a class that finds the variables in its attributes, and the blocks that only have a meaning in a graph."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import gradtape as gt
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Module:
    """The base class of things that hold variables, in attributes, lists, dicts and other modules.

    Parameters
    ----------
    name : str, optional
        The name of the class in lower case, its words joined by `_`, unless given.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> class Line(tf.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = tf.Variable(2.0)
    >>> len(Line().trainable_variables)
    1
    """

    def __init__(self, name: str | None = None) -> None:
        self._name = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def name_scope(self) -> Any:
        """A block without effect."""
        return name_scope(self.name)

    @property
    def variables(self) -> tuple[gt.Variable, ...]:
        """The variables of this module and of those inside it, each once: its own by attribute name, then theirs."""
        return tuple(v for v in _held(self) if isinstance(v, gt.Variable))

    @property
    def trainable_variables(self) -> tuple[gt.Variable, ...]:
        """Those of the variables that tapes watch by themselves."""
        return tuple(v for v in self.variables if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple[gt.Variable, ...]:
        """The other variables."""
        return tuple(v for v in self.variables if not v.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """The modules inside this one."""
        return tuple(m for m in _held(self) if isinstance(m, Module))

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method as it is."""

        @wraps(method)
        def called(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return called


def _held(module: Module) -> list[Any]:
    """Return the variables and modules in a module, each once, level by level."""
    found: dict[int, Any] = {id(module): module}
    level = [module]
    while level:
        inner = []
        for owner in level:
            # what a program hangs on a module before `super().__init__()` counts as well
            for _, value in sorted(vars(owner).items()):
                for _, leaf in flatten(value):
                    if isinstance(leaf, gt.Variable | Module) and id(leaf) not in found:
                        found[id(leaf)] = leaf
                        inner += [leaf] if isinstance(leaf, Module) else []
        level = inner
    return list(found.values())[1:]


@contextmanager
def name_scope(name: Any) -> Iterator[str]:
    """Mark a block; names have no scopes here."""
    yield str(name)


@contextmanager
def device(device_name: Any) -> Iterator[None]:
    """Mark a block; everything runs where NumPy runs."""
    yield


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """Mark a block; everything runs in the order of the program."""
    yield


@contextmanager
def init_scope() -> Iterator[None]:
    """Mark a block; there is no graph to leave."""
    yield
