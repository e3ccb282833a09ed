"""Forward derivatives of `torch.func`: which values stood for the arguments, and what came out of the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.recorders.torch import private
from gradtape.recorders.torch.asked import Asked
from gradtape.recorders.torch.autograd import Steps, Walk
from gradtape.recorders.torch.memory import WRAPPED

if TYPE_CHECKING:
    import torch

    from gradtape.recorders.torch.desk import Desk
    from gradtape.recorders.torch.frames import Frames


class Pushed:
    """A function that is called in the place of one whose forward derivative is asked for, and does the same.

    Attributes
    ----------
    sources : list of Tensor
        The arguments that the derivative is for, as they were before they were given tangents.
    roots : tuple of int
        The ids of the function's results.
    dtypes : tuple of torch.dtype
    """

    def __init__(self, desk: Desk, function: Any, primals: tuple[Any, ...], argnums: Any, has_aux: bool) -> None:
        self._desk, self._function, self._has_aux = desk, function, has_aux
        self._chosen = range(len(primals)) if argnums is None else argnums if isinstance(argnums, tuple) else (argnums,)
        self.sources = private.tensors_in([primals[k] for k in self._chosen])
        self.roots: tuple[int, ...] = ()
        self.dtypes: tuple[torch.dtype, ...] = ()

    def __call__(self, *args: Any) -> Any:
        """Call the function, and note what went in and came out."""
        memory = self._desk.memory
        for source, dual in zip(self.sources, private.tensors_in([args[k] for k in self._chosen]), strict=False):
            memory.write(memory.name(dual), dual, WRAPPED, (memory.meet(source).id,), 0)
        result = self._function(*args)
        made = private.tensors_in(result[0] if self._has_aux and isinstance(result, tuple) else result)
        self.roots = tuple(memory.meet(tensor).id for tensor in made)
        self.dtypes = tuple(tensor.dtype for tensor in made)
        return result

    def answered(self, tangents: Any, result: Any, frames: Frames) -> None:
        """Hear what came out: zero for all of what was asked for, or a number."""
        desk, memory = self._desk, self._desk.memory
        with desk.aside():
            given, made = ([private.unwrapped(t) for t in private.tensors_in(v)] for v in (tangents, result))
            if not made or not any(private.max_abs(given)):
                return
            reached = frozenset(memory.meet(source).tensor_id for source in self.sources)
            asked = Asked("torch.func", frames, next(memory.clock), self.roots, self.dtypes, reached)
            desk.asked.append(asked)
            sizes = private.max_abs(made)
            largest = made[sizes.index(max(sizes))]
            desk.answer(asked, self.sources, [largest] * len(self.sources), Steps(Walk(()), {}, {}), again=False)
