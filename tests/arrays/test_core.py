"""The compiled core does what the functions do that it stands for; without a compiler nobody misses it."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
try:
    import core as tools_core
finally:
    sys.path.remove(str(ROOT / "tools"))

COMPILER = (sysconfig.get_config_var("CC") or "cc").split()[0]

PROGRAM = """
import gc, json, sys, warnings, weakref
import numpy as np
import gradtape as gt
import gradtape.numpy as gnp
from gradtape.arrays import core, dispatch, record
from gradtape.tape import pulls

if CORE_FROM:
    import importlib.util
    assert core.CORE.__file__.startswith(CORE_FROM), core.CORE.__file__
else:
    assert core.CORE is None

def told(recording):
    first = recording.records[0].output if recording.records else 0
    return [
        [r.op.name, [i and i - first for i in r.inputs], r.output - first, repr(r.params), repr(r.shapes),
         r.code.co_name, r.lasti, None if s is None else [repr(p) for p in s]]
        for r, s in zip(recording.records, recording.saved)
    ]

def plain():
    w = gt.Variable(np.linspace(0.5, 1.5, 6).reshape(2, 3)); b = gt.Variable([1.0, 2.0, 3.0]); x = np.ones((2, 2))
    with gt.GradientTape(persistent=True) as tape:
        h = np.tanh(x @ w + b) * 2.0 - 1
        y = (h / (1.5 + h * h)) ** 2
        z = np.sum(y[1] - y[0, ::-1]) + np.sum(gnp.exp(-h), axis=0)[1] + (2 - w)[0, 0] + abs(b)[0] * w[0]
    return tape, z, [w, b, h]

def complex_numbers():
    w = gt.Variable([1.0 + 2.0j, 3.0]); v = gt.Variable([2.0, 0.5])
    with gt.GradientTape(persistent=True) as tape:
        z = np.sum(np.abs(w * v + v) + np.real(np.exp(1j * v)))
    return tape, z, [w, v]

def nested():
    x = gt.Variable(0.7)
    with gt.GradientTape(persistent=True) as outer:
        with gt.GradientTape() as inner:
            y = np.sin(x) * x + x / 3
        d = inner.gradient(y, x)
    return outer, d, [x]

def half_and_whole():
    x = gt.Variable(np.ones(3, np.float16)); n = gt.Variable([1, 2, 3])
    with gt.GradientTape(persistent=True) as tape:
        z = np.sum(x * 2.0 + n * x + np.floor(x) + (x > 0.5) * x)
    return tape, z, [x]

def parts_and_lists():
    x = gt.Variable([[2.0, 1.0], [1.0, 3.0]])
    with gt.GradientTape(persistent=True) as tape:
        values, vectors = np.linalg.eigh(x)
        z = np.sum(values * np.concatenate([x[0], x[1]])[:2]) + np.sum(np.modf(x)[0])
    return tape, z, [x]

def in_a_family():
    import gradtape.tf as tf
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        z = tf.reduce_sum(tf.sin(x) * x + 1.0)
    return tape, z, [x]

def plain_arrays():
    w = gt.Variable(np.linspace(0.5, 1.5, 6).reshape(2, 3)); a = np.arange(6.0).reshape(2, 3); row = np.ones(3)
    choice = np.array([True, False, True])
    with gt.GradientTape(persistent=True) as tape:
        y = a * w + row - np.float64(2.0) * (w / row) + np.where(choice, w, a)
        y = np.clip(y, -row, row * 9.0) + np.minimum(a, w) + np.asarray(1.5, np.float32) * w
        z = np.sum(y @ row) + np.sum(np.multiply(w, a, where=choice))
    a[:] = row[:] = np.nan
    choice[:] = False
    return tape, z, [w]

def brackets():
    w = gt.Variable(np.arange(24.0).reshape(2, 3, 4)); rows = np.array([1, 0, 1]); k = gt.constant(1)
    with gt.GradientTape(persistent=True) as tape:
        z = np.sum(w[rows] * 2.0) + w[0, 1, 2] + np.sum(w[..., None, 1:3]) + np.sum(w[k]) + w[-1][0][(0,)]
        z = z + np.sum(w[:, [0, 2]])
    rows[:] = 0
    return tape, z, [w]

