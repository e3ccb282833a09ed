"""The one list of codes: number, slug (the value of `cause` in JSON), title. Codes are stable, titles may improve."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A cause's stable number, the slug that names its page, and one line of explanation."""

    number: str
    slug: str
    title: str

    def __str__(self) -> str:
        return f"{self.number} {self.slug}"


CODES: tuple[Code, ...] = (
    Code("GT101", "not-watched", "the source is a tensor that the tape did not watch, or watched too late"),
    Code("GT102", "frozen-variable", "the source is a Variable that the tape does not watch by itself"),
    Code("GT103", "rebound-name", "the name of the source now holds another tensor than the one that was used"),
    Code("GT104", "mutated", "the source was written to after it was used"),
    Code("GT105", "not-used", "nothing on the way to the target uses the source"),
    Code("GT106", "constant-target", "the target depends on no source at all"),
    Code("GT107", "integer-source", "the source or the target has a dtype without derivatives"),
    Code("GT201", "left-through-numpy", "the value became an ndarray and came back as a constant"),
    Code("GT202", "left-through-number", "the value became a Python number and came back as a constant"),
    Code("GT301", "no-derivative", "an operation on the way has no derivative"),
    Code("GT302", "piecewise-constant", "an operation on the way is constant between its steps"),
    Code("GT303", "integer-cast", "a value on the way is cast to a dtype without derivatives"),
    Code("GT304", "stop-gradient", "a stop_gradient ends the path on purpose"),
    Code("GT501", "outside-the-tape", "an operation on the way ran while the tape was not recording"),
    Code("GT503", "branch-not-taken", "a branch of the program skipped the lines that use the source"),
    Code("GT504", "state-boundary", "the value went through an assignment, which is not part of the gradient"),
    Code("GT505", "tape-used-up", "the tape was consumed before"),
    Code("GT901", "not-explained", "the recorded operations do not explain the result"),
)

BY_SLUG: dict[str, Code] = {code.slug: code for code in CODES}
BY_NUMBER: dict[str, Code] = {code.number: code for code in CODES}
