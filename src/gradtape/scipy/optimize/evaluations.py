"""A user's function where a solver looks: value and derivatives from one recorded run, and reasons if missing."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import NO_PARAMS, Node, apply
from gradtape.arrays.failures import describe, located
from gradtape.arrays.frames import user_frame
from gradtape.arrays.record import LEAVING, STATE
from gradtape.arrays.tensor import wrap
from gradtape.arrays.variable import Variable
from gradtape.errors import MissingGradientError, MissingGradientWarning, NoGradientError, ShapeError
from gradtape.explain import Status
from gradtape.ops import OPS, Zero
from gradtape.scipy._values import unrecorded, xp
from gradtape.scipy.optimize.unknowns import joined
from gradtape.tape import missing
from gradtape.tape.asked import Leaf, Swept, asked_from
from gradtape.tape.calls import RecordedCall
from gradtape.tape.matrices import announce, blocks_of, zeros_between
from gradtape.tape.query import make_seeds
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from gradtape.arrays.record import Recording
    from gradtape.explain import Explanation
    from gradtape.scipy.optimize.unknowns import Unknowns


class Evaluation(RecordedCall):
    """One recorded run of a function of unknowns; variables among them are sources themselves.

    Parameters
    ----------
    unknowns : Unknowns
    fun : callable
    at : ndarray or what `fun` gets
        A flat vector of the search, or the tensors of a run around this one.
    args : tuple
    frame : FrameType
    """

    def __init__(
        self, unknowns: Unknowns, fun: Callable[..., Any], at: Any, args: tuple[Any, ...], frame: FrameType
    ) -> None:
        self.unknowns = unknowns
        self.since = STATE.last_asked
        super().__init__(unknowns.kind, fun, (at, *args), {}, 0, frame)

    def replaced(self, name: str, argument: Any) -> Any:
        """Give every leaf that moves an identity of its own, and return what the function gets."""
        unknowns, made = self.unknowns, []
        flat = isinstance(argument, np.ndarray)
        leaves = unknowns.moving(unknowns.at(argument) if flat else argument)
        for path, leaf in zip(unknowns.paths, leaves, strict=True):
            tensor = leaf
            if not isinstance(leaf, Variable):
                tensor = wrap(leaf) if flat else apply(OPS["identity"], (leaf,), NO_PARAMS, self.frame)
            self.sources.append(Leaf(f"{name}{path}", tensor))
            made.append(tensor)
        return unknowns.handed(made)

    def answers(self) -> list[Any]:
        """Sweep backwards from the value; None where nothing flows, and nobody is told."""
        return self.gradients([self.scalar(holomorphic=False)], unconnected="untold")

    def total(self) -> list[Any]:
        """Return the gradients of the sum of all values; None where nothing flows, and nobody is told."""
        return self.gradients(self.targets, unconnected="untold")

    def slope(self) -> Any:
        """Return the gradient as a flat vector: recorded where a run around this one records."""
        found = [
            missing.zeros_for(s.value) if g is None else g for s, g in zip(self.sources, self.answers(), strict=True)
        ]
        return xp.concatenate([xp.reshape(g, shape=(-1,)) for g in found])

    def blocks(self) -> list[list[Any]]:
        """Return the Jacobian's blocks, per part of the value and source; None where nothing flows."""
        blocks = blocks_of(self, "auto", holomorphic=False)
        announce(self, blocks)
        return blocks

    def matrix(self, blocks: list[list[Any]]) -> Any:
        """Join blocks to one float64 matrix, zeros in the place of those that do not exist."""
        rows = []
        for target, row in zip(self.targets, blocks, strict=True):
            size = np.size(plain_leaf(target.value))
            parts = [
                plain_leaf(zeros_between(target, s) if b is None else b).reshape(size, -1)
                for s, b in zip(self.sources, row, strict=True)
            ]
            rows.append(np.concatenate(parts, axis=1))
        return np.concatenate(rows).astype(np.float64)

    def reasons(self, results: list[Any]) -> Explanation:
        """Work out why gradients are what they are: the question that was asked of this run, once more."""
        STATE.last_asked = self.since
        targets, sources = tuple(self.targets), tuple(self.sources)
        with unrecorded():
            seeds = make_seeds([t.value for t in targets], targets, None, self.frame, recorded=False)
        swept = Swept(self.run.records, self.recording.saved, seeds)
        return missing.explain_asked(
            asked_from(self.kind, self.recording, targets, sources, tuple(results), self.frame, spelled=0, swept=swept)
        )


def plain_leaf(value: Any) -> Any:
    """Return a tensor's array, or anything else as one."""
    return np.asarray(value._value if isinstance(value, Node) else value)


