"""The reverse sweep: backwards over a list of records, one rule per watched input. No limit of depth, linear cost."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.core import CORE
from gradtape.arrays.dispatch import new, unpack
from gradtape.arrays.failures import MatrixError, located
from gradtape.arrays.record import STATE, Event, EventKind, make, next_id, open_recordings
from gradtape.arrays.tensor import Tensor
from gradtape.diagnostics import Site
from gradtape.errors import NoGradientError, RuleError
from gradtape.ops import OPS, Cotangents, Partial, Spec
from gradtape.tape.namespaces import NAMESPACES
from gradtape.tape.pulls import run_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.arrays.record import Written
    from gradtape.ops import Rule

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
    xp = NAMESPACES[recorded, batched]
    add, unbroadcast = xp.add, xp.unbroadcast
    pull = pull_with_strong_zeros() if strong else None
    plain = not (recorded or batched or strong) and picked is None
    at: list[int] = []  # where `run_back` failed, if it did
    cotangents = dict(seeds)
    found: dict[int, Any] = {}
    owned: set[int] = set()  # ids whose cotangent is an array of the sweep's own, which a rule may add to in place
    backward_of = STATE.backward_of
    pieces: dict[int, list[Any]] = {}
    k = len(records)
    try:
        while k > 0:
            if plain:
                k = run_back(records, saved, k, at, cotangents, found, sources, needed)
                if not k:
                    break
            k -= 1
            residuals = saved[k]
            if residuals is None:
                continue
            op, inputs, output, params, shapes, code, lasti = records[k]
            g = cotangents.pop(output, None)
            if pieces and output in pieces:
                if g is None and picked is not None:
                    picked[output] = [(piece, positions) for piece, positions, *_ in pieces[output]]
                g = spread(xp, g, pieces.pop(output))
            if g is None:
                continue
            if output in sources:
                found[output] = g
            if recorded:
                STATE.backward_of = make(Site, (code, lasti))
                residuals = as_tensors(residuals, inputs, output)
            if batched:
                residuals = xp.lift(residuals)
            for position, source in enumerate(inputs):
                if source not in needed:
                    continue
                if op.variadic:
                    rule = op.rules[0]
                    params = {**params, "k": position}
                else:
                    rule = op.rules[position]
                if rule is None:
                    continue
                if picked is not None and rule.picks is not None and source in sources:
                    values = residuals[1:]
                    pieces.setdefault(source, []).append((g, rule.picks(*values, **params), rule.fn, residuals, params))
                    continue
                if rule.into is not None and not recorded:
                    total = cotangents.get(source)
                    if source in owned and type(total) is np.ndarray and total.dtype == g.dtype:
                        rule.into(xp, total, g, *residuals, **params)
                        continue
                    owned.add(source)
                if batched and not op.room and type(rule) is not Partial:
                    ct = pull_one_by_one(rule, xp, g, residuals, params, recorded=recorded)
                elif pull is not None:
                    ct = pull(rule, xp, g, residuals, params)
                elif type(rule) is Partial:
                    partial = rule.fn(xp, *residuals, **params)
                    ct = g if partial.__class__ is float and partial == 1.0 else g * partial
                else:
                    ct = rule.fn(xp, g, *residuals, **params)
                if ct is None:
                    if op.given:
                        note_no_answer(output, position, Site(code, lasti))
                    continue
                if shapes is not None:
                    ct = unbroadcast(ct, shapes[position])
                previous = cotangents.get(source)
                if previous is None:
                    cotangents[source] = ct
                else:
                    cotangents[source] = previous + ct if type(ct) is Cotangents else add(previous, ct)
    except (NoGradientError, RuleError) as error:
        k = at[0] if at else k
        site = Site(*records[k][-2:])
        if error.diagnostic is None:
            STATE.backward_of = site
            error = located(type(error), str(error), _getframe(), *getattr(error, "__notes__", ()))
        if isinstance(error, RuleError):
            error.site = site
        raise error from None
    except np.linalg.LinAlgError as error:
        if isinstance(error, MatrixError):
            raise
        k = at[0] if at else k
        STATE.backward_of = Site(*records[k][-2:])
        text = f"{records[k][0].name}: the value exists, but its gradient does not: {error}"
        advice = "stay away from this point: a singular matrix with a small multiple of `np.eye(n)` added is regular"
        raise located(MatrixError, text, _getframe(), advice) from error
    finally:
        STATE.backward_of = backward_of
    for source, taken in pieces.items():
        if source not in cotangents and picked is not None:
            picked[source] = [(piece, positions) for piece, positions, *_ in taken]
        else:
            cotangents[source] = spread(xp, cotangents.get(source), taken)
    return {source: cotangents[source] for source in sources if source in cotangents} | found


def pull_with_strong_zeros() -> Callable[..., Any]:
    """Find what a second sweep asks rules by; its module knows batches, which not everybody needs."""
    from gradtape.tape.strong_zeros import pull

    return pull


def note_no_answer(output: int, position: int, site: Site) -> None:
    """Remember that a derivative of the user's own returned None for an argument that something asked about."""
    STATE.ambient.events.append(Event(next_id(), EventKind.NO_ANSWER, output, site, position))


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
