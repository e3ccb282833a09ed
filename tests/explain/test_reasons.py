"""Programs as people write them, each with the reasons that are true of it: cause and line, per gradient, in order.

A cause with a question mark is told as possible, not as proven.
"""

from __future__ import annotations

import textwrap

import pytest

from .programs import run_program

SKIPS = """
        import gradtape as gt
        import numpy as np
        class Model:
            def __init__(self):
                self.params = {{"w": gt.Variable(2.0), "idle": gt.Variable(1.0)}}
                self.ready = 1
            def loss(self, x):
                if self.ready is None:
                    x = x * self.params["{}"]
                return x * self.params["w"]
        m = Model()
        with gt.GradientTape() as tape:
            loss = m.loss(3.0)
        w, idle = m.params["w"], m.params["idle"]
        tape.gradient(loss, [w, idle])
        """
"""A branch that is not taken, and would read one of two elements."""

PROGRAMS = {
    "a target from another library is followed to the call": (
        """
        import gradtape as gt
        import foreign
        x = gt.Variable([1.0, 2.0])
        with gt.GradientTape() as tape:
            y = foreign.squares(x)
        tape.gradient(y, x)
        """,
        [("x", [("left-through-numpy", 6)])],
    ),
    "a loss that is asked about where it is printed": (
        """
        import gradtape as gt
        import numpy as np
        w = gt.Variable(2.0)
        with gt.GradientTape() as tape:
            p = float(w * 3.0)
            loss = np.mean((p - 1.0) ** 2)
        print(tape.gradient(loss, w))
        """,
        [("w", [("left-through-number", 6)])],
    ),
    "two exits on one way, the second of what came back from the first": (
        """
        import gradtape as gt
        import numpy as np
        w, b = gt.Variable(2.0), gt.Variable(1.0)
        def scaled(x):
            return float(x * w)
        def moved(x):
            return scaled(x) + b
        with gt.GradientTape() as tape:
            p = np.array([moved(x) for x in (1.0, 2.0)])
            loss = np.mean(p**2)
        print(tape.gradient(loss, [w, b]))
        """,
        [("w", [("left-through-number", 6), ("rebuilt-from-values", 10)]), ("b", [("rebuilt-from-values", 10)])],
    ),
    "a branch skipped another element of the dict": (
        SKIPS.format("w"),
        [("w", []), ("idle", [("not-used", 16)])],
    ),
    "a branch skipped this element of the dict": (
        SKIPS.format("idle"),
        [("w", []), ("idle", [("branch-not-taken?", 9)])],
    ),
    "a deep copy of the parameters is what the loss is computed with": (
        """
        import copy
        import gradtape as gt
        import numpy as np
        mine = {"w": gt.Variable(2.0), "b": gt.Variable(1.0)}
        best = copy.deepcopy(mine)
        with gt.GradientTape() as tape:
            loss = (best["w"] * 3.0 + mine["b"]) ** 2
        w, b = mine["w"], mine["b"]
        tape.gradient(loss, [w, b])
        """,
        [("w", [("different-object", 6)]), ("b", [])],
    ),
    "a thread that has ended computed a part": (
        """
        import gradtape as gt
        import numpy as np
        from concurrent.futures import ThreadPoolExecutor
        w, b = gt.Variable(2.0), gt.Variable(1.0)
        def part(k):
            return (w * k) ** 2
        with gt.GradientTape() as tape:
            with ThreadPoolExecutor(2) as pool:
                parts = list(pool.map(part, range(1, 4)))
            loss = sum(parts) * b
        tape.gradient(loss, [w, b])
        """,
        [("w", [("outside-the-tape", 7)]), ("b", [])],
    ),
    "a thread ran that has nothing to do with it": (
        """
        import gradtape as gt
        import numpy as np
        from threading import Thread
        w, idle = gt.Variable(2.0), gt.Variable(1.0)
        with gt.GradientTape() as tape:
            aside = Thread(target=lambda: idle * 3.0)
            aside.start()
            aside.join()
            loss = w * 2.0
        tape.gradient(loss, [w, idle])
        """,
        [("w", []), ("idle", [("not-used", 11)])],
    ),
    "a zero gradient that lost a part on another way": (
        """
        import gradtape as gt
        import numpy as np
        w, z = gt.Variable(2.0), gt.Variable(0.0)
        with gt.GradientTape() as tape:
            kept = float(w * 3.0)
            loss = (w * z) ** 2 + kept * z
        tape.gradient(loss, w)
        """,
        [("w", [("flat-region", 7), ("left-through-number", 6)])],
    ),
    "a number that goes through a list, a mean and a constant": (
        """
        import gradtape as gt
        import numpy as np
        w = gt.Variable([1.0, 2.0])
        with gt.GradientTape() as tape:
            rows = w * 2.0
            numbers = [float(row ** 2) for row in rows]
            loss = gt.constant(np.mean(numbers)) + 0.1
        tape.gradient(loss, w)
        """,
        [("w", [("left-through-number", 7)])],
    ),
    "an element assignment is shown whole": (
        """
        import gradtape as gt
        import numpy as np
        angle = gt.Variable(0.3)
        scale = gt.Variable(2.0)
        def rotation(a):
            r = np.zeros((2, 2))
            r[0, 0] = np.cos(a)
            r[1, 1] = 1.0
            return r
        with gt.GradientTape() as tape:
            p = rotation(angle) @ np.array([1.0, 0.0]) * scale
            loss = (p ** 2).sum()
        tape.gradient(loss, [angle, scale])
        """,
        [("angle", [("array-assignment", 8)]), ("scale", [])],
    ),
    "a number handed to a function is still that number": (
        """
        import gradtape as gt
        slack, k = gt.Variable(0.9), gt.Variable(2.0)
        def spring(length, rest, stiffness):
            return stiffness * (length - rest) ** 2
        with gt.GradientTape() as tape:
            rest = float(slack)
            loss = spring(1.5, rest, k)
        tape.gradient(loss, [slack, k])
        """,
        [("slack", [("left-through-number", 7)]), ("k", [])],
    ),
    "a number that a lambda in the place of a decorator returns": (
        """
        import gradtape as gt
        w, b = gt.Variable(0.5), gt.Variable(1.0)
        @(lambda f: lambda x: float(f(x)))
        def half(x):
            return x * 0.5
        with gt.GradientTape() as tape:
            y = half(w)
            loss = b * y
        tape.gradient(loss, [w, b])
        """,
        [("w", [("left-through-number", 4)]), ("b", [])],
    ),
    "a number that a lambda above a function within a long one returns": (
        """
        import gradtape as gt
        def run(w, b):
            k0 = 0
            k1 = 1
            k2 = 2
            k3 = 3
            k4 = 4
            k5 = 5
            k6 = 6
            k7 = 7
            k8 = 8
            k9 = 9
            k10 = 10
            k11 = 11
            k12 = 12
            k13 = 13
            k14 = 14
            k15 = 15
            k16 = 16
            k17 = 17
            k18 = 18
            k19 = 19
            k20 = 20
            k21 = 21
            k22 = 22
            k23 = 23
            k24 = 24
            k25 = 25
            k26 = 26
            k27 = 27
            k28 = 28
            k29 = 29
            k30 = 30
            k31 = 31
            k32 = 32
            k33 = 33
            k34 = 34
            k35 = 35
            k36 = 36
            k37 = 37
            k38 = 38
            k39 = 39
            k40 = 40
            k41 = 41
            k42 = 42
            k43 = 43
            k44 = 44
            k45 = 45
            k46 = 46
            k47 = 47
            k48 = 48
            k49 = 49
            @(lambda f: lambda x: float(f(x)))
            def half(x):
                return x * 0.5
            with gt.GradientTape() as tape:
                y = half(w)
                loss = b * y
            tape.gradient(loss, [w, b])
        run(gt.Variable(0.5), gt.Variable(1.0))
        """,
        [("w", [("left-through-number", 54)]), ("b", [])],
    ),
    "two independent breaks on one route, first break first": (
        """
        import gradtape as gt
        import numpy as np
        w = gt.Variable([0.4, 1.6])
        with gt.GradientTape() as tape:
            steps = np.floor(w)
            kept = gt.stop_gradient(steps * 2.0)
            loss = (kept ** 2).sum()
        tape.gradient(loss, w)
        """,
        [("w", [("piecewise-constant", 6), ("stop-gradient", 7)])],
    ),
    "two routes, each broken in its own way": (
        """
        import gradtape as gt
        import numpy as np
        w = gt.Variable([0.4, 1.6])
        with gt.GradientTape() as tape:
            a = np.round(w).sum()
            b = gt.stop_gradient(w).sum()
            loss = a + b
        tape.gradient(loss, w)
        """,
        [("w", [("piecewise-constant", 6), ("stop-gradient", 7)])],
    ),
    "a helper that runs after the tape is shown where it is called": (
        """
        import gradtape as gt
        w = gt.Variable(2.0)
        def cost(v):
            return v ** 2
        def step():
            with gt.GradientTape() as tape:
                doubled = w * 2.0
            return tape.gradient(cost(doubled), w)
        step()
        """,
        [("w", [("outside-the-tape", 9)])],
    ),
    "a first derivative that was computed outside the outer tape": (
        """
        import gradtape as gt
        x = gt.Variable(3.0)
        with gt.GradientTape() as outer:
            with gt.GradientTape() as inner:
                y = x ** 3
        d = inner.gradient(y, x)
        outer.gradient(d, x)
        """,
        [("x", []), ("x", [("inner-gradient-not-recorded", 7)])],
    ),
    "a parameter replaced in an object": (
        """
        import gradtape as gt
        class Model:
            def __init__(self):
                self.w = gt.Variable(1.0)
        model = Model()
        for step in range(2):
            with gt.GradientTape() as tape:
                loss = (model.w - 3.0) ** 2
            g = tape.gradient(loss, model.w)
            if g is not None:
                model.w = model.w - 0.1 * g
        """,
        [("model.w", []), ("model.w", [("rebound-name", 12)])],
    ),
    "a plain tensor under another name was never a variable": (
        """
        import gradtape as gt
        v = gt.Variable(3.0)
        w = v + 1.0
        with gt.GradientTape() as tape:
            y = w * w
        tape.gradient(y, w)
        """,
        [("w", [("not-watched", 5)])],
    ),
    "an earlier round took the branch, this one does not": (
        """
        import gradtape as gt
        w, extra = gt.Variable(1.0), gt.Variable(0.5)
        for step in range(2):
            with gt.GradientTape() as tape:
                loss = w ** 2
                if step == 0:
                    loss = loss + extra
            tape.gradient(loss, [w, extra])
        """,
        [("w", []), ("extra", []), ("extra", [("branch-not-taken?", 7)])],
    ),
    "a loop that never ran": (
        """
        import gradtape as gt
        w, b = gt.Variable(1.0), gt.Variable(2.0)
        count = 0
        with gt.GradientTape() as tape:
            total = w * 1.0
            for _ in range(count):
                total = total + b
        tape.gradient(total, [w, b])
        """,
        [("w", []), ("b", [("branch-not-taken?", 7)])],
    ),
    "a source that was written to several times after its use": (
        """
        import gradtape as gt
        import numpy as np
        x = gt.constant([3.0, 1.0, 2.0])
        with gt.GradientTape() as tape:
            tape.watch(x)
            loss = (x * x).sum()
            np.multiply(x, 2.0, out=x)
            x.sort()
            x[0] = 1.0
        tape.gradient(loss, x)
        """,
        [("x", [("overwritten-value", 8)])],
    ),
    "a source that was written to and then used": (
        """
        import gradtape as gt
        import numpy as np
        x = gt.constant([3.0, 1.0, 2.0])
        with gt.GradientTape() as tape:
            tape.watch(x)
            x[0] = 1.0
            loss = np.floor(x).sum()
        tape.gradient(loss, x)
        """,
        [("x", [("piecewise-constant", 8)])],
    ),
    "a function of NumPy that no row knows": (
        """
        import gradtape as gt
        import numpy as np
        w = gt.Variable([3.0, 1.0, 2.0])
        with gt.GradientTape() as tape:
            loss = np.quantile(w, 0.5, method="inverted_cdf", weights=[1.0] * 3)
        tape.gradient(loss, w)
        """,
        [("w", [("left-through-numpy", 6)])],
    ),
    "an attribute carries a number from one method to another: possible, not proven": (
        """
        import gradtape as gt
        import numpy as np
        class Model:
            def __init__(self):
                self.w = gt.Variable([1.0, 2.0])
            def encode(self, x):
                self.h = np.tanh(self.w * x).numpy()
            def decode(self, v):
                return np.sum(self.h * 2.0 * v)
        m, v = Model(), gt.Variable(3.0)
        with gt.GradientTape() as tape:
            m.encode(2.0)
            loss = m.decode(v)
        tape.gradient(loss, m.w)
        """,
        [("m.w", [("left-through-numpy?", 8)])],
    ),
    "the same function for two sources, one result unused": (
        """
        import math
        import gradtape as gt
        def scale(p):
            return math.exp(p)
        a, b, v = gt.Variable(0.1), gt.Variable(0.2), gt.Variable(3.0)
        with gt.GradientTape() as tape:
            unused = scale(a)
            loss = v * scale(b)
        tape.gradient(loss, [a, b])
        """,
        [("a", [("not-used?", 10)]), ("b", [("left-through-number", 5)])],
    ),
    "of two numbers in a dictionary one is used": (
        """
        import gradtape as gt
        a, b, v = gt.Variable(0.1), gt.Variable(0.2), gt.Variable(3.0)
        d = {}
        with gt.GradientTape() as tape:
            d["a"] = float(a)
            d["b"] = float(b)
            loss = d["b"] * v
        tape.gradient(loss, [a, b])
        """,
        [("a", [("not-used?", 9)]), ("b", [("left-through-number", 7)])],
    ),
    "of two returned numbers one is used": (
        """
        import gradtape as gt
        def both(p, q):
            return float(p), float(q)
        a, b, v = gt.Variable(0.1), gt.Variable(0.2), gt.Variable(3.0)
        with gt.GradientTape() as tape:
            s, u = both(a, b)
            loss = s * v
        tape.gradient(loss, [a, b])
        """,
        [("a", [("left-through-number", 4)]), ("b", [("not-used?", 9)])],
    ),
    "a second epoch that took another way": (
        """
        import gradtape as gt
        w, v = gt.Variable(1.0), gt.Variable(2.0)
        for k in range(2):
            with gt.GradientTape() as tape:
                s = float(w) if k == 0 else w.numpy()
                loss = s * v
            tape.gradient(loss, w)
        """,
        [("w", [("left-through-number", 6)]), ("w", [("left-through-numpy", 6)])],
    ),
    "a module's name that a parameter hides": (
        """
        import gradtape as gt
        b, v = gt.Variable(0.2), gt.Variable(3.0)
        x = float(b)
        def act(x, v):
            return x * v
        with gt.GradientTape() as tape:
            loss = act(2.0, v)
        tape.gradient(loss, b)
        """,
        [("b", [("not-used?", 9)])],
    ),
    "an early return is a branch": (
        """
        import gradtape as gt
        w, lam = gt.Variable(1.0), gt.Variable(2.0)
        def cost(plain):
            base = w * w
            if plain:
                return base
            return base + lam * w
        with gt.GradientTape() as tape:
            y = cost(True)
        tape.gradient(y, lam)
        """,
        [("lam", [("branch-not-taken?", 6)])],
    ),
    "a skipped branch that would not have helped is not blamed": (
        """
        import gradtape as gt
        import numpy as np
        a, w = gt.Variable(1.0), gt.Variable(2.0)
        debug = False
        def model():
            loss = a * 2.0
            if debug:
                norm = np.abs(w)
            return loss
        with gt.GradientTape() as tape:
            y = model()
        tape.gradient(y, w)
        """,
        [("w", [("not-used", 13)])],
    ),
    "history that was forgotten is not guessed": (
        """
        import gradtape as gt
        w, v = gt.Variable(1.0), gt.Variable(2.0)
        h = w * 2.0
        for k in range(20_000):
            v * 1.0
        with gt.GradientTape() as tape:
            loss = h * v
        tape.gradient(loss, w)
        """,
        [("w", [("not-explained?", 9)])],
    ),
    "a frozen variable beside a trainable one": (
        """
        import gradtape as gt
        gamma, w = gt.Variable(2.0, trainable=False), gt.Variable(1.0)
        with gt.GradientTape() as tape:
            loss = w * gamma
        tape.gradient(loss, [gamma, w])
        """,
        [("gamma", [("frozen-variable", 3)]), ("w", [])],
    ),
    "training steps are no route": (
        """
        import gradtape as gt
        import numpy as np
        angle, w = gt.Variable(0.3), gt.Variable(1.0)
        for step in range(3):
            with gt.GradientTape() as tape:
                loss = (np.round(angle) * w - 1.0) ** 2
            g = tape.gradient(loss, [angle, w])
            w.assign_sub(0.1 * g[1])
        """,
        [("angle", [("piecewise-constant", 7)]), ("w", [("flat-region", 7)])],
    ),
}


