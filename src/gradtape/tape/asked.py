"""What a gradient question is: the form in which listeners and explanations get it."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.arrays.dispatch import Node
from gradtape.arrays.frames import user_frame
from gradtape.arrays.record import STATE, began, next_id
from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from types import FrameType

    from gradtape.arrays.record import Recording, Written
    from gradtape.explain.graph import Failure


class Leaf(NamedTuple):
    """A target or source with its place in the structure that the caller passed."""

    path: str
    value: Any

    @property
    def id(self) -> int:
        """The id that records speak of, 0 for a value that is no tensor."""
        return self.value._id if isinstance(self.value, Node) else 0


class Swept(NamedTuple):
    """What a sweep needs to run once more: records, what their rules need, and the cotangents of the targets by id."""

    records: Sequence[Written]
    saved: Sequence[Any]
    seeds: dict[int, Any]


class Asked:
    """A question with its answer.

    Parameters
    ----------
    kind : str
        The call that asked: `tape.gradient`, `tf.gradients`, `tape.why`; `fit` or `minimize` if that asked for it.
    recording : Recording or None
        The tape's records, also after it is used up; None for a question to the ambient memory.
    targets, sources : tuple of Leaf
    results : tuple or None
        One tensor or None per source; None where nothing was computed (`tape.why`, a used-up tape).
    site : Site
        Where the question was asked.
    used_at : Site or None
        Where the tape gave its gradients before, if that is why there is no answer.
    failure : Failure or None
        What the error is about that the question ended in.
    frame : FrameType or None
        The frame that asked. A question lives no longer than its call; do not keep one.
    since : int
        When the question before it was asked.
    spelled : int
        How many of the two, targets and sources, are arguments of the call; the others go by their names in scope or,
        if they have none, by their paths.
    asker : FrameType or None
        Our own frame that asked, if it was not the user's: its names say what the user's do not.
    swept : Swept or None
        How the answer was computed, for who wants to look at it closely; None if nothing was computed, or not so.
    seq : int
        When, on the clock of the run.
    """

    __slots__ = (
        "asker",
        "failure",
        "frame",
        "kind",
        "recording",
        "results",
        "seq",
        "since",
        "site",
        "sources",
        "spelled",
        "swept",
        "targets",
        "used_at",
    )

    def __init__(
        self,
        kind: str,
        recording: Recording | None,
        targets: tuple[Leaf, ...],
        sources: tuple[Leaf, ...],
        results: tuple[Any, ...] | None,
        site: Site,
        used_at: Site | None = None,
        failure: Failure | None = None,
        frame: FrameType | None = None,
        since: int = 0,
        spelled: int = 2,
        swept: Swept | None = None,
        asker: FrameType | None = None,
    ) -> None:
        self.kind = kind
        self.recording = recording
        self.targets = targets
        self.sources = sources
        self.results = results
        self.site = site
        self.used_at = used_at
        self.failure = failure
        self.frame = frame
        self.since = since
        self.spelled = spelled
        self.swept = swept
        self.asker = asker
        self.seq = next_id()


def asked_from(
    kind: str,
    recording: Recording | None,
    targets: tuple[Leaf, ...],
    sources: tuple[Leaf, ...],
    results: tuple[Any, ...] | None,
    frame: FrameType,
    *,
    used_at: Site | None = None,
    failure: Failure | None = None,
    spelled: int = 2,
    swept: Swept | None = None,
) -> Asked:
    """Write down a question that was asked somewhere below a frame."""
    place = user_frame(frame)
    since = STATE.last_asked
    asker: FrameType | None = None
    ours = place is not frame and kind in {"tape.gradient", "tape.why"}
    if ours and (called := entered_from(frame, place)) is not None:
        kind, spelled, asker = called, 0, frame
    asked = Asked(
        kind,
        recording,
        targets,
        sources,
        results,
        Site.of(place),
        used_at,
        failure,
        place,
        since,
        spelled,
        swept,
        asker,
    )
    STATE.last_asked = asked.seq
    return asked


def entered_from(frame: FrameType, place: FrameType) -> str | None:
    """Return the name of our function that the user's code called and that is asking now; None if no other is."""
    here: FrameType | None = frame
    while here is not None and here.f_back is not place:
        here = here.f_back
    return None if here is None else here.f_code.co_name


def story(asked: Asked) -> frozenset[Hashable]:
    """Return what ran up to a question, without order and number: a loop has one story, however long.

    Two questions at one call with one story have the same answers, so that reasons need not be worked out twice.
    """
    recording, ambient = asked.recording, STATE.ambient
    written, noted = ([], []) if recording is None else (recording.written, recording.noted)
    newer = (written for shelf in ambient.shelves for written in shelf.since(asked.since))
    happened = takewhile(lambda event: began(event) > asked.since, reversed(ambient.noted))
    ran = {(op.name, code, lasti) for op, _, _, _, _, code, lasti in (*written, *newer)}
    ran |= {(kind, code, lasti) for _, kind, _, code, lasti, _, _ in (*noted, *happened)}
    return frozenset((name, code.co_filename, code.co_firstlineno, lasti) for name, code, lasti in ran)