class Watched:
    """A user's function during a search: the run at the newest place is kept, and the first derivative is looked at.

    A value and the derivatives at one place come from one run of the function. A gradient that cannot flow is told
    before SciPy searches along a wrong one.

    Parameters
    ----------
    unknowns : Unknowns
    fun : callable
    args : tuple
    frame : FrameType
        Who called the solver.
    hint : str
        What to do instead where there is no gradient.
    recorded : bool
        Whether derivatives will be asked for; the function gets plain arrays otherwise.
    """

    def __init__(
        self,
        unknowns: Unknowns,
        fun: Callable[..., Any],
        args: tuple[Any, ...],
        frame: FrameType,
        hint: str = "",
        *,
        recorded: bool = True,
    ) -> None:
        self.unknowns, self.fun, self.args, self.frame = unknowns, fun, args, frame
        self.hint, self.recorded, self.looked_at = hint, recorded, False
        self.names: list[str] = []
        self.x: Any = None
        self.run: Evaluation | None = None
        self.curvature: tuple[Any, Evaluation] | None = None

    def at(self, x: Any) -> Evaluation:
        """Return the run at a place, a new one unless it was the last."""
        if self.run is None or not np.array_equal(x, self.x):
            self.x = np.array(x, np.float64)
            with unrecorded():
                self.run = Evaluation(self.unknowns, self.fun, self.x, self.args, self.frame)
        return self.run

    def number(self, x: Any) -> float:
        """Return the value of a scalar function."""
        with unrecorded():
            if not self.recorded:
                return float(plain_leaf(self.fun(self.unknowns.at(np.asarray(x, np.float64)), *self.args)).reshape(()))
            return float(plain_leaf(self.at(x).scalar(holomorphic=False).value).reshape(()))

    def gradient(self, x: Any) -> Any:
        """Return the gradient of a scalar function, a flat float64 vector."""
        run = self.at(x)
        with unrecorded():
            found = run.answers()
            if not self.looked_at:
                self.look_at(run, found)
            return joined(
                [np.zeros(s.value.shape) if g is None else g for s, g in zip(run.sources, found, strict=True)]
            )

    def slope(self, x: Any) -> Evaluation:
        """Return the run of the gradient of a scalar function, to be differentiated again."""
        if self.curvature is None or not np.array_equal(x, self.curvature[0]):

            def slope(params: Any, *args: Any) -> Any:
                return Evaluation(self.unknowns, self.fun, params, args, self.frame).slope()

            slope.__name__ = getattr(self.fun, "__name__", "fun")
            with unrecorded():
                x = np.array(x, np.float64)
                self.curvature = x, Evaluation(self.unknowns, slope, x, self.args, self.frame)
        return self.curvature[1]

    def hessian(self, x: Any) -> Any:
        """Return the symmetric matrix of second derivatives of a scalar function."""
        run = self.slope(x)
        with unrecorded():
            found = run.matrix(blocks_of(run, "auto", holomorphic=False))
        return (found + found.T) / 2.0

    def product(self, x: Any, direction: Any) -> Any:
        """Return the product of the second derivatives with a direction: nothing runs twice at one place."""
        run = self.slope(x)
        with unrecorded():
            pieces = [wrap(p) for p in self.unknowns.pieces(np.asarray(direction, np.float64))]
            try:
                found = run.tangents(pieces)
            except NoGradientError:  # a rule that cannot be transposed; the matrix is symmetric
                found = run.gradients(run.targets, [wrap(np.asarray(direction, run.targets[0].value.dtype))])
            return joined(found)

    def values(self, x: Any) -> Any:
        """Return the values of a vector function, or of a structure of them, as a flat vector."""
        with unrecorded():
            if not self.recorded:
                value = self.fun(self.unknowns.at(np.asarray(x, np.float64)), *self.args)
            else:
                value = self.at(x).value
            return flat_values(value)

    def jacobian(self, x: Any) -> Any:
        """Return the Jacobian of a vector function, a float64 matrix."""
        run = self.at(x)
        with unrecorded():
            blocks = run.blocks()
            if not self.looked_at:
                columns: list[Any] = []
                for k, source in enumerate(run.sources):
                    there = [row[k] for row in blocks if row[k] is not None]
                    columns.append(
                        wrap(sum(np.abs(plain_leaf(b)).reshape(-1, *source.value.shape).sum(0) for b in there))
                        if there
                        else None
                    )
                self.look_at(run, columns)
            return run.matrix(blocks)

    def look_at(self, run: Evaluation, found: list[Any]) -> None:
        """Tell of gradients that cannot flow, once.

        Raises
        ------
        MissingGradientError
            If none flows at all: SciPy would stay where it starts.
        """
        self.looked_at = True
        plain = [None if g is None else plain_leaf(g) for g in found]
        odd = any(g is None or not g.all() or not np.isfinite(g).all() for g in plain)
        if not odd and not any(event.kind in LEAVING for event in run.recording.events):
            return
        told = run.reasons(found)
        lines = broken(told)
        if all(g is None for g in found):
            headline = "\n".join([f"{run.kind}: no gradient flows", *lines])
            error = located(MissingGradientError, headline, self.frame, *([self.hint] if self.hint else []))
            error.diagnostic = told.first_diagnostic or error.diagnostic
            raise error
        if Status.PARTIAL not in {report.status for report in told.gradients}:
            zero = np.concatenate(
                [
                    np.ravel(np.zeros(s.value.shape) if g is None else g == 0)
                    for s, g in zip(run.sources, plain, strict=True)
                ]
            )
            lines += self.lost_elements(run, zero.astype(bool)) if zero.any() else []
        place = user_frame(self.frame)
        for line in lines:
            warnings.warn_explicit(
                line, MissingGradientWarning, place.f_code.co_filename, place.f_lineno,
                place.f_globals.get("__name__", "__main__"), place.f_globals.setdefault("__warningregistry__", {}),
            )  # fmt: skip

    def lost_elements(self, run: Evaluation, zero: Any) -> list[str]:
        """Tell of elements whose derivative is zero here and elsewhere, though the values depend on them.

        A derivative that is zero at one place only is no fault: the start may be a minimum already.
        """
        x, values = self.x, flat_values(run.value)
        shift = np.where(zero, (1.0 + np.abs(x)) * np.linspace(0.31, 0.43, x.size), 0.0)
        with unrecorded():
            there = Evaluation(self.unknowns, self.fun, x + shift, self.args, self.frame)
            found = joined(
                [np.zeros(s.value.shape) if g is None else g for s, g in zip(there.sources, there.total(), strict=True)]
            )
            still = np.flatnonzero(zero & (found == 0.0))[:MOST_ELEMENTS]
            lost = []
            for k in still:
                moved = x.copy()
                moved[k] += 3.0 * shift[k]
                if np.any(flat_values(self.fun(self.unknowns.at(moved), *self.args)) != values):
                    lost.append(int(k))
            self.unknowns.at(x)
        reason = steps_in(run.recording)
        names = self.names or [name for leaf in run.sources for name in element_names(leaf)]
        return [
            f"the gradient from `{run.name}(...)` to `{names[k]}` is zero wherever it was looked for, though the value "
            f"depends on it{reason}"
            for k in lost
        ]