@pytest.mark.parametrize(
    ("called", "named"),
    [
        ("np.histogram(w)[0]", "histogram"),
        ("np.histogram2d(w, w)[0]", "histogram"),
        ("np.unique(w, return_inverse=True)[1]", "unique"),
        ("np.intersect1d(w, [1.5], return_indices=True)[1]", "intersect1d"),
        ("np.tril_indices_from(np.outer(w, w))[0]", "tri"),
        ("np.bincount(w.astype(int))", "bincount"),
    ],
)
def test_parts_that_nobody_can_call_have_the_names_of_numpys_functions(called, named, tmp_path):
    program = f"""
        import gradtape as gt
        import numpy as np
        w, b = gt.Variable([0.5, 1.5]), gt.Variable(2.0)
        with gt.GradientTape() as tape:
            loss = b * np.sum({called})
        tape.gradient(loss, w)
    """
    (report,) = run_program(textwrap.dedent(program), tmp_path)
    (finding,) = report.findings
    told = {step.op for step in finding.path}
    assert named in told
    assert not [name for name in told if name.endswith(("_places", "label_count"))]
    label = finding.diagnostic.primary.label
    assert label.startswith("this cast" if "astype" in called else called.partition("(")[0].removeprefix("np."))


@pytest.mark.parametrize("title", PROGRAMS)
def test_the_reasons_are_the_true_ones(title, tmp_path, monkeypatch):
    source, expected = PROGRAMS[title]
    (tmp_path / "foreign.py").write_text("import numpy as np\n\ndef squares(x):\n    return np.asarray(x) ** 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    reports = run_program(textwrap.dedent(source), tmp_path)
    told = [
        (r.source, [(f.cause + "?" * (not f.proven), f.diagnostic.primary.span.line) for f in r.findings])
        for r in reports
    ]
    assert told == expected


ONLY = """
import gradtape as gt
import numpy as np
w = gt.Variable(1.5)
with gt.GradientTape() as tape:
    loss = {0}
tape.gradient(loss, w)
"""


@pytest.mark.parametrize(
    ("expression", "only"),
    [
        ("np.floor(w) * 2.0", True),
        ("np.floor(w) + np.round(w)", False),
        ("np.floor(w) * 2.0 + float(w)", False),
    ],
)
def test_only_is_said_where_a_second_route_is_ruled_out(expression, only, tmp_path):
    (report,) = run_program(ONLY.format(expression), tmp_path)
    assert any("the only route" in note for f in report.findings for note in f.diagnostic.notes) is only


@pytest.mark.parametrize(
    ("call", "advice"),
    [
        ("scipy.spatial.distance.cdist(w, w)", "call `gradtape.scipy.spatial.distance.cdist`: it computes the same"),
        ("np.asarray(w)", "keep the tensor"),
    ],
)
def test_an_exit_through_scipy_says_where_it_stays_on_the_tape(call, advice, tmp_path):
    source = f"""
        import numpy as np, scipy.spatial.distance
        import gradtape as gt
        w = gt.Variable([[1.0, 2.0], [3.0, 5.0]])
        with gt.GradientTape() as tape:
            d = {call}
            loss = np.sum(d * gt.constant(2.0))
        tape.gradient(loss, w)
    """
    (report,) = run_program(textwrap.dedent(source), tmp_path)
    (finding,) = report.findings
    assert finding.cause == "left-through-numpy"
    assert finding.diagnostic.helps[0].startswith(advice)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("np.histogram(w, bins=4)[0]", "histogram is asked for"),
        ("np.nonzero(w)[0]", "argwhere in nonzero answers with positions"),
        ("np.argmax(w)", "argmax answers with a position"),
    ],
)
def test_a_step_of_a_function_is_told_with_the_function_that_was_called(call, says, tmp_path):
    source = f"""
        import numpy as np
        import gradtape as gt
        w = gt.Variable([1.0, 2.0, 4.0])
        with gt.GradientTape() as tape:
            loss = np.sum({call} * 2.0)
        tape.gradient(loss, w)
    """
    (report,) = run_program(textwrap.dedent(source), tmp_path)
    (finding,) = report.findings
    assert finding.diagnostic.annotations[0].label.startswith(says)


