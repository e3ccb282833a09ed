"""Measure which functions are differentiated rightly, and write the table and the page of it.

    python tools/coverage.py              measure, print what is wrong, compare with docs/coverage/ours.csv
    python tools/coverage.py --write      measure, and write docs/coverage/ours.csv and docs/coverage.md

Every row of docs/coverage/functions.csv has an expression. It runs in float64 on variables inside a tape: `np` is plain
NumPy, so that calls arrive through NumPy's protocols; `sp` is `gradtape.scipy`, `tf` is `gradtape.tf`, `nn` is
`gradtape.nn`. The gradient, along one direction per argument, is compared with the central difference of the same
expression on plain values (of NumPy and SciPy themselves, where the expression is theirs).

    yes      a right gradient that is not zero
    zero     zero or None, and the difference quotient is zero too
    exit     None, because the value left the tape at this very call: it is an array or number, by the meaning of the
             function or because NumPy asks nobody; the explanation names the call
    n/a      the result is an integer, a truth value or a constant
    own      the gradient is not the derivative, on purpose: that is what the function is for
    lost     None or zero although the function changes      wrong    a gradient, and not the right one
    raises   an exception

One generic point per row says nothing about edges; the tests of the table are for those. The words of the peers were
measured in the same way, each with its own functions, in the versions that the page names.
"""

from __future__ import annotations

import argparse
import ast
import csv
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import gradtape as gt
import gradtape.nn
import gradtape.numpy as gnp
import gradtape.scipy
import gradtape.tf

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ROOT / "docs" / "coverage" / "functions.csv"
OURS = ROOT / "docs" / "coverage" / "ours.csv"
PAGE = ROOT / "docs" / "coverage.md"
PEERS = {
    "autograd": "HIPS autograd 1.9.1",
    "mygrad": "MyGrad 2.5.0",
    "jax": "JAX 0.10.2",
    "tensorflow": "TensorFlow 2.21.0",
    "torch": "PyTorch 2.13.0",
}
ON_PURPOSE = {
    "tf.one_hot": "has no gradient in its two values, as in TensorFlow",
    "tf.stop_gradient": "ends the path",
    "tf.grad_pass_through": "gives the identity's gradient",
    "tf.quantization.fake_quant_with_min_max_vars": "gives the identity's gradient between the ends",
    "tf.numpy_function": "is a constant for the tape, as in TensorFlow",
    "tf.Variable.assign": "carries no gradient, as in TensorFlow",
}
"""Functions whose gradient is not their derivative, by definition."""
EXITS = (
    "np.array",
    "np.asarray",
    "np.asanyarray",
    "np.ascontiguousarray",
    "np.asfortranarray",
    "np.require",
    "np.full",
    "np.kaiser",
    "np.vectorize",
    "np.lib.stride_tricks.as_strided",
    "ndarray.choose",
    "ndarray.item",
    "ndarray.tolist",
)
"""Functions of NumPy's that give arrays or numbers whatever they are called on (docs/decisions/0016)."""
BAD = ("lost", "wrong", "raises")
NUMPY_ASKS_NOBODY = "NumPy, as it comes, turns its argument into an array here: `gradtape.numpy` has it on the tape"

