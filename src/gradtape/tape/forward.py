"""The forward sweep: tangents from the primals on, over the same records and by the same rules as the reverse sweep.

`Partial` multiplies the tangent, `Linear` and `Multilinear` run the operation itself on tangents, and `General` is the
transpose of its reverse rule, which is linear in the cotangent: it is run once on a cotangent that stands for any, and
what was recorded is swept backwards from the tangent. No operation has a second rule for this.
"""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape import _config
from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node, is_differentiable
from gradtape.arrays.failures import located
from gradtape.arrays.record import STATE, Ambient, Recording
from gradtape.arrays.tensor import wrap
from gradtape.diagnostics import Site
from gradtape.errors import GradtapeError, NoGradientError
from gradtape.ops import Cotangents, Linear, Multilinear, Partial, Spec
from gradtape.ops.model import RealShape
from gradtape.spaces.batched import Batched
from gradtape.tape.namespaces import NAMESPACES
from gradtape.tape.reverse import as_tensors, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.arrays.record import Written
    from gradtape.ops import Op, Rule


LARGE, SMALL = [370.0, 510.0, 890.0, 230.0, 110.0], [-1.9, -0.7, -3.1, -1.1]
"""Cotangents to run a rule on: at one it is transposed, at the other the transpose of a user's rule is tested."""


class Failed(NamedTuple):
    """Stands for a tangent that could not be computed: whoever asks for it, or for what depends on it, gets the error.

    An accumulator computes tangents that nobody may ever ask for, so the error has to wait.
    """

    error: GradtapeError


def push(
    records: Sequence[Written],
    saved: Sequence[Any],
    tangents: dict[int, Any],
    *,
    first: int = 0,
    recorded: bool = False,
    batched: bool = False,
) -> None:
    """Carry tangents forward over records.

    Parameters
    ----------
    records, saved : sequences of the same length
        What ran, in order, and what each rule needs (None where nobody followed the operation).
    tangents : dict
        The tangents of the primals by id; those of what depends on them are added, arrays, tensors if the sweep is
        recorded, `Batched` ones for batches. What does not depend on a primal gets none.
    first : int
        The record to begin with.
    recorded : bool
        Run the rules as operations, so that outer tapes and accumulators see them.
    batched : bool
        The tangents are `Batched`: the rules run once for all of them.
    """
    backward_of = STATE.backward_of
    try:
        for k in range(first, len(records)):
            residuals = saved[k]
            if residuals is None:
                continue
            op, inputs, output, params, shapes, code, lasti = records[k]
            moving = [p for p, i in enumerate(inputs) if i in tangents and op.rules[0 if op.variadic else p]]
            if not moving:
                continue
            failed = next((t for t in (tangents[inputs[p]] for p in moving) if type(t) is Failed), None)
            if failed is None:
                STATE.backward_of = Site(code, lasti)
                given = {p: tangents[inputs[p]] for p in moving}
                kept = as_tensors(residuals, inputs, output) if recorded else residuals
                step = Step(op, params, shapes, kept, given, recorded=recorded, batched=batched)
                try:
                    result = step.tangent()
                except GradtapeError as error:
                    result = Failed(error)
            else:
                result = failed
            if result is not None:
                tangents[output] = result
    finally:
        STATE.backward_of = backward_of


