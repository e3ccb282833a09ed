"""One question to a tape: targets, sources, seeds, the sweep, and what stands for a gradient that does not exist."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from gradtape import _config
from gradtape.arrays import doors
from gradtape.arrays.dispatch import NO_PARAMS, RELATED, Node, apply, in_family, is_differentiable, make, new, usual
from gradtape.arrays.failures import describe, located
from gradtape.arrays.record import STATE, EventKind, next_id, note_events, open_recordings
from gradtape.arrays.tensor import Tensor
from gradtape.errors import BrokenGradientError, NoGradientError, RuleError, ShapeError, SourceError
from gradtape.ops import OPS
from gradtape.tape import missing
from gradtape.tape.asked import Leaf, Swept, asked_from
from gradtape.tape.oddness import is_finite, odd_ones
from gradtape.tape.reverse import needed_ids, sweep
from gradtape.tape.structure import flatten, rebuild
from gradtape.tape.usual import collected, prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType

    from gradtape.arrays.record import Recording, Written
    from gradtape.explain import Explanation


class UnconnectedGradients(StrEnum):
    """What stands for a gradient that does not exist."""

    NONE = "none"
    ZERO = "zero"
    RAISE = "raise"


_WORDS = frozenset(UnconnectedGradients)


class Law(NamedTuple):
    """What a door asks for beyond the usual.

    Parameters
    ----------
    slices : callable, optional
        Makes a gradient that consists of slices, `slices(pieces, source, frame)`, of what the rules of the operations
        that only pick from a source gave: pairs of the picked slices' cotangents and their positions. Without it every
        gradient is dense.
    strict : callable, optional
        Called as `strict(weight, target, frame)` with each output gradient, to refuse a dtype that is not its target's.
        With it, Python numbers are refused as targets.
    """

    slices: Callable[[list[tuple[Any, Any]], Any, FrameType], Any] | None = None
    strict: Callable[[Any, Leaf, FrameType], None] | None = None


LAW = Law()
USUAL = (np.ndarray, np.generic)
NUMBERS = (*USUAL, float, int)


class Asking(NamedTuple):
    """A question before its targets and sources are checked: the call, the tape if there is one, and who calls."""

    kind: str
    recording: Recording | None
    frame: FrameType


def refusal(value: Any, what: str, frame: FrameType) -> SourceError:
    """Make the error for what no tape can follow, naming the argument."""
    helps = ["pass a `gradtape.Variable`, or a `gradtape.constant` that the tape watches"]
    if isinstance(value, np.ndarray | np.generic | float | int):
        helps = [
            "a plain array or number has no identity that a tape could follow; make it a `gradtape.Variable` first"
        ]
    return located(SourceError, f"{what} is {describe(value)}, not a tensor or variable", frame, *helps)


def refuse(value: Any, what: str, asking: Asking, targets: tuple[Leaf, ...], sources: tuple[Leaf, ...]) -> NoReturn:
    """Refuse to answer because something in the question is no value that a tape can follow.

    Raises
    ------
    SourceError
    """
    kind, recording, frame = asking
    failure = missing.about("not-a-value")
    asked = asked_from(kind, recording, targets, sources, None, frame, failure=failure)
    missing.fail(refusal(value, f"{kind}: `{what}`", frame), asked)


def what_stands_for_none(unconnected: str | None) -> str:
    """Return what the caller wants in the place of missing gradients, or what the setting says.

    Raises
    ------
    ValueError
        If it is none of the words.
    """
    wanted = _config.settings.unconnected_gradients if unconnected is None else unconnected
    if wanted not in _WORDS:
        raise ValueError(
            f"Unknown value for unconnected_gradients: {wanted!r}; there are {[u.value for u in UnconnectedGradients]}"
        )
    return wanted


def ask(
    kind: str,
    recording: Recording | None,
    records: Sequence[Written],
    saved: Sequence[Any],
    target: Any,
    sources: Any,
    output_gradients: Any,
    unconnected: str | None,
    frame: FrameType,
    *,
    recorded: bool | None = None,
    law: Law = LAW,
) -> Any:
    """Answer a gradient question; see `GradientTape.gradient`.

    The sweep is `recorded` where a tape is open, unless the caller decides.
    """
    recorded = bool(open_recordings()) if recorded is None else recorded
    asking = Asking(kind, recording, frame)
    usual_one = None
    if output_gradients is None and unconnected is None and recording is not None and law is LAW and not recorded:
        usual_one = usual_sweep(recording, records, saved, target, sources, asking)
        if usual_one is not None and not missing.somebody_listens():
            results = collected(usual_one.found, usual_one.seeds, target, sources, frame)
            if results is not None:
                STATE.last_asked = next_id()
                missing.forget_reasons(usual_one.ids)
                return results
    unconnected = what_stands_for_none(unconnected)
    targets = check_targets(target, sources, asking, law)
    wanted = check_sources(targets, sources, asking)
    seeds, found = (None, None) if usual_one is None else (usual_one.seeds, usual_one.found)
    if seeds is None:
        seeds = make_seeds(target, targets, output_gradients, frame, recorded=recorded, law=law)
    results = answer(
        kind, recording, records, saved, targets, wanted, seeds, unconnected, frame,
        recorded=recorded, law=law, found=found,
    )  # fmt: skip
    return rebuild(sources, iter(results).__next__)


class UsualOne(NamedTuple):
    """A usual question that was swept for: ids of sources, cotangents of the target and of what was reached by id."""

    ids: set[int]
    seeds: dict[int, Any]
    found: dict[int, Any]


def usual_sweep(
    recording: Recording,
    records: Sequence[Written],
    saved: Sequence[Any],
    target: Any,
    sources: Any,
    asking: Asking,
) -> UsualOne | None:
    """Sweep for a question that is the usual one; None if it is another."""
    known = prepared(recording, target, sources)
    if known is None:
        return None
    ids, seeds = known
    try:
        found = sweep(records, saved, seeds, ids, on_the_way(recording, records, saved, ids))
    except (NoGradientError, RuleError) as error:
        failed(error, asking, leaves_of(target), leaves_of(sources))
    return make(UsualOne, (ids, seeds, found))


def answer(
    kind: str,
    recording: Recording | None,
    records: Sequence[Written],
    saved: Sequence[Any],
    targets: tuple[Leaf, ...],
    wanted: tuple[Leaf, ...],
    seeds: dict[int, Any],
    unconnected: str,
    frame: FrameType,
    *,
    recorded: bool,
    law: Law = LAW,
    spelled: int = 2,
    found: dict[int, Any] | None = None,
) -> tuple[Any, ...]:
    """Answer a question whose parts are known: sweep, announce, and fill in for what is missing.

    `spelled` is that of `Asked`; `found` is what a sweep found, if one ran already.
    """
    picked: dict[int, list[tuple[Any, Any]]] | None = None if law.slices is None else {}
    if recording is not None and recording.late:
        records = without_early_reads(records, recording.late)
    ids = {leaf.value._id for leaf in wanted if answers_for(recording, leaf) and is_differentiable(leaf.value._value)}
    needed = on_the_way(recording, records, saved, ids)
    try:
        if found is None:
            found = sweep(records, saved, seeds, ids, needed, recorded=recorded, picked=picked)
        odd = odd_ones(found.values())
        if (
            odd
            and _config.settings.strong_zeros
            and not all(map(is_finite, odd))
            and all(is_finite(t.value) for t in targets if t.id)
        ):
            found = sweep(records, saved, seeds, ids, needed, recorded=recorded, strong=True)
        if odd and recording is not None:
            recording.odd = True
    except (NoGradientError, RuleError) as error:
        failed(error, Asking(kind, recording, frame), targets, wanted, spelled)
    found = seeds | found  # a target is its own source, also where the tape never saw it
    results = tuple([in_the_form_of(leaf, found.get(leaf.value._id), frame) for leaf in wanted])
    if picked and law.slices is not None:
        results = tuple(
            law.slices(picked[leaf.id], leaf.value, frame) if leaf.id in picked else result
            for leaf, result in zip(wanted, results, strict=True)
        )
    remember_results(() if recorded else targets, results, frame)
    missing.forget_reasons([leaf.id for leaf, result in zip(wanted, results, strict=True) if result is not None])
    complete = all(r is not None for r in results)  # `in` would compare tensors with `==`
    if complete and not missing.somebody_listens():
        STATE.last_asked = next_id()
        return results
    swept = Swept(records, saved, seeds)
    asked = asked_from(kind, recording, targets, wanted, results, frame, spelled=spelled, swept=swept)
    missing.announce(asked)
    if not complete:
        results = missing.fill(asked, results, unconnected, frame)
    return results


def on_the_way(
    recording: Recording | None, records: Sequence[Written], saved: Sequence[Any], ids: set[int]
) -> set[int]:
    """Return what depends on a source: all that the tape follows, if these are all that it watches."""
    if recording is not None and recording.roots <= ids:
        return recording.known  # the ids are among them
    return needed_ids(records, saved, ids)


def failed(
    error: NoGradientError | RuleError,
    asking: Asking,
    targets: tuple[Leaf, ...],
    wanted: tuple[Leaf, ...],
    spelled: int = 2,
) -> NoReturn:
    """Pass on an error of a sweep: a derivative that nobody wrote, or one of the user's own that does not fit.

    Raises
    ------
    NoGradientError, RuleError
    """
    failure = missing.about("")
    if isinstance(error, RuleError):
        failure = missing.about("custom-rule-none", error.site, str(error).splitlines()[0])
    kind, recording, frame = asking
    missing.fail(error, asked_from(kind, recording, targets, wanted, None, frame, failure=failure, spelled=spelled))


def why(recording: Recording, target: Any, sources: Any, frame: FrameType, kind: str = "tape.why") -> Explanation:
    """Answer `tape.why`, or another `kind` of call that asks for reasons alone."""
    targets = tuple(Leaf(path, value) for path, value in flatten(target))
    wanted = tuple(Leaf(path, value) for path, value in flatten(sources))
    saved = recording.saved if recording.evidence is None else recording.evidence
    swept = Swept(on_the_tape(recording), saved, make_seeds(target, targets, None, frame, recorded=False))
    return missing.explain_asked(asked_from(kind, recording, targets, wanted, None, frame, swept=swept))


def answers_for(recording: Recording | None, leaf: Leaf) -> bool:
    """Whether a tape may answer for a source: what it does not know is not on it, though its records name it."""
    return recording is None or leaf.value._id in recording.known


def check(recording: Recording, target: Any, sources: Any, allow: Iterable[str], frame: FrameType) -> Explanation:
    """Answer `tape.check`.

    Raises
    ------
    BrokenGradientError
    """
    from dataclasses import replace

    from gradtape.diagnostics import code_called

    allowed = {code_called(word) for word in allow}
    told = why(recording, target, sources, frame, "tape.check")
    broken = [r for r in told.gradients if not {f.code for f in r.findings} <= allowed]
    if not broken:
        return told
    shown = replace(told, gradients=tuple(broken))
    error = BrokenGradientError(str(shown), shown.first_diagnostic)
    error.explanation = told
    raise error


def on_the_tape(recording: Recording) -> Sequence[Written]:
    """Return a tape's records as far as they are on it."""
    return without_early_reads(recording.written, recording.late) if recording.late else recording.written