def cotangents_that_are_shared():
    x = gt.Variable(np.linspace(0.5, 1.5, 5)); v = gt.Variable(np.ones((3, 5)))
    with gt.GradientTape(persistent=True) as tape:
        y = x + x; u = y * 3.0; h = np.sin(u) + u; q = h * h - np.exp(y)
        s = v * q; t = s + v; z = np.sum(t * t) + np.sum(q) + np.sum(-q) + np.sum(y[1:] * y[:-1])
    return tape, z, [x, y, u, h, q, s, t, v]

def doors():
    x = gt.Variable(np.linspace(0.5, 1.5, 4))
    with gt.GradientTape(persistent=True) as tape:
        y = x * 2.0 + (3.0 - x) + np.add(x, 1, dtype=np.float32) + np.logaddexp(0.0, x)
        z = np.sum(np.multiply.outer(x, y)) + np.add.reduce(x) + np.mean(y, axis=0) + np.max(x) + np.prod(a=x)
    return tape, z, [x, y]

def odd_gradients():
    found = []
    for values in ([1.0, 0.0], [0.0, 0.0],
                   [1.0, np.inf], [np.nan, 1.0], [1e-200, 0.0], [1e200, 1.0], np.ones(5000), 1.0, 0):
        for dtype in (np.float64, np.float32, np.float16, np.complex128):
            with np.errstate(all="ignore"): x = gt.Variable(np.ones_like(values, dtype)); g = np.asarray(values, dtype)
            with gt.GradientTape() as tape: y = x * 1.0
            tape.gradient(y, x, output_gradients=g); found.append(tape._recording.odd)
    return found
found_odd = odd_gradients()

def unwatched():
    w, v, n = gt.Variable([1.0]), gt.Variable([2.0], trainable=False), gt.Variable([3])
    with gt.GradientTape() as outer, gt.GradientTape(watch_accessed_variables=False) as inner: y = w * v * n
    return [[len(t.watched_variables()), len(t._recording.roots), len(t._recording.since)] for t in (outer, inner)]

def by_name(x):  # the instruction of a call is counted otherwise where a function of C is called
    e = x.__array_ufunc__(np.exp, "__call__", x)
    return x.__mul__(2.0), x.__rsub__(3.0), type(x).__neg__(x), e, x.__getitem__(1)

found = {}
for program in (plain, complex_numbers, nested, half_and_whole, parts_and_lists, in_a_family, plain_arrays, brackets,
                cotangents_that_are_shared, doors):
    tape, target, sources = program()
    gradients = tape.gradient(target, sources)
    found[program.__name__] = [told(tape._recording), [repr(g) for g in gradients], repr(target)]

x = gt.Variable(np.ones(3)); weight = np.full(3, 2.0); kept = [np.full(3, 7.0)]
@gt.custom_gradient
def given(x): return x * 1.0, lambda g: kept[0]
with gt.GradientTape() as tape: y = (given(x) + x + x) * 2.0 * 3.0
found["what others hold"] = [repr(tape.gradient(y, x, output_gradients=weight)), repr(weight), repr(kept)]

found["odd"], found["watched"] = found_odd, unwatched()
with gt.GradientTape(): found["by name"] = [repr(y) for y in by_name(gt.Variable([1.0, 2.0]))]

def outside():
    v = gt.Variable([1.0]); y = np.sin(v) * 2.0
    with gt.GradientTape() as tape:
        u = gt.constant([2.0]); c = np.cos(u) * u
    kept = len(record.STATE.ambient.saved)
    return [repr(gt.gradients(y, v)), kept, [s is None for s in tape._recording.saved]]
found["outside"] = outside()

class Weird:
    def __repr__(self): return "weird"
errors = []
for wrong in (lambda x: x + np.ones(4), lambda x: x @ gt.constant(np.ones((5, 5))), lambda x: x[7], lambda x: x + "a",
              lambda x: np.sin(x, x, x, x), lambda x: x + Weird(), lambda x: x.__add__(), lambda x: x[Weird()]):
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        try:
            wrong(x)
        except Exception as error:
            said = "" if type(error) is TypeError else str(error)
            errors.append([type(error).__name__, said, type(error.__cause__).__name__])
