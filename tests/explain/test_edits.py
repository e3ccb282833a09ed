"""The edits of findings: applied to the program they make the gradient flow, and leave everything else as it was."""

import ast

import pytest

from gradtape.diagnostics import CODES, Applicability
from gradtape.diagnostics.changes import applied
from gradtape.explain import Status
from gradtape.explain.edits import builders, mends, together

from .programs import run_program, unmarked
from .test_pages import PAGES, WITH_PROGRAM, blocks


def edits_in(reports):
    """Return the edits of all findings by line, as a reader of the JSON would collect them."""
    found = {}
    for report in reports:
        for finding in report.findings:
            suggestion = finding.diagnostic.suggestion
            for edit in suggestion.edits if suggestion is not None else ():
                assert found.setdefault(edit.line, edit.replace_with) == edit.replace_with, "two edits of one line"
    return found


def mended(source, reports):
    return "".join(applied(source.splitlines(keepends=True), edits_in(reports)))


@pytest.mark.parametrize("code", WITH_PROGRAM, ids=str)
def test_the_edit_on_a_page_mends_its_program(code, tmp_path):
    wrong = unmarked(blocks(code.number)[0])
    reports = run_program(wrong, tmp_path)
    suggestions = [f.diagnostic.suggestion for r in reports for f in r.findings if f.diagnostic.suggestion is not None]
    if not suggestions or all(s.applicability is Applicability.SKETCH for s in suggestions):
        pytest.skip("the page says in words what to do")
    right = mended(wrong, reports)
    ast.parse(right)
    again = run_program(right, tmp_path, "mended.py")
    assert again
    wanted = {Status.OK, Status.ZERO} if reports[0].status is Status.NAN else {Status.OK}
    assert all(r.status in wanted and (not r.findings or r.status is Status.ZERO) for r in again), (right, again)


def test_every_page_shows_an_edit_or_says_why_there_is_none():
    for code in CODES:
        text = (PAGES / f"{code.number}.md").read_text(encoding="utf-8")
        shown, refused = "= edit, " in text, "\nNo edit is offered" in text
        assert shown != refused, f"{code}: the page shows an edit, or says in one sentence why there can be none"


def check(source, expected, folder):
    """Run a program, apply its edits, compare, run again."""
    reports = run_program(source, folder)
    assert any(r.findings for r in reports)
    right = mended(source, reports)
    assert right == expected
    again = run_program(right, folder, "mended.py")
    assert all(r.status is Status.OK for r in again), again


HEAD = "import gradtape as gt\nimport numpy as np\n"


def test_two_sources_get_their_watches_on_one_line(tmp_path):
    check(
        HEAD
        + """\
a = gt.constant([1.0, 2.0])
b = gt.constant([3.0, 4.0])
with gt.GradientTape() as tape:
    y = a * b  # the product
tape.gradient(y, [a, b])
""",
        HEAD
        + """\
a = gt.constant([1.0, 2.0])
b = gt.constant([3.0, 4.0])
with gt.GradientTape() as tape:
    tape.watch(a)
    tape.watch(b)
    y = a * b  # the product
tape.gradient(y, [a, b])
""",
        tmp_path,
    )


def test_a_block_on_the_line_of_its_with(tmp_path):
    check(
        HEAD + "x = gt.constant(2.0)\nwith gt.GradientTape() as tape: y = x * x; z = y\ntape.gradient(z, x)\n",
        HEAD
        + "x = gt.constant(2.0)\nwith gt.GradientTape() as tape: tape.watch(x); y = x * x; z = y\n"
        + "tape.gradient(z, x)\n",
        tmp_path,
    )


def test_two_breaks_on_one_line_are_mended_together(tmp_path):
    check(
        HEAD
        + """\
w = gt.Variable([1.4, 2.6])
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(w) * np.ceil(w))
tape.gradient(loss, w)
""",
        HEAD
        + """\
w = gt.Variable([1.4, 2.6])
with gt.GradientTape() as tape:
    loss = np.sum(gt.straight_through(np.floor, w) * gt.straight_through(np.ceil, w))
tape.gradient(loss, w)
""",
        tmp_path,
    )


def test_what_ran_before_the_tape_moves_behind_its_watches(tmp_path):
    check(
        HEAD
        + """\
def loss_of(x):
    # centre it first
    y = (
        x - 1.0  # the centre
    )
    with gt.GradientTape() as tape:
        tape.watch(x)
        loss = np.sum(y * y)
    return tape.gradient(loss, x)
loss_of(gt.constant([1.5, 2.0]))
""",
        HEAD
        + """\
def loss_of(x):
    # centre it first
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = (
            x - 1.0  # the centre
        )
        loss = np.sum(y * y)
    return tape.gradient(loss, x)
loss_of(gt.constant([1.5, 2.0]))
""",
        tmp_path,
    )


