"""Programs as people write them, each with the reasons that are true of it: cause and line, per gradient, in order."""

from __future__ import annotations

import textwrap

import pytest

from .programs import run_program

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
        [("angle", [("left-through-number", 8)]), ("scale", [])],
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
        [("x", []), ("x", [("outside-the-tape", 7)])],
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
        [("w", []), ("extra", []), ("extra", [("branch-not-taken", 7)])],
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
        [("w", []), ("b", [("branch-not-taken", 7)])],
    ),
    "a function of NumPy that no row knows": (
        """
        import gradtape as gt
        import numpy as np
        w = gt.Variable([3.0, 1.0, 2.0])
        with gt.GradientTape() as tape:
            loss = np.unwrap(w).sum()
        tape.gradient(loss, w)
        """,
        [("w", [("left-through-numpy", 6)])],
    ),
}


@pytest.mark.parametrize("title", PROGRAMS)
def test_the_reasons_are_the_true_ones(title, tmp_path, monkeypatch):
    source, expected = PROGRAMS[title]
    (tmp_path / "foreign.py").write_text("import numpy as np\n\ndef squares(x):\n    return np.asarray(x) ** 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    reports = run_program(textwrap.dedent(source), tmp_path)
    told = [(r.source, [(f.cause, f.diagnostic.primary.span.line) for f in r.findings]) for r in reports]
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
