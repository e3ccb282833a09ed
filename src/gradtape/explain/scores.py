"""A value that weighs log-probabilities, as an advantage weighs those of what was done: a constant is meant there.

The gradient of an expected reward is the mean of reward times the gradient of the log-probability; what the reward is
compared with may depend on the parameters, and no gradient is to flow through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain import names
from gradtape.explain.flat import PRODUCTS

if TYPE_CHECKING:
    from gradtape.explain.cause import Context

LOGARITHMS = frozenset(
    {"log", "log_softmax", "log_sigmoid", "logsumexp", "log_prob", "logpdf", "cross_entropy", "nll_loss"}
    | {"softmax_cross_entropy_with_logits", "sparse_softmax_cross_entropy_with_logits", "categorical_crossentropy"}
    | {"sparse_categorical_crossentropy", "binary_cross_entropy_with_logits"}
)
"""Functions that give log-probabilities, or their negative."""

SHAPING = names.PARTS | {"gather", "take", "take_along_axis", "stack", "concatenate", "negative", "sum", "mean"}
"""What puts numbers in another form, or adds them up."""

COMPARING = SHAPING | {"add", "subtract", "divide", "multiply", "std", "cumsum", "flip", "clip"}
"""What makes advantages of rewards and of what they are compared with."""

MAKING = SHAPING | {"add", "subtract", "multiply"}
"""What log-probabilities of several numbers, or of a normal distribution, are put together with."""

MOST = 200
"""How many values are looked at."""


def weighs(context: Context, value: int) -> bool:
    """Whether everything that a value goes on to, on its way to the target, is multiplied by log-probabilities."""
    if not context.run.once("logarithms", lambda: not LOGARITHMS.isdisjoint(context.run.columns.functions)):
        return False
    columns, before = context.run.columns, context.before_target
    waiting, seen, found = [value], {value}, False
    while waiting:
        here = waiting.pop()
        if here in context.question.target_ids or len(seen) > MOST:
            return False
        for number, position in columns.uses.get(here, ()):
            output, function = columns.outputs[number], columns.functions[number]
            others = [i for k, i in enumerate(columns.inputs[number]) if k != position and i]
            if output not in before:
                continue
            if function in PRODUCTS and any(_is_score(context, other) for other in others):
                found = True
            elif function not in COMPARING:
                return False
            elif output not in seen:
                seen.add(output)
                waiting.append(output)
    return found


def _is_score(context: Context, value: int) -> bool:
    """Whether a value is made of log-probabilities that move with the source or with another parameter."""
    columns = context.run.columns
    waiting, seen = [value], {value}
    while waiting and len(seen) < MOST:
        number = columns.maker.get(waiting.pop())
        if number is None:
            continue
        if columns.functions[number] in LOGARITHMS:
            return True
        if columns.functions[number] in MAKING:
            new = {i for i in columns.inputs[number] if i} - seen
            seen |= new
            waiting += new
    return False