def test_a_target_computed_in_the_call_is_computed_inside(tmp_path):
    check(
        HEAD
        + """\
w = gt.Variable(3.0)
with gt.GradientTape() as tape:
    y = w * w
print(tape.gradient(np.sin(y), w))
""",
        HEAD
        + """\
w = gt.Variable(3.0)
with gt.GradientTape() as tape:
    y = w * w
    target = np.sin(y)
print(tape.gradient(target, w))
""",
        tmp_path,
    )


FORMS = {
    "a position picks rows": (
        """\
w, table = gt.Variable([0.4, 1.6]), gt.Variable([1.0, 3.0, 9.0])
with gt.GradientTape() as tape:
    rows = w.astype(int)
    y = np.sum(table[rows])
tape.gradient(y, w)
""",
        ["table[rows] + (w - rows).reshape(rows.shape + (1,) * (table.ndim - 1)) * (table[np.minimum(rows + 1"],
    ),
    "an argmax is compared and counted": (
        """\
w = gt.Variable([[0.4, 1.6]])
with gt.GradientTape() as tape:
    best = np.argmax(w, axis=1)
    y = np.sum(best.astype(float))
tape.gradient(y, w)
""",
        ["    best = gt.soft_argmax(w, axis=1)\n"],
    ),
    "a switch that is off where a function does not get it": (
        """\
w, b = gt.Variable(2.0), gt.Variable(0.5)
def model(moving=False):
    force = w * 3.0
    if moving:
        force = force + b
    return force
with gt.GradientTape() as tape:
    y = model()
tape.gradient(y, [w, b])
""",
        ["def model(moving=True):\n"],
    ),
    "hits are counted": (
        """\
w, y = gt.Variable([[0.4, 1.6], [0.3, 0.1]]), np.array([0, 1])
with gt.GradientTape() as tape:
    hits = np.argmax(w, axis=1) == y
    loss = 1.0 - hits.mean()
tape.gradient(loss, w)
""",
        ["    hits = np.sum(gt.nn.softmax(w) * np.eye(w.shape[-1])[y], axis=-1)\n"],
    ),
    "hits are counted twice, and the first count is mended": (
        """\
w, y, z = gt.Variable([[0.4, 1.6], [0.3, 0.1]]), np.array([0, 1]), np.array([1, 1])
with gt.GradientTape() as tape:
    best = np.argmax(w, axis=1)
    loss = np.mean(best == y)
    other = np.mean(best == z)
tape.gradient(loss, w)
""",
        ["    loss = np.mean(np.sum(gt.nn.softmax(w) * np.eye(w.shape[-1])[y], axis=-1))\n", "np.mean(best == z)"],
    ),
    "misses are counted, of scores that are computed where the largest is sought": (
        """\
w, y = gt.Variable([[0.4, 1.6], [0.3, 0.1]]), np.array([[1.0, 0.0], [0.0, 1.0]])
with gt.GradientTape() as tape:
    best = np.argmax(np.tanh(w), axis=1)
    loss = np.mean(best != y.argmax(1))
tape.gradient(loss, w)
""",
        ["    loss = np.mean(1.0 - np.sum(gt.nn.softmax(scores) * y, axis=-1))\n"],
    ),
    "two conversions of one value, and a plain function around it": (
        """\
w = gt.Variable(2.0)
with gt.GradientTape() as tape:
    y = w * float(np.asarray(w))
    z = np.sqrt(np.asarray(y))
tape.gradient(gt.constant(z) * 1.0, w)
""",
        ["z = np.sqrt(y)"],
    ),
    "an argument among others, on several lines, with comments": (
        """\
w = gt.Variable(
    [1.0],
    trainable=False,  # for now
)
with gt.GradientTape() as tape:
    y = (w * w).sum()
tape.gradient(y, w)
""",
        ["    [1.0],  # for now\n"],
    ),
    "both names of one statement are bound anew": (
        """\
w, b = gt.Variable(1.0), gt.Variable(2.0)
for _ in range(2):
    with gt.GradientTape() as tape:
        y = w * w + b * b
    gw, gb = tape.gradient(y, [w, b])
    if gw is not None:
        w, b = w - 0.1 * gw, b + 0.1 * gb
""",
        ["        w.assign_sub(0.1 * gw); b.assign_add(0.1 * gb)\n"],
    ),
    "a loop over parameters": (
        """\
ps = [gt.Variable(1.0), gt.Variable(2.0)]
for _ in range(2):
    with gt.GradientTape() as tape:
        y = ps[0] * ps[1]
    gs = tape.gradient(y, ps)
    if gs[0] is not None:
        ps = [p - 0.1 * g for p, g in zip(ps, gs)]
""",
        ["        for p, g in zip(ps, gs): p.assign_sub(0.1 * g)\n"],
    ),
    "what is divided by whole numbers": (
        """\
w = gt.Variable([1.0, 5.0])
with gt.GradientTape() as tape:
    y = np.sum(w // 2.0)
tape.gradient(y, w)
""",
        ["y = np.sum(w / 2.0 + gt.stop_gradient(w // 2.0 - (w / 2.0)))"],
    ),
    "whole numbers where the value is written down, behind a name and a function": (
        """\
def start():
    return [1, 2]
first = start()
w = gt.Variable(first)
with gt.GradientTape() as tape:
    y = (w * w).sum()
tape.gradient(y, w)
""",
        ["    return [1.0, 2.0]\n"],
    ),
    "the tape is paused": (
        """\
w = gt.Variable(2.0)
with gt.GradientTape() as tape:
    with tape.stop_recording():
        y = w * w  # the square
        z = y * 2.0
    loss = z + 1.0
tape.gradient(loss, w)
""",
        ["    y = w * w  # the square\n    z = y * 2.0\n"],
    ),
    "the inner derivative is computed behind the outer block": (
        """\
x = gt.Variable(2.0)
with gt.GradientTape() as outer:
    with gt.GradientTape() as inner:
        y = x ** 3
slope = inner.gradient(y, x)
outer.gradient(slope, x)
""",
        ["        y = x ** 3\n    slope = inner.gradient(y, x)\n"],
    ),
    "a parameter that nobody reads, and another one read twice": (
        """\
def penalty(a, b):
    return np.sum((a - b) ** 2)
def loss_of(y, guess):
    return penalty(y, y)
w = gt.Variable([1.0, 2.0])
y = np.array([0.0, 1.0])
with gt.GradientTape() as tape:
    loss = loss_of(y, w * 2.0)
tape.gradient(loss, w)
""",
        ["    return penalty(y, guess)\n"],
    ),
}