def without_early_reads(records: Sequence[Written], late: dict[int, int]) -> list[Written]:
    """Leave out of the records what was read of variables before the tape watched them: those reads are not on it."""
    return [
        (op, tuple(0 if late.get(i, 0) > output else i for i in inputs), output, params, shapes, code, lasti)
        for op, inputs, output, params, shapes, code, lasti in records
    ]


def check_targets(target: Any, sources: Any, asking: Asking, law: Law = LAW) -> tuple[Leaf, ...]:
    """Flatten the target; arrays and numbers pass (they give None, and there is a reason), anything else does not.

    Where the law is strict numbers do not pass either.
    """
    leaves = leaves_of(target)
    for leaf in leaves:
        if isinstance(leaf.value, Node):
            continue
        if not isinstance(leaf.value, USUAL if law.strict is not None else NUMBERS):
            refuse(leaf.value, f"target{leaf.path}", asking, leaves, leaves_of(sources))
    return leaves


def check_sources(targets: tuple[Leaf, ...], sources: Any, asking: Asking, name: str = "sources") -> tuple[Leaf, ...]:
    """Flatten the sources; each must be a tensor or a variable."""
    leaves = leaves_of(sources)
    for leaf in leaves:
        if not isinstance(leaf.value, Node):
            refuse(leaf.value, f"{name}{leaf.path}", asking, targets, (leaf,))
    return leaves


