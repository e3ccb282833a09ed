"""The ordinary sweep: what it makes of rules, and its loop.

A rule is general: it may run in any namespace. The sweep on plain arrays runs it for every record, so what can be
decided once per operation is decided here. What is made of a rule is a `Pull`: a float if the cotangent is only scaled
by it, a whole number if it is multiplied by that residual as it is, else a function `(g, residuals, params)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.core import CORE, LOOPS
from gradtape.ops.model import UNMADE, Partial
from gradtape.ops.reading import returned
from gradtape.spaces.numpy_space import xp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.arrays.record import Written
    from gradtape.ops import Op, Rule

    Pull = float | int | Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


unbroadcast = xp.unbroadcast


def make_pulls(op: Op) -> tuple[Pull | None, ...] | None:
    """Make and keep what an operation is pulled back by, one per argument; None for one through which nothing flows.

    Operations whose rules are asked in a way of their own have none: variadic ones, those whose derivative
    a user gave, and, without the core, those with rules that add in place.
    """
    rules = [rule for rule in op.rules if rule is not None]
    special = op.variadic or op.given or (CORE is None and any(rule.into is not None for rule in rules))
    made = None if special else tuple(None if rule is None else _pull(rule, op) for rule in op.rules)
    op.pulls = made
    return made


def run_back(
    records: Sequence[Written],
    saved: Sequence[Any],
    end: int,
    at: list[int],
    cotangents: dict[int, Any],
    found: dict[int, Any],
    sources: set[int],
    needed: set[int],
) -> int:
    """Carry cotangents back through `records[:end]`, up to an operation whose rules are asked in a way of their own.

    `cotangents` and `found` are those of `reverse.sweep`, and are changed. If a rule raises, `at` gets its place.

    Returns
    -------
    int
        The end of what is left: the operation before it is not done yet. 0 if nothing is left.
    """
    k = end
    waiting = cotangents.get
    try:
        for k in range(end - 1, -1, -1):
            residuals = saved[k]
            if residuals is None:
                continue
            op, inputs, output, params, shapes, _, _ = records[k]
            g = waiting(output)
            if g is None:
                continue
            pulls = op.pulls
            if pulls is UNMADE:
                pulls = make_pulls(op)
            if pulls is None:
                return k + 1
            del cotangents[output]
            if output in sources:
                found[output] = g
            for position, source in enumerate(inputs):
                pull: Any = pulls[position]
                if pull is None or source not in needed:
                    continue
                kind = pull.__class__
                if kind is int:
                    ct = g * residuals[pull]
                elif kind is float:
                    ct = g if pull == 1.0 else -g if pull == -1.0 else g * pull
                else:
                    ct = pull(g, residuals, params)
                    if ct is None:  # the rule has nothing to say of this argument
                        continue
                if shapes is not None:
                    ct = unbroadcast(ct, shapes[position])
                previous = waiting(source)
                cotangents[source] = ct if previous is None else previous + ct
    except BaseException:
        at.append(k)
        raise
    return 0


if CORE is not None:
    from gradtape.tape.programs import program_of

    CORE.set_up(
        "sweep",
        {
            "add": LOOPS[np.add],
            "add_reduce": np.add.reduce,
            "multiply": LOOPS[np.multiply],
            "negative": LOOPS[np.negative],
            "make_pulls": make_pulls,
            "unbroadcast": unbroadcast,
            "unmade": UNMADE,
            "xp": xp,
        },
    )
    run_back = CORE.run_back


def _pull(rule: Rule, op: Op) -> Pull:
    fn, alone = rule.fn, not op.params
    if type(rule) is not Partial:
        if CORE is not None:
            return CORE.transpose(fn, not alone, rule.into)  # type: ignore[no-any-return]
        if alone and len(op.args) == 1:
            return lambda g, r, _params: fn(xp, g, r[0], r[1])
        if alone and len(op.args) == 2:
            return lambda g, r, _params: fn(xp, g, r[0], r[1], r[2])
        return lambda g, r, params: fn(xp, g, *r, **params)
    what, which = returned(fn)
    if what == "constant" and isinstance(which, float):
        return which
    if what == "argument":
        return int(which) - 1  # the first argument is the namespace
    if CORE is not None:
        return CORE.factor(fn, not alone, program_of(fn, len(op.args) + 1) if alone else None)  # type: ignore[no-any-return]
    # the factor stands first, because NumPy reuses the memory of a large one that nobody else holds
    if alone and len(op.args) == 1:
        return lambda g, r, _params: fn(xp, r[0], r[1]) * g
    if alone and len(op.args) == 2:
        return lambda g, r, _params: fn(xp, r[0], r[1], r[2]) * g
    return lambda g, r, params: fn(xp, *r, **params) * g
