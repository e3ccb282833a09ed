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
    Code("GT104", "different-object", "the source that was asked for is not the one that was used"),
    Code("GT105", "not-used", "nothing on the way to the target uses the source"),
    Code("GT106", "constant-target", "the target depends on no source at all"),
    Code("GT107", "integer-source", "the source or the target has a dtype without derivatives"),
    Code("GT108", "not-a-value", "what was asked for is no computed value: a model, a layer, a name"),
    Code("GT109", "nonleaf-grad-read", "the gradient was read from a tensor that was made from the leaf"),
    Code("GT201", "left-through-numpy", "the value became an ndarray and came back as a constant"),
    Code("GT202", "left-through-number", "the value became a Python number and came back as a constant"),
    Code("GT203", "rebuilt-from-values", "a new tensor, array or variable was made from the values"),
    Code("GT204", "opaque-callback", "a function that nobody can see into computed the value"),
    Code("GT205", "array-assignment", "the value was written into a plain array"),
    Code("GT301", "no-derivative", "an operation on the way has no derivative"),
    Code("GT302", "piecewise-constant", "an operation on the way is constant between its steps"),
    Code("GT303", "integer-cast", "a value on the way is cast to a dtype without derivatives"),
    Code("GT304", "stop-gradient", "a stop_gradient ends the path on purpose"),
    Code("GT305", "missing-rule", "an operation on the way has a derivative that nobody wrote"),
    Code("GT306", "sampled", "a value on the way was drawn at random, and draws have no derivative"),
    Code(
        "GT307", "custom-rule-none", "a derivative that the program gives itself returned nothing, or the wrong thing"
    ),
    Code("GT401", "singular-point", "the derivative of an operation is infinite or 0/0 at this point"),
    Code("GT402", "masked-branch", "the branch that `where` does not take gives 0 * inf in the backward pass"),
    Code("GT403", "overflow", "the forward pass made something infinite or NaN"),
    Code("GT404", "flat-region", "connected, but the target does not change with the source around this point"),
    Code("GT405", "vanishing", "connected, but the gradient is too small to be of use"),
    Code("GT406", "exploding", "connected, but the gradient is too large to be of use"),
    Code("GT501", "outside-the-tape", "an operation on the way ran while the tape was not recording"),
    Code("GT502", "gradients-off", "an operation on the way ran while the program had turned gradients off"),
    Code("GT503", "branch-not-taken", "a branch of the program skipped the lines that use the source"),
    Code("GT504", "state-boundary", "the value went through state, which is not part of the gradient"),
    Code("GT505", "tape-used-up", "the tape or the graph was consumed before"),
    Code("GT506", "inner-gradient-not-recorded", "a derivative on the way was computed where nothing recorded it"),
    Code("GT507", "overwritten-value", "a value was overwritten after it was used, and its gradient is of the old one"),
    Code("GT508", "traced-control-flow", "an `if` or a loop of Python's asks a traced value, which has no number yet"),
    Code("GT509", "leaked-tracer", "a traced value was kept when the function that it belongs to had returned"),
    Code("GT601", "nonscalar-output", "a gradient is of one real number, and the target is something else"),
    Code("GT901", "not-explained", "the recorded operations do not explain the result"),
)

BY_SLUG: dict[str, Code] = {code.slug: code for code in CODES}
BY_NUMBER: dict[str, Code] = {code.number: code for code in CODES}


def code_called(word: str) -> Code:
    """Return the code of a number or a name, in any case: "GT302", "piecewise-constant".

    Raises
    ------
    ValueError
        If there is none.
    """
    found = BY_NUMBER.get(word.upper()) or BY_SLUG.get(word.lower())
    if found is None:
        raise ValueError(f"{word!r} is no code of a cause; `gradtape codes` lists them")
    return found