@pytest.mark.parametrize(("program", "lines"), FORMS.values(), ids=FORMS)
def test_the_forms_of_a_mistake_are_mended(tmp_path, program, lines):
    wrong = HEAD + program
    reports = run_program(wrong, tmp_path)
    assert any(r.findings for r in reports), "the program is not wrong"
    right = mended(wrong, reports)
    for line in lines:
        assert line in right
    again = run_program(right, tmp_path, "mended.py")
    assert again
    assert all(r.status is Status.OK for r in again), (right, again)


STAND_IN = "import gradtape.tf as tf\nimport numpy as np\nimport math\n"

IN_TENSORFLOW = [
    ("y = tf.reduce_sum(np.abs(np.cos(w.numpy()) - 0.1))", "y = tf.reduce_sum(tf.abs(tf.cos(w) - 0.1))"),
    ("y = tf.reduce_sum(w) * math.sin(w[0])", None),  # the other way flows
    ("y = tf.constant(math.exp(float(tf.reduce_sum(w))))", "y = tf.constant(tf.exp(tf.reduce_sum(w)))"),
    (
        "y = tf.reduce_sum(tf.round(w * 3.0))",
        "y = tf.reduce_sum((w * 3.0) + tf.stop_gradient(tf.round(w * 3.0) - (w * 3.0)))",
    ),
    (
        "y = tf.reduce_sum(tf.floor(tf.exp(w)))",
        "y = tf.reduce_sum((exact := tf.exp(w)) + tf.stop_gradient(tf.floor(exact) - exact))",
    ),
    ("y = tf.reduce_sum(tf.stop_gradient(w * w))", "y = tf.reduce_sum(w * w)"),
    ("y = tf.reduce_sum(tf.Variable(w) * 2.0)", "y = tf.reduce_sum(w * 2.0)"),
    (
        "y = tf.reduce_sum(tf.cast(tf.cast(w, tf.int32), tf.float32))",
        "y = tf.reduce_sum(w + tf.stop_gradient(tf.cast(tf.cast(w, tf.int32), tf.float32) - w))",
    ),
    ("y = tf.reduce_sum(tf.sqrt(w - w))", "y = tf.reduce_sum(tf.sqrt(w - w + 1e-12))"),
]