def test_a_name_that_is_assigned_anew_carries_nothing_from_before(tmp_path):
    source = """
        import gradtape as gt
        w = gt.Variable(2.0)
        with gt.GradientTape() as tape:
            loss = float(w * 3.0)
        tape.gradient(gt.constant(loss), w)
        with gt.GradientTape() as tape:
            half = float(w)
            loss = half / 2
        tape.gradient(loss, w)
    """
    first, second = run_program(textwrap.dedent(source), tmp_path)
    assert [(f.code.number, f.diagnostic.primary.span.line) for f in first.findings] == [("GT202", 5)]
    assert [(f.code.number, f.diagnostic.primary.span.line) for f in second.findings] == [("GT202", 8)]


def test_a_name_that_only_a_branch_assigns_anew_still_carries_what_it_had(tmp_path):
    source = """
        import gradtape as gt
        w = gt.Variable(2.0)
        with gt.GradientTape() as tape:
            loss = float(w * 3.0)
            if loss < 0:
                loss = 1.0
        tape.gradient(loss, w)
    """
    (report,) = run_program(textwrap.dedent(source), tmp_path)
    assert [(f.code.number, f.diagnostic.primary.span.line) for f in report.findings] == [("GT202", 5)]


LAYERS = """
import numpy as np
import gradtape as gt
from gradtape import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.layers.Dense(3) for _ in range(2)]
        self.gate = gt.Variable(0.2)

    def __call__(self, x, training=False):
        for layer in self.layers:
            h = layer(x)
        if training and self.gate > 0.5:
            h = h * self.gate
        return h

net = Net()
x = np.ones((4, 3), np.float32)
net(x)
with gt.GradientTape() as tape:
    loss = np.sum(net(x, training=True))
found = net.trainable_variables
tape.gradient(loss, found)
"""


