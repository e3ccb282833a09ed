"""The reverse sweep: backwards over a list of records, one rule per watched input. No limit of depth, linear cost."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.core import CORE
from gradtape.arrays.dispatch import make, new, unpack
from gradtape.arrays.failures import MatrixError, located
from gradtape.arrays.record import STATE, EventKind, next_id, open_recordings
from gradtape.arrays.tensor import Tensor
from gradtape.diagnostics import Site
from gradtape.errors import NoGradientError, RuleError
from gradtape.ops import OPS, Cotangents, Partial, Spec
from gradtape.tape.namespaces import NAMESPACES
from gradtape.tape.pulls import run_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.arrays.record import Written
    from gradtape.ops import Op, Rule

IDENTITY = OPS["identity"]
ARRAYS = (np.ndarray, np.generic)


def needed_ids(records: Sequence[Written], saved: Sequence[Any], sources: set[int]) -> set[int]:
    """Return the ids that depend on a source: only they deserve a cotangent."""
    needed = set(sources)
    for (_, inputs, output, *_), residuals in zip(records, saved, strict=True):
        if residuals is not None and not needed.isdisjoint(inputs):
            needed.add(output)
    return needed


@np.errstate(all="ignore")  # the forward run has warned already; what is infinite or NaN here is seen in the result
def sweep(
    records: Sequence[Written],
    saved: Sequence[Any],
    seeds: dict[int, Any],
    sources: set[int],
    needed: set[int],
    *,
    recorded: bool = False,
    strong: bool = False,
    picked: dict[int, list[tuple[Any, Any]]] | None = None,
    batched: bool = False,
) -> dict[int, Any]:
    """Carry cotangents from the seeds back to the sources.

    Parameters
    ----------
    records, saved : sequences of the same length
        What ran, in order, and what each rule needs (None where the tape did not follow the operation).
    seeds : dict
        The cotangent of each target by id.
    sources : set of int
        Whose cotangents to return.
    needed : set of int
        Ids on a path from a source; no other gets a cotangent.
    recorded : bool
        Run the rules as operations, so that their results can be differentiated again.
    strong : bool
        Compute every product so that a zero cotangent stops (see `strong_zeros`).
    picked : dict, optional
        Gets, for each source that operations only pick slices from, pairs of cotangents and positions, last one first.
    batched : bool
        The seeds are `Batched`: the rules run once for all of them.

    Returns
    -------
    dict
        The cotangents of the sources that were reached: arrays, tensors if the sweep was recorded, or batches of them;
        not those of `picked`.

    Raises
    ------
    NoGradientError
        If a path goes through an operation whose derivative nobody gave; the error points at that operation.
    """
    plain = not (recorded or batched or strong) and picked is None
    cotangents = dict(seeds)
    found: dict[int, Any] = {}
    at: list[int] = []  # where `run_back` failed, if it did
    through: Through | None = None
    backward_of = STATE.backward_of
    k = len(records)
    try:
        while k > 0:
            if plain:
                k = run_back(records, saved, k, at, cotangents, found, sources, needed)
                if not k:
                    break
            if through is None:
                through = Through(cotangents, found, sources, needed, recorded, strong, batched, picked)
            k -= 1
            if saved[k] is not None:
                through.operation(records[k], saved[k])
    except (NoGradientError, RuleError) as error:
        raise at_forward_place(error, records[at[0] if at else k]) from None
    except np.linalg.LinAlgError as error:
        if isinstance(error, MatrixError):
            raise
        raise no_such_gradient(error, records[at[0] if at else k]) from error
    finally:
        STATE.backward_of = backward_of
    if through is not None and through.pieces:
        through.finish()
    return {source: cotangents[source] for source in sources if source in cotangents} | found


class Through:
    """Carries cotangents through operations, one after the other: all kinds of sweeps, and what `run_back` leaves.

    Parameters
    ----------
    cotangents, found : dict
        What waits for an operation, and what arrived at sources that another operation made; both are changed.
    sources, needed, recorded, strong, batched, picked
        As for `sweep`.
    """

    def __init__(
        self,
        cotangents: dict[int, Any],
        found: dict[int, Any],
        sources: set[int],
        needed: set[int],
        recorded: bool,
        strong: bool,
        batched: bool,
        picked: dict[int, list[tuple[Any, Any]]] | None,
    ) -> None:
        self.cotangents, self.found, self.sources, self.needed = cotangents, found, sources, needed
        self.recorded, self.batched, self.picked = recorded, batched, picked
        self.xp = NAMESPACES[recorded, batched]
        self.strong = pull_with_strong_zeros() if strong else None
        self.owned: set[int] = set()
        """Ids whose cotangent is an array of the sweep's own, which a rule may add to in place."""
        self.pieces: dict[int, list[Any]] = {}
        """What waits, for each value that slices were picked from, with what puts it back."""

    def operation(self, record: Written, residuals: Any) -> None:
        """Give an operation's inputs what its result has got."""
        op, inputs, output, params, shapes, code, lasti = record
        g = self.cotangents.pop(output, None)
        if self.pieces and output in self.pieces:
            g = self.whole(output, g)
        if g is None:
            return
        if output in self.sources:
            self.found[output] = g
        if self.recorded:
            STATE.backward_of = make(Site, (code, lasti))
            residuals = as_tensors(residuals, inputs, output)
        if self.batched:
            residuals = self.xp.lift(residuals)
        for position, source in enumerate(inputs):
            if source not in self.needed:
                continue
            rule = op.rules[0 if op.variadic else position]
            if op.variadic:
                params = {**params, "k": position}
            if rule is None or self.set_aside(source, rule, g, residuals, params):
                continue
            ct = self.pull(op, rule, g, residuals, params)
            if ct is not None:
                self.add(source, ct if shapes is None else self.xp.unbroadcast(ct, shapes[position]))
            elif op.given:
                note_no_answer(output, position, Site(code, lasti))

    def pull(self, op: Op, rule: Rule, g: Any, residuals: Any, params: dict[str, Any]) -> Any:
        """Apply a rule to a cotangent, in the way of this sweep."""
        if self.batched and not op.room and type(rule) is not Partial:
            return pull_one_by_one(rule, self.xp, g, residuals, params, recorded=self.recorded)
        if self.strong is not None:
            return self.strong(rule, self.xp, g, residuals, params)
        if type(rule) is not Partial:
            return rule.fn(self.xp, g, *residuals, **params)
        partial = rule.fn(self.xp, *residuals, **params)
        return g if partial.__class__ is float and partial == 1.0 else g * partial

    def add(self, source: int, ct: Any) -> None:
        """Add to what a value has got so far."""
        previous = self.cotangents.get(source)
        if previous is not None:
            ct = previous + ct if type(ct) is Cotangents else self.xp.add(previous, ct)
        self.cotangents[source] = ct

    def set_aside(self, source: int, rule: Rule, g: Any, residuals: Any, params: dict[str, Any]) -> bool:
        """Deal with what only takes pieces out of an array: keep the piece, or add it in place."""
        if self.picked is not None and rule.picks is not None and source in self.sources:
            positions = rule.picks(*residuals[1:], **params)
            self.pieces.setdefault(source, []).append((g, positions, rule.fn, residuals, params))
            return True
        if rule.into is None or self.recorded:
            return False
        total = self.cotangents.get(source)
        if source in self.owned and type(total) is np.ndarray and total.dtype == g.dtype:
            rule.into(self.xp, total, g, *residuals, **params)
            return True
        self.owned.add(source)
        return False

    def whole(self, output: int, g: Any) -> Any:
        """Return the cotangent of a value that slices were picked from, also told in pieces if that is all."""
        pieces = self.pieces.pop(output)
        if g is None and self.picked is not None:
            self.picked[output] = [(piece, positions) for piece, positions, *_ in pieces]
        return spread(self.xp, g, pieces)

    def finish(self) -> None:
        """Tell the pieces of values that nothing made, or put them together where there is more."""
        for source, pieces in self.pieces.items():
            if source not in self.cotangents and self.picked is not None:
                self.picked[source] = [(piece, positions) for piece, positions, *_ in pieces]
            else:
                self.cotangents[source] = spread(self.xp, self.cotangents.get(source), pieces)