@pytest.mark.parametrize(("line", "right"), IN_TENSORFLOW)
def test_the_words_are_those_of_the_framework(tmp_path, line, right):
    program = (
        f"{STAND_IN}w = tf.Variable([1.5, 2.5])\nwith tf.GradientTape() as tape:\n    {line}\ntape.gradient(y, w)\n"
    )
    reports = run_program(program, tmp_path)
    new = mended(program, reports)
    if right is not None:
        assert f"    {right}\n" in new
    again = run_program(new, tmp_path, "mended.py")
    assert all(r.status in {Status.OK, Status.ZERO, Status.PARTIAL} for r in again), (new, again)


def test_a_wrong_edit_would_be_noticed(tmp_path, monkeypatch):
    """Plant an edit that changes nothing: the test of the pages must fail."""
    monkeypatch.setitem(
        mends.MENDS,
        "stop-gradient",
        lambda case: builders.likely(*builders.insert_before(case.statement, case.file, "pass")),
    )
    code = next(c for c in WITH_PROGRAM if c.slug == "stop-gradient")
    with pytest.raises(AssertionError):
        test_the_edit_on_a_page_mends_its_program(code, tmp_path)


def test_edits_that_contradict_each_other_are_refused_and_said(tmp_path):
    program = (
        HEAD
        + """\
w = gt.Variable([1.4, 2.6])
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(np.ceil(w) * 1.5))
tape.gradient(loss, w)
"""
    )
    reports = run_program(program, tmp_path)
    findings = [f for r in reports for f in r.findings]
    edits = [f.diagnostic.suggestion for f in findings]
    assert sum(s is not None for s in edits) == 1
    assert any(together.REFUSED in f.diagnostic.notes for f in findings)
    ast.parse(mended(program, reports))


def test_what_is_printed_after_the_question_stays_as_it_is(tmp_path):
    program = (
        "import gradtape as gt\n\nw = gt.Variable(1.0)\nfor step in range(2):\n    with gt.GradientTape() as tape:\n"
        "        h = max(0.1, {})\n        loss = (h - 3.0) ** 2\n    g = tape.gradient(loss, w)\n"
        "print(float(w), float(loss))\n"
    )
    check(program.format("float(w)"), program.format("w"), tmp_path)


def test_a_list_that_a_loop_fills_is_stacked(tmp_path):
    program = (
        "import numpy as np\nimport gradtape as gt\n\n\ndef simulate(k, n=3):\n    x, xs = 1.0, []\n"
        "    for _ in range(n):\n        x = x - 0.1 * k * x\n        xs.append(x)\n    return np.{}\n\n\n"
        "k = gt.Variable(2.0)\nwith gt.GradientTape() as tape:\n    loss = np.mean((simulate(k) - 0.5) ** 2)\n"
        "tape.gradient(loss, k)\n"
    )
    check(program.format("array(xs, dtype=float)"), program.format("stack(xs)"), tmp_path)


def test_an_index_that_was_drawn_gets_no_edit(tmp_path):
    program = (
        "import numpy as np\nimport gradtape as gt\n\nw = gt.Variable([0.3, 0.7])\nrng = np.random.default_rng(0)\n"
        "with gt.GradientTape() as tape:\n    a = rng.choice(2, p={})\n    loss = -(1.0 if a == 1 else 0.0)\n"
        "tape.gradient(loss, w)\n"
    )
    for given in ("w", "w.numpy()", "np.asarray(w)"):
        (report,) = run_program(program.format(given), tmp_path, f"{len(given)}.py")
        (finding,) = report.findings
        assert (finding.code.slug, finding.diagnostic.proven) == ("sampled", False)
        assert finding.diagnostic.suggestion is None


def test_a_number_that_goes_into_an_array_is_kept_in_both(tmp_path):
    check(
        HEAD
        + """\
k = gt.Variable([1.0, 2.0])
rows = np.arange(6.0).reshape(3, 2)
def smoothed(row):
    out = np.zeros(2)
    for i in range(2):
        out[i] = float(np.sum(row * k)) * i
    return out.mean()
with gt.GradientTape() as tape:
    p = np.array([smoothed(row) for row in rows])
    loss = np.mean(p**2)
print(tape.gradient(loss, k))
""",
        HEAD
        + """\
k = gt.Variable([1.0, 2.0])
rows = np.arange(6.0).reshape(3, 2)
def smoothed(row):
    out = gt.constant(np.zeros(2))
    for i in range(2):
        out[i] = np.sum(row * k) * i
    return out.mean()
with gt.GradientTape() as tape:
    p = np.stack([smoothed(row) for row in rows])
    loss = np.mean(p**2)
print(tape.gradient(loss, k))
""",
        tmp_path,
    )