def test_a_layer_that_a_call_makes_in_passing_is_not_called_like_its_result(tmp_path):
    reports = run_program(LAYERS, tmp_path)
    told = {r.source: [f.code.number for f in r.findings] for r in reports}
    assert told == {
        "net.gate": ["GT503"],
        "net.layers[0].kernel": ["GT105"],
        "net.layers[0].bias": ["GT105"],
        "net.layers[1].kernel": [],
        "net.layers[1].bias": [],
    }
    (branch,) = (f for r in reports for f in r.findings if f.code.number == "GT503")
    assert branch.diagnostic.suggestion is None, "`training` is True already, and `where` would give zeros"


SECOND = """
import numpy as np
import gradtape as gt
x = gt.constant([0.5, 2.0])
with gt.GradientTape() as outer:
    outer.watch(x)
    with gt.GradientTape() as inner:
        inner.watch(x)
        y = {}
    dy = inner.gradient(y, x)
outer.gradient(dy, x)
"""


@pytest.mark.parametrize(
    ("function", "code", "says"),
    [
        ("np.maximum(3.0 * x, 0.0)", "GT302", "maximum has a derivative that is constant between its kinks"),
        ("np.clip(3.0 * x, -9.0, 9.0)", "GT302", "clip has a derivative that is constant between its kinks"),
        ("np.where(x > 0.0, 3.0 * x, 0.1 * x)", "GT301", "greater answers True or False"),
        ("np.maximum(3.0 * (x > 1.0), 0.0) * x", "GT301", "greater answers True or False"),
    ],
)
def test_the_second_derivative_of_straight_lines_is_told_as_such(function, code, says, tmp_path):
    (report,) = (r for r in run_program(SECOND.format(function), tmp_path) if r.target == "dy")
    (finding,) = report.findings
    assert finding.code.number == code
    assert says in finding.diagnostic.primary.label