class Step:
    """The tangent of one operation's result from those of some of its arguments."""

    __slots__ = ("batched", "given", "kept", "lifted", "op", "params", "recorded", "shapes", "strong", "xp")

    def __init__(
        self,
        op: Op,
        params: dict[str, Any],
        shapes: Any,
        kept: tuple[Any, ...],
        given: dict[int, Any],
        *,
        recorded: bool,
        batched: bool,
    ) -> None:
        self.op = op
        self.params = params
        self.shapes = shapes
        self.kept = kept
        self.given = given
        self.recorded = recorded
        self.batched = batched
        self.xp = NAMESPACES[recorded, batched]
        self.lifted = self.xp.lift(kept) if batched else kept
        self.strong = False

    def tangent(self) -> Any:
        """Return the tangent of the result, None if no argument reaches it.

        As in the reverse sweep, what is zero stops before an infinity; what is not, is not looked at a second time.
        """
        whole = next(iter(self.given.values()))
        if isinstance(whole, tuple):  # the operation takes one result out of several
            return self.op.kernel(whole, **self.params)
        try:
            with np.errstate(all="ignore", invalid="raise"):
                return self.total()
        except FloatingPointError:
            self.strong = _config.settings.strong_zeros
            with np.errstate(all="ignore"):
                return self.total()

    def total(self) -> Any:
        """Add up what the arguments contribute."""
        total = None
        linear = {p: t for p, t in self.given.items() if type(self.rule(p)) is Linear}
        for p, t in self.given.items():
            if p in linear and p != next(iter(linear)):
                continue  # the first of them answers for all
            part = self.contribution(p, t, linear)
            total = part if total is None else self.added(total, part)
        return total if total is None or not self.op.elementwise else self.spread(total)

    def added(self, total: Any, part: Any) -> Any:
        """Add two contributions, either of which may be None, or several results each."""
        if part is None:
            return total
        if isinstance(total, tuple):
            return tuple(
                a if b is None else b if a is None else self.xp.add(a, b) for a, b in zip(total, part, strict=True)
            )
        return self.xp.add(total, part)

    def rule(self, position: int) -> Rule:
        """Return the rule of an argument."""
        return self.op.rules[0 if self.op.variadic else position]  # type: ignore[return-value]

    def contribution(self, p: int, t: Any, linear: dict[int, Any]) -> Any:
        """Return what one argument adds to the result's tangent; the linear ones answer together."""
        rule = self.rule(p)
        if type(rule) is Partial:
            return self.multiplied(rule, t)
        if rule.jvp is not None:
            return rule.jvp(self.xp, t, *self.lifted, **self.params)
        moved = linear if type(rule) is Linear else {p: t} if type(rule) is Multilinear else None
        values = None if moved is None else self.arguments(moved, together=type(rule) is Linear)
        if values is not None:
            function = self.xp.function(self.op)
            return function(values, **self.params) if self.op.variadic else function(*values, **self.params)
        total = None
        for q, tq in (linear if type(rule) is Linear else {p: t}).items():
            part = self.transposed(q, tq)
            total = part if total is None else self.added(total, part)
        return total

    def multiplied(self, rule: Rule, t: Any) -> Any:
        """Multiply a tangent with the partial derivative; of a complex product, a real result takes the real part."""
        xp = self.xp
        factor = rule.fn(xp, *self.lifted, **self.params)
        if factor.__class__ is float and factor == 1.0:
            return t
        product = t * (xp.where(xp.equal(t, 0.0), 0.0, factor) if self.strong else factor)
        return xp.real(product) if product.dtype.kind == "c" and not self.is_complex() else product

    def is_complex(self) -> bool:
        """Whether the result is complex, asked only where an argument is."""
        if self.shapes is not None and any(type(s) is RealShape for s in self.shapes):
            return True
        if hasattr(self.kept[0], "dtype"):
            return bool(self.kept[0].dtype.kind == "c")
        samples = [1.0 + 0.0j if self.may_be_complex(p) else 1.0 for p in range(len(self.op.args))]
        return np.iscomplexobj(self.op.kernel(*samples, **self.params))

    def may_be_complex(self, p: int) -> bool:
        """Whether an argument is complex, as far as its tangent or its value tells."""
        value = self.given.get(p, self.kept[p + 1])
        return getattr(getattr(value, "dtype", None), "kind", "") == "c"

    def spread(self, total: Any) -> Any:
        """Broadcast what came from smaller arguments to the result's shape."""
        if self.shapes is None or total is None:
            return total
        if isinstance(total, tuple):
            return tuple(map(self.spread, total))
        shape = np.broadcast_shapes(*self.shapes)
        return total if total.shape == shape else self.xp.broadcast_to(total, shape=shape)

    def arguments(self, moved: dict[int, Any], *, together: bool) -> list[Any] | None:
        """Return the arguments with which the operation itself gives the tangent, None if one was not kept.

        Linear arguments without a tangent are zero, all others stand still.
        """
        values = list(self.lifted[1] if self.op.variadic else self.lifted[1:])
        for p, value in enumerate(values):
            if p in moved:
                values[p] = moved[p]
            elif together and type(self.rule(p)) is Linear:
                if not self.op.elementwise and not hasattr(value, "shape"):
                    return None
                values[p] = 0.0 if self.op.elementwise or not value.shape else np.zeros(value.shape, value.dtype)
            elif value is None or type(value) is Spec:
                return None
        return values

    def transposed(self, p: int, t: Any) -> Any:
        """Transpose the reverse rule of an argument: record it on a cotangent, and sweep back from the tangent.

        `<rule(g), t> = <g, tangent of the result>` holds for every `g`. So the tangent of the result is the cotangent
        of `g` where `t` is that of `rule(g)`.
        """
        probe, marks = Recording(auto_watch=False), self.marks(LARGE)
        places = {m._id: k for k, m in enumerate(marks) if m is not None}
        probe.known.update(places)
        pulled = self.pulled(p, marks, probe)
        found: dict[int, Any] = {}
        if isinstance(pulled, Node) and pulled._id in probe.known:
            shape = pulled._value.shape
            seeds = {pulled._id: t if t.shape == shape else self.xp.broadcast_to(t, shape=shape)}
            found = self.swept_back(probe, seeds, set(places))
        results = [None] * len(marks)
        for id, cotangent in found.items():
            results[places[id]] = cotangent
        if not self.op.room and pulled is not None:
            others = self.marks(SMALL)
            insist_on_linear(self.op.name, others, self.pulled(p, others, Recording(auto_watch=False)), t, results)
        if self.op.parts:
            return tuple(results) if found else None
        return results[0]

    def marks(self, values: list[float]) -> list[Any]:
        """Make a cotangent of each result that has one; to a rule of the table its values do not matter."""
        results = self.kept[0] if self.op.parts else self.kept[:1]
        moving = [y is not None and is_differentiable(y) for y in results]
        return [
            wrap(np.resize(values, y.shape).astype(y.dtype)[()]) if moves else None
            for y, moves in zip(results, moving, strict=True)
        ]

    def pulled(self, p: int, marks: list[Any], probe: Recording) -> Any:
        """Run the reverse rule of an argument on cotangents, seen by the probe and, if recorded, by outer tapes."""
        g = Cotangents({k: m for k, m in enumerate(marks) if m is not None}) if self.op.parts else marks[0]
        params = {**self.params, "k": p} if self.op.variadic else self.params
        return self.observed(probe, lambda: self.rule(p).fn(doors.SPACE, g, *self.kept, **params))

    def observed(self, probe: Recording, rule: Callable[[], Any]) -> Any:
        """Run a rule while the probe records; outer tapes see it only if the sweep is recorded."""
        recordings, ambient = STATE.recordings, STATE.ambient
        STATE.recordings = (*recordings, probe) if self.recorded else (probe,)
        if not self.recorded:
            STATE.ambient = Unremembered()
        try:
            return rule()
        finally:
            STATE.recordings, STATE.ambient = recordings, ambient

    def swept_back(self, probe: Recording, seeds: dict[int, Any], marks: set[int]) -> dict[int, Any]:
        """Sweep a recorded rule backwards."""
        try:
            return sweep(
                probe.written,
                probe.saved,
                seeds,
                marks,
                probe.known,
                recorded=self.recorded,
                strong=self.strong,
                batched=self.batched,
            )
        except NoGradientError as error:
            reason = str(error).splitlines()[0]
            raise located(
                NoGradientError,
                f"{self.op.name}: forward mode transposes its derivative rule, and cannot: {reason}",
                _getframe(),
                "use reverse mode here, or write the derivative with operations that have one",
            ) from None