def test_a_number_that_goes_into_an_array_of_the_module_is_kept_in_both(tmp_path):
    program = (
        HEAD + "k = gt.Variable(2.0)\nshared = {}\ndef fill():\n    shared[0] = {}\nwith gt.GradientTape() as tape:\n"
        "    fill()\n    loss = gt.constant(1.0) * shared[0]\ntape.gradient(loss, k)\n"
    )
    made = "np.zeros(2)"
    check(program.format(made, "float(k * 3.0)"), program.format(f"gt.constant({made})", "k * 3.0"), tmp_path)


def test_no_edit_where_a_caller_gave_what_the_number_goes_into(tmp_path):
    program = (
        HEAD + "k = gt.Variable(2.0)\ndef fill(out):\n{}    out[0] = float(k * 3.0)\n    return out\n"
        "with gt.GradientTape() as tape:\n    out = fill(np.zeros(2))\n    loss = gt.constant(1.0) * out[0]\n"
        "tape.gradient(loss, k)\n"
    )
    for first, edits in (("", 0), ("    out = [0.0, 0.0]\n", 1)):
        (report,) = run_program(program.format(first), tmp_path, f"{edits}.py")
        (finding,) = report.findings
        assert finding.code.number == "GT202"
        assert (finding.diagnostic.suggestion is not None) == bool(edits)


def test_what_is_computed_once_and_kept_is_computed_in_each_round(tmp_path):
    program = (
        HEAD + "class Model:\n    def __init__(self):\n        self.w, self.h = gt.Variable(2.0), None\n"
        "    def loss(self, x):\n"
        "{}        return np.sum(self.h ** 2)\nm = Model()\nfor _ in range(2):\n"
        "    with gt.GradientTape() as tape:\n        loss = m.loss(3.0)\n    tape.gradient(loss, m.w)\n"
    )
    wrong = "        if self.h is None:\n            self.h = np.tanh(x * self.w)\n"
    right = "        self.h = np.tanh(x * self.w)\n"
    reports = run_program(program.format(wrong), tmp_path, "wrong.py")
    (told,) = [f for r in reports for f in r.findings]
    assert told.diagnostic.helps == ("`self.h` is computed once and kept: compute it anew in each round",)
    check(program.format(wrong), program.format(right), tmp_path)


@pytest.mark.parametrize(
    ("made", "draw", "instead"),
    [
        ("np.random.default_rng(0)", "rng.normal(m, np.exp(s))", "m + np.exp(s) * rng.normal(size=np.shape(m))"),
        ("np.random.RandomState(0)", "rng.normal(0.0, s, size=2)", "0.0 + s * rng.normal(size=2)"),
        ("np.random.RandomState(0)", "rng.normal(scale=s) + m", "(s * rng.normal(size=np.shape(s))) + m"),
        ("np.random", "np.random.normal(m + s, 0.1)", "(m + s) + 0.1 * np.random.normal(size=np.shape(m + s))"),
    ],
)
def test_a_normal_draw_is_written_as_a_function_of_noise(made, draw, instead, tmp_path):
    program = (
        HEAD + "rng = {}\nm, s = gt.Variable([0.5, 1.0]), gt.Variable([1.0, 2.0])\nwith gt.GradientTape() as tape:\n"
        "    z = {}\n    loss = np.sum(z**2)\ntape.gradient(loss, s)\n"
    )
    source = program.format(made, draw)
    reports = run_program(source, tmp_path)
    assert [f.code.slug for r in reports for f in r.findings] == ["sampled"]
    check(source, program.format(made, instead), tmp_path)


UNDERFLOW = """
import numpy as np
import gradtape as gt

np.seterr(all="ignore")
x = np.array([-300.0, 305.0])
mu = gt.Variable(np.zeros(2))
with gt.GradientTape() as tape:
    exponents = -0.5 * (x[:, None] - mu * np.array([1.0, 2.0])) ** 2
    density = np.exp(exponents).sum(axis=1)
    {between}
    loss = -np.mean(np.log(density))
print(tape.gradient(loss, mu))
"""


def test_a_logarithm_of_a_sum_that_is_too_small_is_taken_with_the_sum(tmp_path):
    wrong = UNDERFLOW.format(between="pass")
    check(wrong, wrong.replace("np.log(density)", "gt.scipy.special.logsumexp(exponents, axis=1)"), tmp_path)