def flat_values(value: Any) -> Any:
    """Return what a function returned as one flat array."""
    return np.concatenate([np.ravel(plain_leaf(leaf)) for _, leaf in flatten(listed(value))])


def element_names(leaf: Leaf) -> list[str]:
    """Return what the elements of a source are called."""
    if not leaf.value.ndim:
        return [leaf.path]
    return [f"{leaf.path}[{', '.join(map(str, index))}]" for index in np.ndindex(leaf.value.shape)]


def steps_in(recording: Recording) -> str:
    """Name an operation of a run that is constant between steps: what may have stopped a gradient."""
    for record in recording.records:
        for status in record.op.statuses:
            if isinstance(status, Zero):
                span = record.site.span
                text = (span.text or record.op.name).splitlines()[0]
                return f": possible: `{text}` ({span.file}:{span.line}): {record.op.name} {status.reason}"
    return ""


MOST_ELEMENTS = 100
"""How many elements are looked at one by one."""


def broken(told: Explanation) -> list[str]:
    """Return the reasons of gradients that are missing or lost in part, a line each."""
    bad = tuple(
        r
        for r in told.gradients
        if r.status in {Status.NONE, Status.PARTIAL} or (r.status is not Status.OK and r.findings)
    )
    return list(replace(told, gradients=bad).one_lines())


def listed(value: Any) -> Any:
    """Make one array of a list of numbers and tensors, as SciPy's users return them; a structure stays one."""
    if isinstance(value, list | tuple) and all(is_number(v) for v in value):
        return xp.shaped(value)
    return value


def is_number(value: Any) -> bool:
    """Whether a value is a number, also as a tensor."""
    return not isinstance(value, list | tuple | dict) and np.ndim(plain_leaf(value)) == 0


def same_size(kind: str, values: Any, unknowns: Any, frame: FrameType) -> None:
    """Insist on as many equations as unknowns.

    Raises
    ------
    ShapeError
    """
    if values.size != unknowns.size:
        raise located(
            ShapeError,
            f"{kind}: the function returned {describe(values)} for {unknowns.size} unknowns",
            frame,
            "return one equation per unknown, or use `least_squares`",
        )