class Unremembered(Ambient):
    """An ambient memory that keeps no residuals: for rules that run only to be transposed."""

    __slots__ = ()

    def save(self, output: int, residuals: tuple[Any, ...]) -> None:
        """Forget them."""


def insist_on_linear(name: str, marks: list[Any], pulled: Any, t: Any, results: list[Any]) -> None:
    """Refuse a user's rule that is no linear function of its cotangent, or that computed outside the tape.

    What was found at one cotangent has to pair with any other as the rule itself does: `<rule(g), t> = <g, result>`.
    """
    ours = sum(np.sum(np.real(plain(m) * plain(r))) for m, r in zip(marks, results, strict=True) if r is not None)
    product = np.real(plain(pulled) * plain(t))
    error, size = abs(ours - np.sum(product)), np.sum(np.abs(product))
    if np.isfinite(size) and error > 8.0 * np.sqrt(np.finfo(product.dtype).eps) * size:
        raise located(
            NoGradientError,
            f"{name}: forward mode transposes its gradient function, which is not linear in what it is given, or "
            "leaves the tape",
            _getframe(),
            "use reverse mode here, or compute the gradient with operations on tensors",
        )


def plain(value: Any) -> Any:
    """Return the array inside a tensor or a batch."""
    value = value.array if isinstance(value, Batched) else value
    return value._value if isinstance(value, Node) else value