def test_a_sum_of_what_has_another_name_now_is_left_where_it_is(tmp_path):
    wrong = UNDERFLOW.format(between="exponents = exponents / 2")
    right = mended(wrong, run_program(wrong, tmp_path))
    assert right == wrong.replace("np.log(density)", "np.log(density + 1e-12)")


ON_SCIPY = {
    "a method of a distribution": ("stats.norm.cdf(w)", "gt.scipy.stats.norm.cdf(w)"),
    "a class": (
        "interpolate.interp1d([0.0, 1.0, 2.0], w)(0.3)",
        "gt.scipy.interpolate.interp1d([0.0, 1.0, 2.0], w)(0.3)",
    ),
    "an integral": (
        "integrate.quad(lambda t: np.exp(-w[0] * t), 0.0, 1.0)[0]",
        "gt.scipy.integrate.quad(lambda t: np.exp(-w[0] * t), 0.0, 1.0)[0]",
    ),
    "a root, where a number is made of the value in a function": (
        "optimize.brentq(lambda x: x**3 - float(w[1]), 0.0, 3.0)",
        "gt.scipy.optimize.brentq(lambda x: x**3 - w[1], 0.0, 3.0)",
    ),
    "a root of a function with a name": (
        "optimize.brentq(excess, 0.0, 3.0)",
        "gt.scipy.optimize.brentq(excess, 0.0, 3.0)",
    ),
}


@pytest.mark.parametrize(("call", "instead"), ON_SCIPY.values(), ids=ON_SCIPY)
def test_functions_of_scipy_are_called_where_they_stay_on_the_tape(call, instead, tmp_path):
    wrong = f"""
import numpy as np
import gradtape as gt
from scipy import integrate, interpolate, optimize, stats
w = gt.Variable([1.0, 2.0, 4.0])
def excess(x):
    return x**3 - float(w[1])
with gt.GradientTape() as tape:
    loss = np.sum({call} * gt.constant(2.0))
print(tape.gradient(loss, w))
"""
    right = wrong.replace(call, instead)
    check(wrong, right.replace("- float(w[1])", "- w[1]") if "excess" in call else right, tmp_path)


def test_a_method_of_an_object_of_scipys_is_told_with_its_module_and_gets_no_edit(tmp_path):
    wrong = """
import numpy as np
import gradtape as gt
from scipy import stats
w = gt.Variable([1.0, 2.0, 4.0])
frozen = stats.norm(0.0, 2.0)
with gt.GradientTape() as tape:
    loss = np.sum(frozen.cdf(w) * gt.constant(2.0))
print(tape.gradient(loss, w))
"""
    reports = run_program(wrong, tmp_path)
    assert "`gradtape.scipy.stats`" in reports[0].findings[0].diagnostic.helps[0]
    assert mended(wrong, reports) == wrong


def test_what_goes_into_a_function_of_pythons_own_library_gets_no_edit(tmp_path):
    wrong = """
import json
import numpy as np
import gradtape as gt
w = gt.Variable([1.0, 2.0, 4.0])
with gt.GradientTape() as tape:
    read = json.loads(json.dumps({"gain": w.numpy().tolist()}))
    loss = np.sum(np.array(read["gain"]) * gt.constant(2.0))
print(tape.gradient(loss, w))
"""
    reports = run_program(wrong, tmp_path)
    assert reports[0].findings[0].cause == "left-through-numpy"
    assert mended(wrong, reports) == wrong


def test_a_number_that_is_also_written_down_keeps_its_edit(tmp_path):
    wrong = """
import logging
import numpy as np
import gradtape as gt
w = gt.Variable([1.0, 2.0, 4.0])
with gt.GradientTape() as tape:
    gain = float(w[0])
    logging.debug("gain %f", gain)
    loss = np.sum(gain * gt.constant([1.0, 2.0]))
print(tape.gradient(loss, w))
"""
    check(wrong, wrong.replace("float(w[0])", "w[0]"), tmp_path)


DRAWN = {
    "arrays": (
        "rng.normal(mean.numpy(), np.exp(spread).numpy())",
        "mean + np.exp(spread) * rng.normal(size=np.shape(mean))",
    ),
    "a number": (
        "rng.normal(mean.numpy() + 1.0, float(np.mean(spread)), (4, 2))",
        "(mean + 1.0) + np.mean(spread) * rng.normal(size=(4, 2))",
    ),
    "a plain spread": (
        "rng.normal(mean.numpy(), 2.0) + spread",
        "(mean + 2.0 * rng.normal(size=np.shape(mean))) + spread",
    ),
}