INNER = """
import gradtape as gt
x = gt.constant([0.5, 2.0])
with gt.GradientTape() as outer:
    with gt.GradientTape(persistent=True) as inner:
        inner.watch(x)
        y = x ** 3
    {asked}
outer.gradient({target}, x)
"""


@pytest.mark.parametrize(
    ("asked", "target", "code"),
    [("dy = inner.gradient(y, x)", "dy", "GT506"), ("pass", "y", "GT101")],
    ids=["a derivative", "the value itself"],
)
def test_a_tensor_that_the_inner_tape_alone_watches(asked, target, code, tmp_path):
    (report,) = (r for r in run_program(INNER.format(asked=asked, target=target), tmp_path) if r.target == target)
    (finding,) = report.findings
    assert finding.code.number == code
    assert finding.diagnostic.primary.span.line == 4
    assert [e.replace_with.splitlines()[-1].strip() for e in finding.diagnostic.suggestion.edits] == ["outer.watch(x)"]


PAUSED = """
import gradtape as gt
def step(tape, w, scale):
    with tape.stop_recording():
        with gt.GradientTape() as inner:
            loss = (w * scale) ** 2
        slope = inner.gradient(loss, w)
    return w - 0.1 * slope
w, scale = gt.Variable(1.5), gt.Variable(2.0)
with gt.GradientTape() as outer:
    fast = step(outer, w, scale)
    loss = fast ** 2
outer.gradient(loss, [w, scale])
"""