_rng = np.random.default_rng(7)
_square = _rng.normal(size=(4, 4))
_boxes = [[0.0, 0.0, 0.5, 0.5], [0.1, 0.1, 0.6, 0.6], [0.5, 0.5, 1.0, 1.0], [0.0, 0.4, 0.3, 0.9]]
VARIABLES: dict[str, Any] = {
    "x": np.array([0.31, 0.58, 0.72, 0.24]),
    "y": np.array([0.62, 0.27, 0.44, 0.86]),
    "p": np.array([1.31, 1.58, 1.72, 1.24]),
    "A": _rng.normal(size=(4, 4)) + 3.0 * np.eye(4),
    "B": _rng.normal(size=(4, 4)),
    "S": _square @ _square.T + 4.0 * np.eye(4),
    "M": _rng.normal(size=(3, 4)),
    "M2": _rng.normal(size=(3, 4)),
    "N43": _rng.normal(size=(4, 3)),
    "T3": _rng.normal(size=(2, 3, 4)),
    "T4": _rng.normal(size=(1, 3, 2, 4)),
    "w3": np.array([0.52, -1.21, 0.83]),
    "u3": np.array([1.48, 0.21, 0.34]),
    "s": np.array(0.71),
    "bandA": np.array([[0.0, 0.31, 0.22, 0.13], [4.1, 5.2, 6.3, 7.4], [0.52, 0.43, 0.34, 0.0]]),
    "band2": np.array([[0.0, 0.31, 0.22, 0.13], [4.1, 5.2, 6.3, 7.4]]),
    "L": _rng.normal(size=32),
    "k2": _rng.normal(size=(3, 3)),
    "img": _rng.uniform(0.1, 0.9, size=(1, 6, 6, 3)),
    "img2": _rng.uniform(0.1, 0.9, size=(1, 6, 6, 3)),
    "k4": _rng.normal(size=(3, 3, 3, 2)),
    "k1": _rng.normal(size=(2, 4, 2)),
    "kp": _rng.normal(size=(1, 1, 6, 2)),
    "k3d": _rng.normal(size=(2, 2, 3)),
    "vol": _rng.normal(size=(1, 3, 3, 3, 2)),
    "k5": _rng.normal(size=(2, 2, 2, 2, 2)),
    "yb": np.array([0.0, 1.0, 0.5]),
    "sos": np.array([[0.2, 0.3, 0.1, -0.4, 0.2], [1.0, 0.5, 0.2, 0.3, 0.1]]),
}
VARIABLES["c"] = VARIABLES["x"] + 1j * VARIABLES["y"]
VARIABLES["C"] = VARIABLES["A"] + 1j * VARIABLES["B"]
CONSTANTS: dict[str, Any] = {
    "ni": np.array([3, 1, 2, 0]),
    "ni32": np.array([3, 1, 2, 0], dtype="int32"),
    "idx": np.array([2, 0, 1]),
    "mask": np.array([True, False, True, True]),
    "bins": np.array([0.0, 0.5, 1.0]),
    "ord_": np.array([[0, 2, 1, 3], [3, 1, 0, 2], [1, 0, 3, 2]]),
    "boxes": np.array(_boxes),
}


def changed(change: Any) -> Any:
    """Make a function of a change in place: it works on a copy and returns it."""

    def run(_np: Any, x: Any, *args: Any) -> Any:
        x = x * 1.0
        change(x, *args)
        return x

    return run


HELPERS: dict[str, Any] = {
    "sym": lambda a: (a + a.T) / 2,
    "f32": lambda t: t.astype("float32"),
    "setitem": changed(lambda x, s: x.__setitem__(1, s)),
    "ufuncat": changed(np.add.at),
    "sortinplace": changed(lambda x: x.sort()),
    "fillinplace": changed(lambda x, s: x.fill(s)),
    "putinplace": changed(lambda x, i, w: x.put(i, w)),
    "partinplace": changed(lambda x: x.partition(2)),
}


def plain(value: Any) -> Any:
    """Take the array out of a tensor."""
    return value.numpy() if hasattr(value, "numpy") else value


def leaves(value: Any) -> list[Any]:
    """Return what a nested result is made of."""
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list | tuple) else [value]


def weights(shape: tuple[int, ...]) -> Any:
    """Return fixed weights without a pattern that a wrong gradient could share."""
    return np.cos(np.arange(int(np.prod(shape))) * 1.7 + 0.3).reshape(shape)


def contracted(result: Any) -> Any:
    """Sum a result with fixed weights; None if nothing in it is a floating-point number."""
    total, counted = 0.0, False
    for leaf in leaves(result):
        values = np.asarray(plain(leaf)) if hasattr(leaf, "dtype") or isinstance(leaf, float | complex) else None
        if values is None or values.dtype.kind not in "fc":
            continue
        w, counted = weights(values.shape), True
        of = gnp if hasattr(leaf, "numpy") else np  # NumPy's own functions take TensorFlow's tensors off the tape
        if values.dtype.kind == "c":
            total = total + (of.real(leaf) * w).sum() + (of.imag(leaf) * (0.5 * w)).sum()
        else:
            total = total + (leaf * w).sum()
    return total if counted else None


