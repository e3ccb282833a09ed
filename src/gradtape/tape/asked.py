"""What a gradient question is: the form in which listeners and explanations get it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.arrays.dispatch import Node
from gradtape.arrays.record import next_id, user_frame
from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from types import FrameType

    from gradtape.arrays.record import Recording


class Leaf(NamedTuple):
    """A target or source with its place in the structure that the caller passed."""

    path: str
    value: Any

    @property
    def id(self) -> int:
        """The id that records speak of, 0 for a value that is no tensor."""
        return self.value._id if isinstance(self.value, Node) else 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer.

    Parameters
    ----------
    kind : str
        The call that asked: `tape.gradient`, `tf.gradients`, `tape.why`.
    recording : Recording or None
        The tape's records, also after it is used up; None for a question to the ambient memory.
    targets, sources : tuple of Leaf
    results : tuple or None
        One tensor or None per source; None where nothing was computed (`tape.why`, a used-up tape).
    site : Site
        Where the question was asked.
    used_at : Site or None
        Where the tape gave its gradients before, if that is why there is no answer.
    failed : bool
        Whether the question ended in an error, a derivative that nobody wrote.
    frame : FrameType or None
        The frame that asked. A question lives no longer than its call; do not keep one.
    seq : int
        When, on the clock of the run.
    """

    kind: str
    recording: Recording | None
    targets: tuple[Leaf, ...]
    sources: tuple[Leaf, ...]
    results: tuple[Any, ...] | None
    site: Site
    used_at: Site | None = None
    failed: bool = False
    frame: FrameType | None = None
    seq: int = field(default_factory=next_id)


def asked_from(
    kind: str,
    recording: Recording | None,
    targets: tuple[Leaf, ...],
    sources: tuple[Leaf, ...],
    results: tuple[Any, ...] | None,
    frame: FrameType,
    *,
    used_at: Site | None = None,
    failed: bool = False,
) -> Asked:
    """Write down a question that was asked somewhere below a frame."""
    place = user_frame(frame)
    return Asked(kind, recording, targets, sources, results, Site.of(place), used_at, failed, place)