@pytest.mark.parametrize(("draw", "instead"), DRAWN.values(), ids=DRAWN)
def test_a_draw_with_values_that_left_is_written_as_a_function_of_noise(draw, instead, tmp_path):
    wrong = f"""
import numpy as np
import gradtape as gt
rng = np.random.default_rng(0)
mean, spread = gt.Variable([0.5, 1.0]), gt.Variable([1.0, 2.0])
with gt.GradientTape() as tape:
    drawn = {draw}
    loss = np.sum((drawn - 1.0) ** 2)
print(tape.gradient(loss, [mean, spread]))
"""
    check(wrong, wrong.replace(draw, instead), tmp_path)


def test_a_variable_that_is_read_elsewhere_is_not_read_by_the_value_here(tmp_path):
    wrong = """
import numpy as np
import gradtape as gt
class Norm:
    def __init__(self):
        self.mean = gt.Variable(np.zeros(3))
    def __call__(self, x):
        self.mean.assign(0.9 * self.mean + 0.1 * np.mean(x, axis=0))
        return x - self.mean
norm, w = Norm(), gt.Variable(np.ones((4, 3)))
with gt.GradientTape() as tape:
    h = norm(np.ones((5, 4)) @ w)
    loss = np.mean(norm.mean ** 2)
print(tape.gradient(loss, w))
"""
    assigned = "self.mean.assign(0.9 * self.mean + 0.1 * np.mean(x, axis=0))"
    check(wrong, wrong.replace(assigned, "self.mean = 0.9 * self.mean + 0.1 * np.mean(x, axis=0)"), tmp_path)


PLACES = {
    "two at once": "i, j = np.floor(y).astype(int), np.floor(x).astype(int)",
    "one after the other": "i = np.floor(y).astype(int)\n    j = np.round(x).astype(int)",
    "without rounding": "i = y.astype(int)\n    j = x.astype(int)",
}


@pytest.mark.parametrize("rounded", PLACES.values(), ids=PLACES)
def test_an_image_is_read_between_its_elements(rounded, tmp_path):
    wrong = f"""
import numpy as np
import gradtape as gt
image = np.arange(36.0).reshape(6, 6) ** 2
shift = gt.Variable([1.2, 2.7])
def read(image, y, x):
    {rounded}
    return image[i, j]
with gt.GradientTape() as tape:
    loss = np.mean(read(image, np.arange(3.0) + shift[0], np.arange(3.0) + shift[1]) ** 2)
print(tape.gradient(loss, shift))
"""
    right = wrong.replace("image[i, j]", 'gt.scipy.ndimage.map_coordinates(image, [y, x], order=1, mode="nearest")')
    check(wrong, right.replace(f"    {rounded}\n", ""), tmp_path)


def test_an_image_read_at_a_place_of_another_kind_gets_no_edit(tmp_path):
    wrong = """
import numpy as np
import gradtape as gt
image = np.arange(36.0).reshape(6, 6) ** 2
y = gt.Variable(1.2)
with gt.GradientTape() as tape:
    i, j = np.floor(y).astype(int), slice(None)
    loss = np.mean(image[i, j] ** 2)
print(tape.gradient(loss, y))
"""
    assert mended(wrong, run_program(wrong, tmp_path)) == wrong


def test_a_bound_whose_second_derivative_is_asked_for_becomes_a_smooth_function(tmp_path):
    wrong = """
import numpy as np
import gradtape as gt
x = gt.constant([0.5, 2.0])
with gt.GradientTape() as outer:
    outer.watch(x)
    with gt.GradientTape() as inner:
        inner.watch(x)
        y = np.maximum(3.0 * x, 0.0)
    dy = inner.gradient(y, x)
print(outer.gradient(dy, x))
"""
    check(wrong, wrong.replace("np.maximum(3.0 * x, 0.0)", "gt.nn.softplus(3.0 * x)"), tmp_path)


CHOSEN = """
import numpy as np
import gradtape as gt
w = gt.Variable(0.4)
with gt.GradientTape() as tape:
    p = w * 2.0
    sign = {}
    loss = sign * gt.constant(3.0)
print(tape.gradient(loss, w))
"""


def test_one_of_two_numbers_is_chosen_softly(tmp_path):
    wrong = CHOSEN.format("1.0 if p > 0.5 else -1.0")
    softly = "gt.soft_step(p - 0.5) * 1.0 + (1 - gt.soft_step(p - 0.5)) * (-1.0)"
    check(wrong, CHOSEN.format(softly), tmp_path)