def leaves_of(structure: Any) -> tuple[Leaf, ...]:
    """Return the leaves of a nested structure with their places."""
    if isinstance(structure, Node):
        return (Leaf("", structure),)
    if type(structure) in {list, tuple} and all(isinstance(value, Node) for value in structure):
        # the usual one: without a generator, and by the shortest way to a named tuple
        return tuple([make(Leaf, (f"[{k}]", value)) for k, value in enumerate(structure)])
    return tuple([Leaf(path, value) for path, value in flatten(structure)])


def make_seeds(
    target: Any,
    targets: tuple[Leaf, ...],
    output_gradients: Any,
    frame: FrameType,
    *,
    recorded: bool,
    law: Law = LAW,
) -> dict[int, Any]:
    """Return the cotangent of each target by id: ones, or what the caller gave, checked."""
    given = flatten_output_gradients(target, targets, output_gradients, frame)
    seeds: dict[int, Any] = {}
    for leaf, weight in zip(targets, given, strict=True):
        if not isinstance(leaf.value, Node) or not is_differentiable(leaf.value._value):
            continue
        if law.strict is not None and weight is not None:
            law.strict(weight, leaf, frame)
        seed = one_seed(leaf, weight, frame, recorded=recorded)
        if recorded and not isinstance(seed, Node):
            seed = apply(OPS["constant"], (seed,), NO_PARAMS, frame)
        seeds[leaf.id] = seed if leaf.id not in seeds else seeds[leaf.id] + seed
    return seeds


