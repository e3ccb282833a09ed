"""A log of gradients for training loops: every so many steps, what they are like."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from gradtape.recorders.summaries import array_of
from gradtape.tape import missing
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from gradtape.tape.asked import Asked


class GradientStats(NamedTuple):
    """What one gradient is like.

    Parameters
    ----------
    name : str
        Of the variable.
    size : int
        How many elements it has, 0 if it is missing.
    norm : float
        The Euclidean norm of its finite elements.
    zeros, nans, infs : int
        How many elements are zero, not a number, infinite.
    missing : bool
        Whether there is no gradient.
    """

    name: str
    size: int = 0
    norm: float = math.nan
    zeros: int = 0
    nans: int = 0
    infs: int = 0
    missing: bool = False

    @property
    def trouble(self) -> str:
        """What is wrong with it, in words; empty if nothing is."""
        if self.missing:
            return "is missing"
        if self.nans or self.infs:
            return f"is not finite: {self.nans} NaN and {self.infs} infinite of {self.size}"
        return "is zero in every element" if 0 < self.size == self.zeros else ""

    def __str__(self) -> str:
        if self.trouble:
            return f"{self.name} {self.trouble}"
        return f"{self.name}: norm {self.norm:.3g}, {self.zeros / max(self.size, 1):.0%} zeros"


class GradientLog:
    """Log what the gradients of a training loop are like, at its first step and every so many steps after it.

    One line at `level` tells how many gradients there are and between which norms they lie. A gradient that is missing,
    zero or not finite is a warning when that is first seen, and a line when it is over. At `logging.DEBUG` there is a
    line per variable. Each line carries the numbers as `record.gradients`, a list of `GradientStats`.

    Call it in the loop with the gradients, of any framework; or use it in a `with` statement, and every
    `tape.gradient` of gradtape inside is a step. On the steps between it counts and does nothing else.

    Parameters
    ----------
    every : int
        How many steps lie between two entries.
    logger : logging.Logger, optional
        Where to write, `gradtape.gradients` by default.
    level : int
        The level of what is no trouble.

    Raises
    ------
    ValueError
        If `every` is less than 1.

    Examples
    --------
    >>> import logging, sys
    >>> import gradtape as gt
    >>> from gradtape.debugging import GradientLog
    >>> logger = logging.getLogger("training")
    >>> logger.setLevel(logging.INFO)
    >>> logger.addHandler(logging.StreamHandler(sys.stdout))
    >>> w, b = gt.Variable([3.0, 4.0]), gt.Variable(1.0)
    >>> log = GradientLog(every=10, logger=logger)
    >>> for step in range(11):
    ...     with gt.GradientTape() as tape:
    ...         loss = (w * w).sum() / 2
    ...     log(tape.gradient(loss, {"w": w}))
    step 1: 1 gradient, norm 5 (w)
    step 11: 1 gradient, norm 5 (w)

    Which gradients are asked for can be left to it:

    >>> with GradientLog(logger=logger), gt.GradientTape() as tape:
    ...     loss = (w * w).sum() / 2
    ...     g = tape.gradient(loss, [w, b], unconnected_gradients="zero")
    step 1: 2 gradients, norm 5 (w)
    step 1: the gradient of b is missing
    """

    def __init__(self, every: int = 100, *, logger: logging.Logger | None = None, level: int = logging.INFO) -> None:
        if every < 1:
            raise ValueError(f"every: a log needs at least 1 step between two entries, not {every}")
        self.every = every
        self.step = 0
        self._logger = logging.getLogger("gradtape.gradients") if logger is None else logger
        self._level = level
        self._next = 1
        self._troubles: dict[str, str] = {}

    def __call__(self, gradients: Any, variables: Any = None) -> None:
        """Count a step, and write about its gradients if it is one of those.

        Parameters
        ----------
        gradients : nested structure
            Tensors of any framework, None for a missing one; or pairs `(gradient, variable)` as `apply_gradients` takes
            them. A mapping gives them names. Of PyTorch also parameters, or pairs `(name, parameter)` of
            `model.named_parameters()`: their `.grad` is meant.
        variables : nested structure, optional
            Whose gradients they are, in the same order, to name them.
        """
        self.step += 1
        if self.step >= self._next:
            self._next = self.step + self.every
            self.write(_named(gradients, variables))

    def callback(self) -> Any:
        """Make a callback for `fit` of Keras that logs the gradients of its steps.

        The gradients are measured in the training step itself, on the device and only in every `every`-th step; a step
        between counts. The optimizer is as it was when `fit` returns. For Keras 3 on TensorFlow or PyTorch; Keras is
        imported here and not before.

        Returns
        -------
        keras.callbacks.Callback
            For `model.fit(..., callbacks=[GradientLog(every=100).callback()])`.

        Raises
        ------
        NotImplementedError
            When `fit` begins, if Keras runs on JAX, where a training step has no optimizer of its own to listen to.
        """
        from gradtape.debugging.keras_log import callback_for

        return callback_for(self)

    def __enter__(self) -> Self:
        missing.OBSERVERS.append(self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        missing.OBSERVERS.remove(self._hear)

    def _hear(self, asked: Asked) -> None:
        if asked.results is None:
            return
        self.step += 1
        if self.step >= self._next:
            from gradtape.diagnostics import syntax

            self._next = self.step + self.every
            paths = [leaf.path for leaf in asked.sources]
            names = syntax.argument_texts(asked.site.span, 1, "sources", paths) or [f"sources{path}" for path in paths]
            self.write(dict(zip(names, asked.results, strict=True)))

    def write(self, gradients: Mapping[str, Any]) -> None:
        """Write about gradients now.

        Parameters
        ----------
        gradients : mapping from names to tensors of any framework, or None
        """
        self.tell([stats_of(name, gradient) for name, gradient in gradients.items()])

    def tell(self, stats: Sequence[GradientStats]) -> None:
        """Write about gradients that were measured elsewhere.

        Parameters
        ----------
        stats : sequence of GradientStats
        """
        self._log(self._level, _headline(stats), stats)
        for one in stats:
            self._log(logging.DEBUG, str(one), [one])
            kind = one.trouble.partition(":")[0]
            if kind != self._troubles.get(one.name, ""):
                over = f"the gradient of {one.name} flows again"
                self._troubles[one.name] = kind
                level = logging.WARNING if kind else self._level
                self._log(level, f"the gradient of {one.name} {one.trouble}" if kind else over, [one])

    def _log(self, level: int, text: str, stats: Sequence[GradientStats]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "step %d: %s", self.step, text, extra={"gradients": list(stats)}, stacklevel=4)


def stats_of(name: str, gradient: Any) -> GradientStats:
    """Measure one gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.debugging.gradient_log import stats_of
    >>> stats_of("w", np.array([3.0, 4.0, 0.0, np.nan]))
    GradientStats(name='w', size=4, norm=5.0, zeros=1, nans=1, infs=0, missing=False)
    """
    if gradient is None:
        return GradientStats(name, missing=True)
    array = np.asarray(array_of(gradient))
    numbers = np.abs(array).astype(np.float64, copy=False)
    finite = np.isfinite(numbers)
    nans = int(np.isnan(numbers).sum())
    good = numbers if finite.all() else numbers[finite]
    zeros = int(good.size - np.count_nonzero(good))
    return GradientStats(name, array.size, float(np.linalg.norm(good)), zeros, nans, int((~finite).sum()) - nans)


def _headline(stats: Sequence[GradientStats]) -> str:
    present = sorted((one for one in stats if not one.missing), key=lambda one: one.norm)
    count = f"{len(stats)} {'gradient' if len(stats) == 1 else 'gradients'}"
    if not present:
        return f"{count}, none of them there" if stats else "no gradients"
    low, high = present[0], present[-1]
    if low is high:
        return f"{count}, norm {low.norm:.3g} ({low.name})"
    return f"{count}, norms {low.norm:.3g} ({low.name}) to {high.norm:.3g} ({high.name})"


def _named(gradients: Any, variables: Any) -> dict[str, Any]:
    """Give gradients names: those of a mapping, the variables' own, or their places."""
    if not isinstance(gradients, Mapping | list | tuple) and hasattr(gradients, "__next__"):
        gradients = list(gradients)
    if isinstance(gradients, list | tuple) and gradients and all(_is_pair(g) for g in gradients):
        firsts, seconds = zip(*gradients, strict=True)
        named = all(isinstance(first, str) for first in firsts)
        gradients, variables = (dict(gradients), None) if named else (list(firsts), list(seconds))
    leaves = [(path, gradient) for path, gradient in flatten(gradients)]
    owners = [variable for _, variable in flatten(variables)] if variables is not None else [None] * len(leaves)
    names = [_name(path, owner) for (path, _), owner in zip(leaves, owners, strict=True)]
    twice = {name for name in names if names.count(name) > 1}
    return {
        f"{name}{path}" if name in twice else name: _gradient(leaf)
        for name, (path, leaf) in zip(names, leaves, strict=True)
    }


def _is_pair(item: Any) -> bool:
    return isinstance(item, tuple) and len(item) == 2


def _name(path: str, variable: Any) -> str:
    """Return what a variable calls itself, else the key or the place of its gradient."""
    own = getattr(variable, "path", None) or getattr(variable, "name", None)
    if isinstance(own, str) and own:
        return own
    key = path[2:-2] if path.startswith("['") and path.count("[") == 1 else path
    return key or "gradient"


def _gradient(leaf: Any) -> Any:
    """Return a gradient; a parameter of PyTorch stands for its own."""
    return leaf.grad if getattr(leaf, "is_leaf", False) and getattr(leaf, "requires_grad", False) else leaf
