"""`Module`, a class that finds the variables in its attributes, and the blocks that only have a meaning in a graph."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradtape.nn import module as nn
from gradtape.nn.module import Found

if TYPE_CHECKING:
    from collections.abc import Iterator


class Module(nn.Module):
    """The base class of things that hold variables, in attributes, lists, dicts and other modules.

    It is `gradtape.nn.Module` with the order that TensorFlow has: attributes by name, level by level.

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

    @property
    def name_scope(self) -> Any:
        """A block without effect."""
        return name_scope(self.name)

    def _found(self) -> Iterator[Found]:
        seen = {id(self)}
        level: list[tuple[str, nn.Module]] = [("", self)]
        while level:
            below: list[tuple[str, nn.Module]] = []
            for prefix, owner in level:
                # what a program hangs on a module before `super().__init__()` counts as well
                for path, value in sorted(owner._inside(), key=lambda part: part[0]):
                    if id(value) not in seen:
                        seen.add(id(value))
                        yield Found(prefix + path, owner, value)
                        below += [(f"{prefix}{path}.", value)] if isinstance(value, nn.Module) else []
            level = below

    @staticmethod
    def _listed(found: Iterator[Any]) -> tuple[Any, ...]:
        return tuple(found)


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
