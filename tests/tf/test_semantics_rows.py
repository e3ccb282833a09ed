"""The law of the tape, row by row: what 667 calls give on TensorFlow 2.21, and what they give here.

The rows lie in `rows/*.txt`: id and behaviour, the call, and after `=` what TensorFlow printed. Where we do something
else, `rows/deviations.py` says what and why; a deviation that is none any more fails, too.
"""

import ast
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from gradtape import tf
from tests.tf.rows.deviations import DEVIATIONS

ROWS = Path(__file__).parent / "rows"
NUMBER = re.compile(
    r"(?<![A-Za-z_\d])[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|inf|nan)j?|[+-](?:\d+\.?\d*(?:e[+-]?\d+)?)j"
)
HEAD = re.compile(r"([A-Z]\d\d) .+\n((?: {4}.*\n)+)= (.*)\n")


def read_rows():
    for file in sorted(ROWS.glob("*.txt")):
        for number, call, given in HEAD.findall(file.read_text(encoding="utf-8")):
            yield number, "\n".join(line[4:] for line in call.splitlines()), given


TABLE = {number: (call, given) for number, call, given in read_rows()}


def test_every_row_is_read():
    assert len(TABLE) == 667
    assert set(DEVIATIONS) <= set(TABLE)


def shown(value):
    """Write a result as the table does."""
    if value is None or isinstance(value, bool | str | int | float):
        return repr(value)
    if isinstance(value, np.ndarray):
        return f"ndarray {array(value)}"
    if isinstance(value, np.generic):
        return repr(value)
    if isinstance(value, tf.IndexedSlices):
        values, indices = (numbers(part.numpy()) for part in (value.values, value.indices))
        shape = value.dense_shape.numpy().tolist()
        return f"IndexedSlices(values={values}, indices={indices}, dense_shape={shape})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {shown(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(shown, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    if type(value).__name__.startswith("Ragged"):
        return f"Ragged {value.to_list()}"
    return array(np.asarray(value.numpy())) if hasattr(value, "numpy") else repr(value)


def numbers(values):
    printed = np.array2string(np.asarray(values), precision=5, separator=",", suppress_small=True, floatmode="maxprec")
    return printed.replace("\n", "")


def array(values):
    if values.size:
        return f"{numbers(values)} {values.dtype.name}"
    shape = ", ".join(map(str, values.shape)) + ("," if values.ndim == 1 else "")
    return f"[] {values.dtype.name} shape({shape})"


def alike(got, wanted):
    """Compare two printed results: words exactly, numbers as numbers."""
    got, wanted = got.replace(" ", ""), wanted.replace(" ", "")
    if NUMBER.split(got) != NUMBER.split(wanted):
        return False
    pairs = zip(NUMBER.findall(got), NUMBER.findall(wanted), strict=True)
    return all(np.allclose(complex(a), complex(b), rtol=1e-4, atol=2e-5, equal_nan=True) for a, b in pairs)


def watched_gradient(f, *xs, **options):
    """Write `G(f, x...)` of the table: the gradients of `f(x...)` on a fresh tape that watches every `x`."""
    tensors = [x if tf.is_tensor(x) or not isinstance(x, float | list | np.ndarray) else plain(x) for x in xs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = f(*tensors)
    found = tape.gradient(y, tensors, **options)
    return found[0] if len(tensors) == 1 else found


def second(f, x):
    """Write `G2(f, x)` of the table: the second derivative by two nested tapes."""
    x = x if tf.is_tensor(x) else plain(x)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        slope = inner.gradient(y, x)
    return outer.gradient(slope, x)


def plain(x):
    return tf.constant(x) if isinstance(x, np.ndarray) else tf.constant(x, tf.float32)


def double(x):
    return x if tf.is_tensor(x) else tf.constant(np.asarray(x, np.float64))


def outcome(call):
    """Run a row; return what it printed, or the error that it raised."""
    names = {
        "tf": tf,
        "np": np,
        "C": tf.constant,
        "V": tf.Variable,
        "T": tf.GradientTape,
        "FA": getattr(tf.autodiff, "ForwardAccumulator", None),
        "D": double,
        "G": watched_gradient,
        "G2": second,
    }
    tree = ast.parse(call)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
    try:
        exec(compile(tree, "<row>", "exec"), names)  # noqa: S102
        return shown(eval(compile(last, "<row>", "eval"), names)) if last is not None else "None"  # noqa: S307
    except Exception as error:  # noqa: BLE001 - any error may be the answer
        return error


def agrees(got, wanted):
    if not wanted.startswith("raises "):
        return isinstance(got, str) and alike(got, wanted)
    name = wanted.removeprefix("raises ").partition(":")[0].rpartition(".")[2]
    return isinstance(got, Exception) and name in {kind.__name__ for kind in type(got).__mro__}


@pytest.mark.parametrize("number", sorted(TABLE))
def test_a_row(number):
    call, given = TABLE[number]
    if "bfloat16" in call:
        pytest.importorskip("ml_dtypes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = outcome(call)
    if number not in DEVIATIONS:
        assert agrees(got, given), f"{call}\ngave {got!r}, and TensorFlow {given}"
        return
    ours, reason = DEVIATIONS[number]
    assert agrees(got, ours), f"{call}\ngave {got!r}, wanted {ours} ({reason})"
    assert not agrees(got, given), f"{number} does what TensorFlow does: take it off the list"