def at_forward_place(error: NoGradientError | RuleError, record: Written) -> NoGradientError | RuleError:
    """Give an error of a rule the place of the operation that it belongs to."""
    site = Site(*record[-2:])
    if error.diagnostic is None:
        STATE.backward_of = site
        error = located(type(error), str(error), _getframe(), *getattr(error, "__notes__", ()))
    if isinstance(error, RuleError):
        error.site = site
    return error


def no_such_gradient(error: Exception, record: Written) -> Exception:
    """Say of an error of linear algebra in a rule that the gradient does not exist here."""
    STATE.backward_of = Site(*record[-2:])
    text = f"{record[0].name}: the value exists, but its gradient does not: {error}"
    advice = "stay away from this point: a singular matrix with a small multiple of `np.eye(n)` added is regular"
    return located(MatrixError, text, _getframe(), advice)


def pull_with_strong_zeros() -> Callable[..., Any]:
    """Find what a second sweep asks rules by; its module knows batches, which not everybody needs."""
    from gradtape.tape.strong_zeros import pull

    return pull


def note_no_answer(output: int, position: int, site: Site) -> None:
    """Remember that a derivative of the user's own returned None for an argument that something asked about."""
    STATE.ambient.noted.append((next_id(), EventKind.NO_ANSWER, output, *site, position, ()))