class Library:
    """A library's names: ours first, and where ours has none, the original's."""

    def __init__(self, ours: Any, original: Any) -> None:
        self._ours, self._original = ours, original

    def __getattr__(self, name: str) -> Any:
        mine, theirs = getattr(self._ours, name, None), getattr(self._original, name, None)
        if isinstance(theirs, type(np)):
            return Library(mine, theirs)
        if mine is None and theirs is None:
            raise AttributeError(f"neither library has {name}")
        return theirs if mine is None else mine


def judge(expression: str) -> str:
    """Return the word for one expression."""
    used = {n.id for n in ast.walk(ast.parse(expression, mode="eval")) if isinstance(n, ast.Name)}
    names = [n for n in VARIABLES if n in used]
    code = compile(expression, expression, "eval")
    modules = {"np": np, "sp": Library(gt.scipy, scipy), "tf": gt.tf, "nn": gt.nn, **HELPERS, **CONSTANTS}
    only_values = {**modules, "sp": scipy} if "tf" not in used and "nn" not in used else modules

    def value(points: list[Any]) -> Any:
        gt.tf.random.set_seed(0)
        lifted = [gt.constant(p) for p in points] if modules is only_values else points
        try:
            return plain(contracted(eval(code, {**only_values, **dict(zip(names, lifted, strict=True))})))
        except (TypeError, AttributeError):  # SciPy's function takes no such call, or is a class of ours
            lifted = [gt.constant(p) for p in points]
            return plain(contracted(eval(code, {**modules, **dict(zip(names, lifted, strict=True))})))

    variables = [gt.Variable(VARIABLES[n].copy()) for n in names]
    gt.tf.random.set_seed(0)
    with gt.GradientTape() as tape:
        result = eval(code, {**modules, **dict(zip(names, variables, strict=True))})
        total = contracted(result)
    if total is None or not names:
        return "n/a"
    directions = [weights(VARIABLES[n].shape) for n in names]
    quotients = []
    for h in (1e-6, 1e-3):
        up, down = (
            value([VARIABLES[n] + sign * h * d for n, d in zip(names, directions, strict=True)]) for sign in (1, -1)
        )
        quotients.append((float(np.real(up)) - float(np.real(down))) / (2.0 * h))
    if not hasattr(total, "numpy"):
        return "exit" if any(map(abs, quotients)) else "zero"
    gradients = tape.gradient(total, variables, unconnected_gradients="zero")
    dense = [np.asarray(plain(g)) for g in gradients]
    ours = sum(float(np.sum(np.real(g) * d)) for g, d in zip(dense, directions, strict=True))
    bounds = ((1e-4, quotients[0]), (2e-2, quotients[1]))
    right = any(abs(q - ours) <= t * max(1.0, abs(q), abs(ours)) for t, q in bounds)
    if any(g.any() for g in dense):
        return "yes" if right and all(np.isfinite(g).all() for g in dense) else "wrong"
    return "zero" if right else "lost"


def measure(functions: list[dict[str, str]]) -> list[dict[str, str]]:
    """Judge every function once; an alias has its original's word."""
    words: dict[str, tuple[str, str]] = {}
    for k, row in enumerate(functions):
        if row["alias_of"]:
            continue
        if sys.stderr.isatty():
            print(f"\r{k + 1}/{len(functions)} {row['function']:50}", end="", file=sys.stderr)
        try:
            word = judge(row["expression"])
            if word in {"lost", "wrong"} and row["function"] in ON_PURPOSE:
                word = "own"
            words[row["function"]] = word, ON_PURPOSE.get(row["function"], "")
        except Exception as error:  # noqa: BLE001 - one function must not stop the table
            text = str(error).splitlines()[0] if str(error) else ""
            words[row["function"]] = "raises", f"{type(error).__name__}: {text}"
    if sys.stderr.isatty():
        print("\r" + " " * 70, file=sys.stderr)
    found = []
    for row in functions:
        word, note = words.get(row["alias_of"] or row["function"], ("n/a", ""))
        found.append({"function": row["function"], "tier": row["tier"], "gradtape": word, "note": note})
    return found