found["errors"] = errors

@gt.custom_gradient
def refused(x):
    def grad(g): raise gt.errors.NoGradientError("not today")
    return x * 1.0, grad
x = gt.Variable([1.0])
with gt.GradientTape() as tape: y = refused(x) * 2.0
try: tape.gradient(y, x)
except gt.errors.NoGradientError as error: found["refusal"] = str(error)
with gt.GradientTape() as tape: y = np.sum(np.linalg.inv(gt.constant(np.eye(2)) * x))
tape.gradient(y, x)

op = gnp.sum.row
op.pulls = (lambda g, residuals, params: None,)
x = gt.Variable([1.0, 2.0])
with gt.GradientTape() as tape: y = np.sum(x) + x[0]
found["silence"] = repr(tape.gradient(y, x))
op.pulls = pulls.make_pulls(op)

def leaks():
    w = gt.Variable(np.ones(5))
    with gt.GradientTape() as tape:
        y = w
        for _ in range(50): y = np.sin(y) * 1.01 + y
        z = np.sum(y[1:3])
    tape.gradient(z, w)
    return y._value
array = leaks(); record.STATE.__init__(); gc.collect()
found["held"] = sys.getrefcount(array) - 2
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the core into a folder of its own."""
    if which(COMPILER) is None or not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        pytest.skip("no C compiler, or no headers of Python")
    return tools_core.compile_core(tmp_path_factory.mktemp("core"))


WITH = """CORE_FROM = {folder!r}
import importlib.util, sys
spec = importlib.util.spec_from_file_location("gradtape.arrays._core", {file!r})
sys.modules["gradtape.arrays._core"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
"""
WITHOUT = "CORE_FROM = None" + "\n" * WITH.count("\n")  # the errors tell lines


def ran(program, built=None):
    """Run a program in a process of its own, with the core from a file or without any."""
    start = WITHOUT if built is None else WITH.format(folder=str(built.parent), file=str(built))
    done = subprocess.run(
        [sys.executable, "-c", f"exec(compile({start + program!r}, 'program.py', 'exec'))"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "GRADTAPE_CORE": "0" if built is None else "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def test_both_write_the_same_records_and_give_the_same_gradients_and_errors(built):
    compiled, python = ran(PROGRAM, built), ran(PROGRAM)
    assert compiled.stdout == python.stdout
    assert '"plain": [[["matmul"' in python.stdout
    assert '"held": 0' in python.stdout


def test_a_core_that_does_not_load_is_as_if_there_were_none():
    code = "import sys; sys.modules['gradtape.arrays._core'] = None\nfrom gradtape.arrays.core import CORE\nprint(CORE)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "None\n"


def test_an_operation_makes_no_call_of_python(built):
    program = (
        "import sys, numpy as np, gradtape as gt\n"
        "x = gt.Variable(np.ones(3)); a = np.ones(3); seen = []\n"
        "def act(): return x + x, x * 2.0, 1.0 - x, x * a, -x, np.add(x, a), x * np.float64(2.0)\n"
        "with gt.GradientTape() as tape:\n"
        "    act()\n"
        "    sys.setprofile(lambda frame, event, argument: seen.append(event))\n"
        "    act()\n"
        "    sys.setprofile(None)\n"
        "print(seen.count('call'), len(tape._recording.written))\n"
    )
    done = ran(program, built)
    assert done.stdout == "1 14\n", done.stderr


ALIASES = """
import numpy as np, gradtape as gt
rng = np.random.default_rng(3)
w, v, s = gt.Variable(rng.normal(size=(4, 6))), gt.Variable(rng.normal(size=6)), gt.Variable(rng.normal(size=(4, 1)))
plain, held, weights = rng.normal(size=(4, 6)), [rng.normal(size=(4, 6))], rng.normal(size=(4, 6))

@gt.custom_gradient
def given(x):
    return x * 1.0, lambda g: held[0]

@gt.custom_gradient
def passed(x):
    return x * 1.0, lambda g: g

def program(k):
    y = [w + v, w * v - s, w[::2][[0, 1, 0, 1]] + w.T.T, np.broadcast_to(v, (4, 6)) * w + plain, given(w) + w + w,
         passed(w) - w[:, ::-1], np.reshape(np.reshape(w, (24,)), (4, 6)) + w, np.where(plain > 0, w, s) + w[0]][k % 8]
    z = [y + y, -y * 2.0, y * y + w, np.sin(y) + y[:, :1], y - np.tanh(y) * v, np.concatenate([y[:2], y[2:]])][k % 6]
    if k % 5 > 1:
        z = z + w[1] + w[1:2] * v[0] + np.take(w, [0, 0, 1, 2], axis=0)
    return y, [y, z * 1.0, np.exp(z * 0.1) / (2.0 + s * s)][k % 3] + z

def bits(values):
    return [v.tobytes() for v in values if hasattr(v, "tobytes")]

for k in range(48):
    with gt.GradientTape(persistent=True) as tape:
        y, z = program(k)
    everything = [w._value, v._value, s._value, y._value, z._value, plain, held[0], weights]
    everything += [part for kept in tape._recording.saved if kept for part in kept]
    before = bits(everything)
    first = tape.gradient(z, [w, v, s, y], weights, "zero")
    told = bits([g._value for g in first])
    second = tape.gradient(z, [w, v, s, y], weights, "zero")
    assert bits(everything) == before, k
    assert bits([g._value for g in first]) == told == bits([g._value for g in second]), k
    for a in [g._value for g in first]:
        assert not any(np.shares_memory(a, b) for b in [weights, *[g._value for g in second]] if b is not held[0]), k
    print(*[np.float64(np.sum(g._value)).hex() for g in first])
"""


def test_a_place_that_is_met_again_takes_no_memory(built):
    program = (
        "import numpy as np, gradtape as gt\n"
        "x = gt.Variable(np.ones(3))\n"
        "def act():\n"
        "    for _ in range(2):\n"
        f"        {'; '.join(['x * 2.0'] * 100)}\n"
        "with gt.GradientTape() as tape: act()\n"
        "first, second = tape._recording.written[99], tape._recording.written[199]\n"
        "print(first[6] > 256, first[6] is second[6], first[6] != tape._recording.written[98][6])\n"
    )
    done = ran(program, built)
    assert done.stdout == "True True True\n", done.stderr


def test_nothing_that_anybody_holds_is_written_to(built):
    compiled, python = ran(ALIASES, built), ran(ALIASES)
    assert len(compiled.stdout.splitlines()) == 48, compiled.stderr
    assert compiled.stdout == python.stdout, python.stderr


def test_a_recorded_sweep_looks_for_no_places_and_makes_tensors_without_python(built):
    program = (
        "import sys, numpy as np, gradtape as gt\n"
        "x = gt.constant(np.ones(3)); seen = []\n"
        "def second():\n"
        "    with gt.GradientTape() as outer:\n"
        "        outer.watch(x)\n"
        "        with gt.GradientTape() as inner:\n"
        "            inner.watch(x)\n"
        "            y = np.sin(x) * np.exp(x) / x\n"
        "        slope = inner.gradient(y, x)\n"
        "    return outer, outer.gradient(slope, x)\n"
        "second()\n"
        "sys.setprofile(lambda frame, event, argument: seen.append((event, frame.f_code.co_name)))\n"
        "outer, found = second()\n"
        "sys.setprofile(None)\n"
        "names = [name for event, name in seen if event == 'call']\n"
        "print({'find_site', '_as_tensor', 'function', 'recorded'} & set(names), len(outer._recording.written) > 10)\n"
        "print([r.code.co_name for r in outer._recording.records] == ['second'] * len(outer._recording.written))\n"
    )
    done = ran(program, built)
    assert done.stdout == "set() True\nTrue\n", done.stdout + done.stderr


def test_memory_is_written_to_where_nobody_else_has_it(built):
    program = (
        "import tracemalloc, numpy as np, gradtape as gt\n"
        "x = gt.Variable(np.ones(100_000))\n"
        "with gt.GradientTape() as tape:\n"
        "    y = x\n"
        "    for _ in range(10): y = np.sin(y) * 1.01 + y\n"
        "tracemalloc.start()\n"
        "tape.gradient(y, x)\n"
        "print(tracemalloc.get_traced_memory()[1] / 800_000 < 4.5)  # without that it is 5\n"
    )
    done = ran(program, built)
    assert done.stdout == "True\n", done.stderr


LOOPS = """
import warnings
import numpy as np
import gradtape as gt
from gradtape.arrays.core import LOOPS
from gradtape.arrays.protocols import FUNCTIONS

rng = np.random.default_rng(0)
a, b = rng.uniform(0.1, 0.9, (6, 40)), rng.uniform(0.1, 0.9, (6, 40))
a[0, :4] = 0.0, np.inf, np.nan, 1e-310
OPERANDS = [
    (a, b), (a, b[0]), (b[0], a), (a, 0.3), (2, a), (a, np.float64(0.3)), (np.float64(0.3), np.float64(0.7)),
    (a, -1e300), (a[:, 0], b[:, 1]), (a[0, ::-1], b[0]), (a.T, b.T), (a[:, :1], b), (a[None], b), (a[:0], b[:0]),
    (b[0, :1], a), (a, 1 << 40), (rng.normal(size=5000),) * 2, (np.broadcast_to(b[0, 0], (6, 40)), a), (b[0, 2], b[1]),
    (a, b.T), (a.T, b), (b.T, b), (b, b.T), (b[:, ::2], b.T[::2]), (np.asfortranarray(b), b.T), (b[:1], b.T),
    (b, b.T[:, :1]),
    (b[:, ::-1], b.T), (b[:, :1], b[:1]), (b[:, :0], b.T[:0]),
]

def outcome(function, *operands):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        y = function(*operands)
    y = y._value if isinstance(y, gt.Tensor) else y
    return type(y), y.dtype, y.shape, y.strides, y.tobytes(), [(w.category, str(w.message)) for w in said]

wrong, compared = [], 0
for ufunc in LOOPS:
    if ufunc not in FUNCTIONS or FUNCTIONS[ufunc].parts:
        continue
    assert LOOPS[ufunc](*[np.int64(1)] * ufunc.nin if ufunc is not np.matmul else (b, b.T)) is not None
    for dtype in (np.float64, np.float32, np.float16):
        for operands in OPERANDS:
            with np.errstate(all="ignore"):
                plain = [x.astype(dtype) if hasattr(x, "dtype") else x for x in operands[: ufunc.nin]]
            try:
                expected = outcome(ufunc, *plain)
            except (TypeError, ValueError, OverflowError):
                continue
            given = [gt.constant(plain[0]) if hasattr(plain[0], "dtype") else plain[0], *plain[1:]]
            if len(given) > 1 and not hasattr(given[0], "numpy"):
                given[1] = gt.constant(given[1])
            with gt.GradientTape() as tape:
                found = outcome(ufunc, *given)
            compared += 1
            if found != expected:
                wrong.append((ufunc.__name__, dtype.__name__, found, expected))
with np.errstate(all="raise"), gt.GradientTape() as tape:
    x = gt.Variable([1e200, 1.0])
    try: x * 1e200
    except FloatingPointError as error: print(error)
print(len(wrong), compared > 3000, wrong[:8])
"""


def test_loops_without_dispatch_give_the_same_bits_and_warnings(built):
    done = ran(LOOPS, built)
    assert done.stdout == "overflow encountered in multiply\n0 True []\n", done.stdout[:2000] + done.stderr


PROGRAMS = """
import numpy as np
from gradtape.arrays.core import CORE
from gradtape.ops import OPS, Partial, load_families
from gradtape.spaces.numpy_space import xp
from gradtape.tape.programs import program_of

load_families("special")
rng = np.random.default_rng(0)
known, wrong = [], []
for op in OPS.values():
    for rule in op.rules if not op.params else ():
        program = program_of(rule.fn, len(op.args) + 1) if type(rule) is Partial else None
        if program is None:
            continue
        known.append(op.name)
        for dtype in (np.float64, np.float32, np.float16):
            for shape in ((5,), (3, 4), ()):
                kept = tuple(rng.uniform(0.1, 0.9, shape).astype(dtype)[()] for _ in range(len(op.args) + 1))
                for residuals in (kept, (0.5, *kept[1:]), (kept[0], *[0.5] * len(op.args)), (kept[0][None], *kept[1:])):
                    g = np.ones_like(kept[0])
                    try: expected = np.asarray(rule.fn(xp, *residuals) * g)
                    except TypeError: continue
                    found = np.asarray(CORE.factor(rule.fn, False, program)(g, residuals, {}))
                    if (found.dtype, found.tobytes()) != (expected.dtype, expected.tobytes()):
                        wrong.append((op.name, dtype.__name__, shape))
print(wrong[:5], len(known) > 20, {"sin", "tanh", "divide", "sqrt"} <= set(known), "multiply_no_nan" in known)
assert program_of(lambda xp, y, x: 1.0 if x > 0 else x * y, 2) is None
assert program_of(lambda xp, y, x: x * (2.0 if x == y else 3.0), 2) is None
assert program_of(lambda xp, y, x: (x * y, y)[1], 2) is None
assert program_of(lambda xp, y, x: xp.where(x, y, 0.0), 2) is None
"""


def test_partial_derivatives_are_the_same_as_programs(built):
    done = ran(PROGRAMS, built)
    assert done.stdout == "[] True True False\n", done.stdout[:2000] + done.stderr


def test_the_garbage_collector_does_not_walk_a_long_tape_and_still_finds_circles(built):
    program = (
        "import gc, weakref, numpy as np, gradtape as gt\n"
        "x = gt.Variable(np.ones(3)); row = np.ones(3)\n"
        "def run():\n"
        "    with gt.GradientTape() as tape:\n"
        "        y = x\n"
        "        for _ in range(100): y = np.sum(np.reshape(np.sin(y) * 1.01 + row, (1, y.size)), axis=0)\n"
        "        y = np.sum(y)\n"
        "    return tape\n"
        "run(); gc.collect(); before = len(gc.get_objects()); tape = run()\n"
        "print(len(gc.get_objects()) - before < 100)\n"
        "class Held: pass\n"
        "def circle():\n"
        "    held = Held()\n"
        "    @gt.custom_gradient\n"
        "    def f(x): return x * 1.0, lambda g: (held, g)[1]\n"
        "    with gt.GradientTape() as held.tape: f(x) * 2.0\n"
        "    return weakref.ref(held)\n"
        "held = circle(); run(); gt.arrays.record.STATE.__init__(); gc.collect(); print(held() is None)\n"
    )
    done = ran(program, built)
    assert done.stdout == "True\nTrue\n", done.stderr


def test_it_refuses_what_it_cannot_be_told(built):
    program = (
        "core = module\n"
        "for act in (lambda: core.set_up({}), lambda: core.set_up('doors', {}), lambda: core.set_up('sweep', 1),"
        " lambda: core.loop(1, True), lambda: core.note_events(1),"
        " lambda: core.note_event(1), lambda: core.note_event(1, 2, 3, only=4), lambda: core.note_event(1, odd=2),"
        " lambda: core.prepared(1), lambda: core.collected(1), lambda: core.recorded(1), lambda: core.as_tensors(1),"
        " lambda: core.factor(len, False, ((), ())), lambda: core.factor(len, False, ((), ((len, b''),))),"
        " lambda: core.apply(1), lambda: core.apply_to_one(1), lambda: core.apply_to_two(1),"
        " lambda: core.factor(1), lambda: core.transpose(len, False)(1),"
        " lambda: core.run_back((), [], 0, [], {}, {}, set(), set()),"
        " lambda: core.run_back([], [], 3, [], {}, {}, set(), set())):\n"
        "    try: act()\n"
        "    except (TypeError, ValueError) as error: print(type(error).__name__)\n"
    )
    done = ran(program, built)
    assert done.stdout.split() == ["TypeError"] * 20 + ["ValueError"], done.stderr