def test_a_derivative_that_is_computed_while_the_outer_tape_is_paused(tmp_path):
    (report,) = (r for r in run_program(PAUSED, tmp_path) if r.source == "scale")
    (finding,) = report.findings
    assert finding.code.number == "GT506"
    assert finding.diagnostic.primary.span.line == 7
    assert "while the outer tape is paused" in finding.diagnostic.primary.label
    lines = PAUSED.splitlines()
    for edit in reversed(finding.diagnostic.suggestion.edits):
        lines[edit.line - 1 : edit.line] = edit.replace_with.splitlines() if edit.replace_with.strip() else []
    again = run_program("\n".join(lines), tmp_path, "mended.py")
    assert all(not r.findings for r in again)


PARTS_OF_ONE = """
import gradtape as gt
import numpy as np
def price(inputs):
    spot = {used}
    return np.sum(inputs) + np.sum(np.tanh(spot))
inputs = gt.constant([[0.5, 2.0], [1.5, 3.0]])
with gt.GradientTape() as tape:
    tape.watch(inputs)
    whole = price(inputs)
    vol = {asked}
tape.gradient(whole, vol)
"""


@pytest.mark.parametrize(
    ("used", "asked", "line", "says"),
    [
        ("inputs[:, 0]", "inputs[:, 1]", 11, "a value of its own"),
        ("np.sum(inputs, axis=0)", "np.sum(inputs, axis=1)", 11, "a value of its own"),
        ("(inputs)[:, 1]", "inputs[:, 1]", 5, "the same once more"),
    ],
    ids=["another column", "another axis", "the same column"],
)
def test_another_part_of_a_value_is_no_second_run_of_the_same(used, asked, line, says, tmp_path):
    (report,) = run_program(PARTS_OF_ONE.format(used=used, asked=asked), tmp_path)
    (finding,) = report.findings
    assert finding.cause == "different-object"
    assert finding.diagnostic.primary.span.line == line
    assert says in finding.diagnostic.primary.label