def one_seed(leaf: Leaf, weight: Any, frame: FrameType, *, recorded: bool) -> Any:
    """Return the cotangent of one target."""
    value = leaf.value._value
    if weight is None:
        return np.ones(value.shape, value.dtype)[()] if value.shape else value.dtype.type(1)
    plain = weight._value if isinstance(weight, Node) else np.asarray(weight)
    if plain.shape != value.shape or plain.dtype.kind not in ("fiubc" if value.dtype.kind == "c" else "fiub"):
        raise located(
            ShapeError,
            f"output_gradients{leaf.path}: {describe(plain)} for a target of shape {value.shape}",
            frame,
            "each output gradient has the shape of its target",
        )
    if isinstance(weight, Node) and recorded:
        weight = usual(weight)
        # a value of its own: a gradient that is nothing but the weight must not be the caller's variable
        seed = doors.cast(weight, value.dtype, frame) if plain.dtype != value.dtype else doors.SPACE.identity(weight)
        return doors.SPACE.conjugate(seed) if value.dtype.kind == "c" else seed
    return np.conjugate(plain.astype(value.dtype))[()] if value.dtype.kind == "c" else plain.astype(value.dtype)[()]


def flatten_output_gradients(target: Any, targets: tuple[Leaf, ...], given: Any, frame: FrameType) -> list[Any]:
    """Match the caller's output gradients with the targets, one each."""
    if given is None:
        return [None] * len(targets)
    if len(targets) == 1 and not isinstance(target, dict | list | tuple):
        return [given]
    weights = [value for _, value in flatten(given)]
    if len(weights) != len(targets):
        raise located(
            ShapeError,
            f"output_gradients: {len(weights)} entries for {len(targets)} targets",
            frame,
            "give one per target; None stands for ones",
        )
    return weights


def remember_results(targets: tuple[Leaf, ...], results: tuple[Any, ...], frame: FrameType) -> None:
    """Leave a trace of gradients: an update of a variable is known by it, and who differentiates again is told.

    `targets` are what the gradients were computed from, empty if the records of the sweep tell that already.
    """
    made_from = tuple([t.id for t in targets if t.id])
    found = [result._id for result in results if result is not None]
    if found:
        note_events(EventKind.GRADIENT, found, frame, made_from)


def in_the_form_of(leaf: Leaf, cotangent: Any, frame: FrameType) -> Any:
    """Give a gradient its source's dtype, and make it a tensor of its source's family."""
    if cotangent is None:
        return None
    source = leaf.value
    dtype, mine = source._value.dtype, cotangent.dtype
    if mine.kind == "c":
        # inside the sweep a cotangent is a plain derivative; its conjugate points uphill, as TensorFlow's does
        space = doors.SPACE if isinstance(cotangent, Tensor) else np
        cotangent = space.conjugate(cotangent) if dtype.kind == "c" else space.real(cotangent)
        mine = cotangent.dtype
    if isinstance(cotangent, Tensor):
        made = cotangent if mine == dtype else doors.cast(cotangent, dtype, frame)
    else:
        made = new(Tensor)  # without its __init__, as where records are written
        made._value = cotangent if mine is dtype or mine == dtype else cotangent.astype(dtype)
        made._id = next_id()
    family = RELATED.get(type(source))
    return made if family is None else in_family(made, family)