def smooth(row: dict[str, str]) -> bool:
    """Whether there is something to differentiate, as far as the peers, or we, have found."""
    return any(row[k] in {"yes", "partial", "lost", "wrong"} for k in (*PEERS, "gradtape"))


def page(rows: list[dict[str, str]]) -> str:
    """Write the page."""
    columns = ["gradtape", *PEERS]
    distinct = [r for r in rows if not r["alias_of"]]
    lines = [
        "# What is differentiated",
        "",
        "<!-- written by tools/coverage.py --write; the words are explained there -->",
        "",
        f"{len(distinct)} functions of NumPy, SciPy and TensorFlow, each run at one generic point in float64, its",
        "gradient compared with the difference quotient. The peers ran the same points, each with its own functions:",
        f"{', '.join(PEERS.values())}. Ours: NumPy {np.__version__}, SciPy {scipy.__version__}.",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    counted = {c: Counter(r[c] for r in distinct) for c in columns}
    words = ("yes", "zero", "own", "exit", "partial", "wrong", "lost", "raises", "n/a", "absent")
    lines += [f"| {word} | " + " | ".join(str(counted[c][word]) for c in columns) + " |" for word in words]
    lines += ["", "`yes` by tier (1: everybody uses it, 2: common in science, 3: rare):", ""]
    lines += ["| tier | functions | " + " | ".join(columns) + " |", "|---|---:|" + "---:|" * len(columns)]
    for tier in "123":
        of = [r for r in distinct if r["tier"] == tier]
        counts = (str(sum(r[c] == "yes" for r in of)) for c in columns)
        lines.append(f"| {tier} | {len(of)} | " + " | ".join(counts) + " |")
    exits = [f"`{r['function']}`" for r in distinct if r["gradtape"] == "exit"]
    lines += ["", "`exit`: " + ", ".join(exits) + ".", NUMPY_ASKS_NOBODY + "; `item` and `tolist` give numbers.", ""]
    for category in sorted({r["category"] for r in distinct}):
        lines += [f"## {category}", "", "| function | tier | " + " | ".join(columns) + " |"]
        lines += ["|---|---|" + "---|" * len(columns)]
        for r in distinct:
            if r["category"] == category:
                lines.append(f"| `{r['function']}` | {r['tier']} | " + " | ".join(r[c] for c in columns) + " |")
        lines.append("")
    return "\n".join(lines)


def read(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def main() -> int:
    """Run from the command line; the exit status is 1 if a function is worse than written down, or wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/coverage/ours.csv and docs/coverage.md")
    parser.add_argument("--only", default="", help="functions whose name contains this")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    functions = [r for r in read(FUNCTIONS) if args.only in r["function"]]
    found = measure(functions)
    known = {r["function"]: r["gradtape"] for r in read(OURS)} if OURS.exists() else {}
    worse = [r for r in found if r["gradtape"] in BAD and known.get(r["function"]) != r["gradtape"]]
    for r in found:
        if r["gradtape"] in BAD:
            print(f"{r['gradtape']:7} tier {r['tier']} {r['function']:45} {r['note'][:100]}")
    print("exit:", *(r["function"] for r in found if r["gradtape"] == "exit"))
    for tier in "123":
        print(f"tier {tier}:", dict(Counter(r["gradtape"] for r in found if r["tier"] == tier)))
    if args.write:
        OURS.parent.mkdir(exist_ok=True)
        with OURS.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, found[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
        rows = [{**f, **o} for f, o in zip(functions, found, strict=True)]
        PAGE.write_text(page(rows), encoding="utf-8")
        return 0
    changed_words = [r["function"] for r in found if known.get(r["function"], r["gradtape"]) != r["gradtape"]]
    if changed_words:
        print(f"not as in {OURS.name}: {', '.join(changed_words)}")
    return int(bool(worse or changed_words or any(r["gradtape"] in {"lost", "wrong"} for r in found)))


if __name__ == "__main__":
    raise SystemExit(main())