def test_what_is_chosen_by_more_than_a_size_gets_no_edit(tmp_path):
    wrong = CHOSEN.format("1.0 if p > 0.5 and p < 3.0 else -1.0")
    assert mended(wrong, run_program(wrong, tmp_path)) == wrong


@pytest.mark.parametrize(("given", "right"), [("", "training=True"), (", training=True", "")])
def test_a_switch_is_turned_where_it_decides(given, right, tmp_path):
    wrong = f"""
import gradtape as gt
class Net:
    def __init__(self):
        self.w, self.gate = gt.Variable(2.0), gt.Variable(0.7)
    def __call__(self, x, training=False):
        y = self.w * x
        if training and x > 5.0:
            y = y * self.gate
        return y
net = Net()
with gt.GradientTape() as tape:
    loss = net(3.0{given}) ** 2
print(tape.gradient(loss, net.gate))
"""
    told = mended(wrong, run_program(wrong, tmp_path))
    assert told == (wrong.replace("training=False", right) if right else wrong)


def test_an_element_that_is_written_whole_gets_a_point(tmp_path):
    wrong = """
import gradtape as gt
def bowl(p):
    return p["y"][0] + 100 * (p["y"][1] - p["x"] ** 2) ** 2
try:
    print(gt.grad(bowl)({"x": 1.5, "y": [0.0, 2]}))
except TypeError:
    pass
"""
    check(wrong, wrong.replace("[0.0, 2]", "[0.0, 2.0]"), tmp_path)


def test_what_a_decorator_keeps_is_computed_in_each_round(tmp_path):
    wrong = """
from functools import lru_cache
import numpy as np
import gradtape as gt
w = gt.Variable([0.3, -0.2])
@lru_cache
def features():
    return np.tanh(w * 2.0)
for _ in range(2):
    with gt.GradientTape() as tape:
        loss = np.sum(features() ** 2)
    print(tape.gradient(loss, w))
"""
    reports = run_program(wrong, tmp_path, "wrong.py")
    (told,) = [f for r in reports for f in r.findings]
    assert told.diagnostic.helps == (
        "what `features` returns is computed once and kept: compute it anew in each round",
    )
    check(wrong, wrong.replace("@lru_cache\n", ""), tmp_path)


def test_a_mask_that_becomes_a_number_is_multiplied(tmp_path):
    wrong = """
import numpy as np
import gradtape as gt
scores, labels = gt.Variable([0.1, 2.0, -1.0]), np.array([0, 1, 0])
with gt.GradientTape() as tape:
    pred = scores > 0.5
    hits = np.sum(pred & (labels == 1))
    missed = np.sum(~pred & (labels == 1))
    loss = 1 - 2 * hits / (2 * hits + missed)
print(tape.gradient(loss, scores))
"""
    right = wrong.replace("scores > 0.5", "gt.soft_step(scores - 0.5)").replace("pred & (", "pred * (")
    check(wrong, right.replace("~pred", "(1.0 - pred)"), tmp_path)


def test_no_move_takes_another_tape_of_the_same_name_along(tmp_path):
    wrong = """
import gradtape as gt
w, x = gt.Variable(2.0), gt.constant(3.0)
with gt.GradientTape() as inner:
    inner.watch(x)
    y = w * x ** 2
slope = inner.gradient(y, x)
with gt.GradientTape() as tape:
    penalty = (slope - 1.0) ** 2
tape.gradient(penalty, x)
with gt.GradientTape() as tape:
    loss = 10.0 * penalty
tape.gradient(loss, w)
"""
    reports = run_program(wrong, tmp_path)
    assert [f.code.number for f in reports[-1].findings] == ["GT506", "GT501"]
    assert all(f.diagnostic.suggestion is None for f in reports[-1].findings)


@pytest.mark.parametrize(("offset", "smooth"), [(0.0, "gt.nn.softplus"), (200.0, "gt.nn.leaky_relu")])
def test_what_is_far_below_its_bound_gets_a_slope_that_is_not_flat_there(offset, smooth, tmp_path):
    wrong = f"""
import numpy as np
import gradtape as gt
w = gt.Variable(np.array([1.0, 2.0], np.float32))
with gt.GradientTape() as tape:
    loss = np.sum(np.maximum(-w - np.float32({offset}), 0.0))
print(tape.gradient(loss, w))
"""
    bound = f"np.maximum(-w - np.float32({offset}), 0.0)"
    check(wrong, wrong.replace(bound, f"{smooth}(-w - np.float32({offset}))"), tmp_path)