def spread(xp: Any, total: Any, pieces: list[Any]) -> Any:
    """Put picked slices' cotangents back where they were picked, and add them up."""
    for g, _, rule, residuals, params in pieces:
        ct = rule(xp, g, *residuals, **params)
        total = ct if total is None else xp.add(total, ct)
    return total


def pull_one_by_one(rule: Rule, xp: Any, g: Any, residuals: Any, params: dict[str, Any], *, recorded: bool) -> Any:
    """Apply a rule that a user gave: it knows one cotangent at a time."""
    plain = NAMESPACES[recorded, False]
    several = isinstance(g, Cotangents)

    def pull(one: Any, *values: Any, **given: Any) -> Any:
        return rule.fn(plain, Cotangents(one) if several else one, *values, **given)

    return xp.one_by_one(pull, (g.of if several else g, *residuals), params)


def as_tensors(residuals: tuple[Any, ...], inputs: tuple[int, ...], output: int) -> tuple[Any, ...]:
    """Give kept values back the ids that they had, so that an outer tape sees what the rule makes of them."""
    for recording in open_recordings():
        if recording.since and not recording.since.keys().isdisjoint(inputs):
            inputs = tuple([id_when_read(i, output) for i in inputs])
            break
    if type(residuals[0]) is not Spec and isinstance(residuals[0], tuple):
        return (
            unpack(residuals[0], Tensor(residuals[0], output), _getframe(1)),
            *as_tensors((None, *residuals[1:]), inputs, output)[1:],
        )
    if len(residuals) == 2 and isinstance(residuals[1], list):  # the arguments of a variadic operation
        y, values = residuals
        return _as_tensor(y, output), [_as_tensor(v, i) for v, i in zip(values, inputs, strict=True)]
    return with_ids(residuals, output, inputs)


def id_when_read(id: int, output: int) -> int:
    """Return the id under which the open tapes know what an operation read.

    It is a variable's own, unless a tape that watches the variable did not yet, or was not open: to that tape this read
    is a constant, and the others get it as a value of its own, made from the variable.
    """
    recordings = STATE.recordings
    late = [id in r.since and (r.since[id] > output or not r.saw(output)) for r in recordings]
    if not any(late):
        return id
    alias = next_id()
    site = STATE.backward_of
    assert site is not None  # noqa: S101 - a recorded sweep says whose rule it runs
    for recording, is_late in zip(recordings, late, strict=True):
        if not is_late and id in recording.known:
            recording.written.append((IDENTITY, (id,), alias, {}, None, site.code, site.lasti))
            recording.saved.append((None, None))
            recording.known.add(alias)
    return alias


def with_ids(residuals: tuple[Any, ...], output: int, inputs: tuple[int, ...]) -> tuple[Any, ...]:
    """Make tensors of the result and the inputs that were kept."""
    return tuple(map(_as_tensor, residuals, (output, *inputs)))


if CORE is not None:
    with_ids = CORE.as_tensors


def _as_tensor(value: Any, id: int) -> Any:
    if value is None or not id or not isinstance(value, ARRAYS):
        return value
    made = new(Tensor)  # as in `dispatch.write`
    made._value, made._id = value, id
    return made
