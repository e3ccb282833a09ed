"""The checker itself: rules that are wrong in one way each must fail it, and each for its own reason."""

import numpy as np
import pytest

from gradtape.ops import OPS, Linear, Multilinear, Op, Partial, Zero
from gradtape.ops.domains import REAL, case
from gradtape.testing import check_grads, check_rule


def row(call, kernel, cases=(), elementwise=False, numpy=None, **statuses):
    made = Op(
        "planted",
        call,
        statuses,
        numpy=numpy,
        aliases=(),
        methods=(),
        domain=REAL,
        cases=cases,
        elementwise=elementwise,
    )
    made.kernel = kernel
    return made


def outer_sum(xp, g, y, a):
    return xp.broadcast_to(g, shape=a.shape)


RIGHT = {
    "sin": row("x", np.sin, x=Partial(lambda xp, y, x: xp.cos(x))),
    "multiply": row("a, b", np.multiply, a=Partial(lambda xp, y, a, b: b), b=Partial(lambda xp, y, a, b: a)),
    "sum": row("a", np.sum, (case((2, 3)),), a=Linear(outer_sum)),
    "matmul": row("a, b", np.matmul, OPS["matmul"].cases, a=OPS["matmul"].rules[0], b=OPS["matmul"].rules[1]),
}

WRONG = {
    "sign swapped": (row("x", np.sin, x=Partial(lambda xp, y, x: -xp.cos(x))), "order 1"),
    "factor dropped": (row("x", np.square, x=Partial(lambda xp, y, x: x)), "order 1"),
    "arguments swapped": (
        row("a, b", np.multiply, a=Partial(lambda xp, y, a, b: a), b=Partial(lambda xp, y, a, b: b)),
        "order 1",
    ),
    "first argument only": (
        row("a, b", np.subtract, a=Partial(lambda xp, y, a, b: 1.0), b=Partial(lambda xp, y, a, b: 1.0)),
        "argument 1",
    ),
    "called constant": (row("x", np.sin, x=Zero("is constant between integers"), elementwise=True), "order 1"),
    "right once, wrong twice": (row("x", np.sin, x=Partial(lambda xp, y, x: xp.stop_gradient(xp.cos(x)))), "order 2"),
    "right once, half twice": (
        row("x", np.sin, x=Partial(lambda xp, y, x: 0.5 * xp.cos(x) + 0.5 * xp.stop_gradient(xp.cos(x)))),
        "order 2",
    ),
    "mean for a sum": (
        row("a", np.sum, (case((2, 3)),), a=Linear(lambda xp, g, y, a: outer_sum(xp, g / 6.0, y, a))),
        "order 1",
    ),
    "double precision": (
        row("x", np.sin, x=Partial(lambda xp, y, x: xp.cos(xp.cast(x, dtype="float64")))),
        "float64 cotangent",
    ),
    "double output": (
        row("x", lambda x: np.sin(x) * np.float64(1), x=Partial(lambda xp, y, x: xp.cos(x))),
        "float32 arguments",
    ),
    "called linear": (row("a", np.square, (case((2, 3)),), a=Linear(lambda xp, g, y, a: g * 2.0 * a)), "`Linear`"),
    "called multilinear": (
        row(
            "a, b",
            np.add,
            (case((3,), (3,)),),
            a=Multilinear(lambda xp, g, y, a, b: g),
            b=Multilinear(lambda xp, g, y, a, b: g),
        ),
        "`Multilinear`",
    ),
    "wrong value": (row("x", np.cos, numpy="sin", x=Partial(lambda xp, y, x: -xp.sin(x))), "the library"),
    "a kink, where the mean of both sides is right": (
        row("x", np.abs, (case([0.0, 1.0]),), elementwise=True, x=Partial(lambda xp, y, x: xp.sign(x))),
        "a kink",
    ),
    "a tie, where each side has its share": (
        row("a, axis=None, keepdims=False", np.max, (case([2.0, 1.0, 2.0]),), a=OPS["max"].rules[0]),
        "a kink",
    ),
    "no case": (row("a", np.sum, a=Linear(outer_sum)), "no case"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_rule_passes(name):
    check_rule(RIGHT[name])


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_fails(name):
    planted, words = WRONG[name]
    with pytest.raises(AssertionError, match="planted") as caught:
        check_rule(planted)
    assert words in str(caught.value)


def test_wrong_broadcasting_fails():
    bad = row(
        "a, b",
        np.multiply,
        (case((2, 3), (3,)),),
        a=Linear(lambda xp, g, y, a, b: g),
        b=Linear(lambda xp, g, y, a, b: xp.sum(g, axis=1, keepdims=False)),
    )
    with pytest.raises((AssertionError, ValueError)):
        check_rule(bad)


def test_strides_that_change_the_answer_fail():
    bad = row("x", np.sin, x=Partial(lambda xp, y, x: xp.cos(x) if getattr(x, "strides", (0,))[0] >= 0 else -xp.cos(x)))
    with pytest.raises(AssertionError, match="strides"):
        check_rule(bad)


def test_check_grads_passes_and_fails():
    check_grads(lambda a, b: (np.sin(a) * b, a @ b), [[0.3, 0.9], [1.0, -2.0]], order=3)
    with pytest.raises(AssertionError, match="argument 0"):
        check_grads(lambda a: np.sin(a.numpy() if hasattr(a, "numpy") else a), [[0.3]])
