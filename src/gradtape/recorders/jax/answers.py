"""What became of a gradient that is only traced: an operation lets it through and tells its numbers when they come.

Inside `jit`, `vmap` or `scan` a gradient has no numbers yet. The operation `gradtape_answer` takes the gradients, and
beside them what is needed to run the function again; it gives the gradients back. Compiled, it costs a few comparisons,
and calls back only where something is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from gradtape.recorders.jax.derivatives import differentiable
from gradtape.recorders.jax.program import ANSWER

if TYPE_CHECKING:
    from collections.abc import Sequence


SMALL, LARGE = 1e-12, 1e12
"""Between these sizes of its largest element a compiled function does not call back."""


class Asked(Protocol):
    """Who wants to know the numbers."""

    def came(self, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Take the numbers while the program waits."""

    def came_later(self, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Keep the numbers: JAX must not be called here."""


answer_p = Primitive(ANSWER)
answer_p.multiple_results = True


def passed_on(asked: Asked, gradients: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """Return the gradients, on whose way the operation stands now."""
    return list(answer_p.bind(*gradients, *others, asked=asked, count=len(gradients), batched=()))


def _computed(*values: Any, asked: Asked, count: int, batched: tuple[tuple[int | None, ...], ...]) -> list[Any]:
    asked.came(*_one_of_each_batch(values, count, batched))
    return list(values[:count])


def _abstract(*values: Any, asked: Asked, count: int, batched: Any) -> list[Any]:
    del asked, batched
    return list(values[:count])


def _batched(values: Sequence[Any], axes: Sequence[int | None], *, asked: Asked, count: int, batched: Any) -> Any:
    axes = tuple(axes)
    out = answer_p.bind(*values, asked=asked, count=count, batched=(*batched, axes))
    return out, axes[:count]


def _pushed(primals: Sequence[Any], tangents: Sequence[Any], *, asked: Asked, count: int, batched: Any) -> Any:
    return answer_p.bind(*primals, asked=asked, count=count, batched=batched), list(tangents[:count])


def _lowered(*values: Any, asked: Asked, count: int, batched: Any) -> list[Any]:
    """Give what is compiled: call back if a gradient looks wrong, and let it through."""

    def call(*numbers: Any) -> Any:
        asked.came_later(*_one_of_each_batch([np.asarray(n) for n in numbers], count, batched))
        return np.int32(0)

    def tell(all_values: tuple[Any, ...]) -> list[Any]:
        done = jax.pure_callback(call, jax.ShapeDtypeStruct((), np.int32), *all_values)
        first, *rest = all_values[:count]
        # what comes out hangs on the call, so that no compiler leaves it out; ones are not strange
        return [lax.select(done == 0, first, jnp.ones_like(first)), *rest]

    def keep(all_values: tuple[Any, ...]) -> list[Any]:
        return list(all_values[:count])

    strange = [_strange(gradient) for gradient in values[:count] if gradient.size]
    wrong = jnp.any(jnp.stack(strange)) if strange else jnp.zeros((), bool)
    return list(lax.cond(wrong, tell, keep, tuple(values)))


def _strange(gradient: Any) -> Any:
    largest = jnp.max(jnp.abs(gradient))
    return ~((largest > SMALL) & (largest < LARGE))  # a NaN compares false


def _one_of_each_batch(
    values: Sequence[Any], count: int, batched: tuple[tuple[int | None, ...], ...]
) -> tuple[list[Any], list[Any]]:
    """Return gradients and others of one example of every `vmap`: the one with most that is not finite."""
    found = list(values)
    for axes in reversed(batched):
        size = next(np.shape(v)[a] for v, a in zip(found, axes, strict=True) if a is not None)
        pairs = list(zip(found, axes, strict=True))
        examples = [[v if a is None else np.take(np.asarray(v), k, axis=a) for v, a in pairs] for k in range(size)]
        found = max(examples, key=lambda example: _oddness(example[:count]))
    return found[:count], found[count:]


def _oddness(gradients: Sequence[Any]) -> int:
    return sum(not np.isfinite(np.asarray(g)).all() for g in gradients if differentiable(g))


answer_p.def_impl(_computed)
answer_p.def_abstract_eval(_abstract)
batching.primitive_batchers[answer_p] = _batched
ad.primitive_jvps[answer_p] = _pushed
mlir.register_lowering(answer_p, mlir.lower_fun(_lowered, multiple_results=True))
