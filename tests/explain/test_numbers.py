"""Gradients that arrive and are of no use, as people get them: zero, not finite, vanished, exploded, partial.

Each program with what is true of it: status, and cause and line per finding. Silent programs are near misses.
"""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from gradtape.explain import Status

from .programs import run_program

NAN, ZERO, OK, PARTIAL = Status.NAN, Status.ZERO, Status.OK, Status.PARTIAL

PROGRAMS = {
    # -- singular-point
    "a hand-written distance, several calls deep": (
        """
        def gap(a, b):
            return a - b
        def distance(a, b):
            return np.sqrt(np.sum(gap(a, b) ** 2, axis=-1))
        def energy(points):
            return np.sum(np.exp(-distance(points[:, None], points[None])))
        w = gt.Variable([[0.0, 1.0], [2.0, 1.0]])
        with gt.GradientTape() as tape:
            loss = energy(w)
        tape.gradient(loss, w)
        """,
        [(NAN, [("singular-point", 7)])],
    ),
    "two singular places on two ways": (
        """
        w = gt.Variable([1.0, 0.0])
        with gt.GradientTape() as tape:
            a = np.sum(np.arccos(w[0]))
            b = np.sum(w[1] ** 0.5)
            loss = a + b
        tape.gradient(loss, w)
        """,
        [(NAN, [("singular-point", 6), ("singular-point", 7)])],
    ),
    "two singular places on one way": (
        """
        w = gt.Variable([0.0, 1.0, 0.25])
        with gt.GradientTape() as tape:
            root = np.sqrt(w)
            loss = np.sum(np.arccos(root))
        tape.gradient(loss, w)
        """,
        [(NAN, [("singular-point", 6), ("singular-point", 7)])],
    ),
    "a logarithm of a probability that underflows": (
        """
        def softmax(z):
            e = np.exp(z - np.max(z))
            return e / np.sum(e)
        def cross_entropy(z, y):
            return -np.sum(y * np.log(softmax(z)))
        w = gt.Variable([0.0, 900.0])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            loss = cross_entropy(w, np.array([1.0, 0.0]))
        tape.gradient(loss, w)
        """,
        [(NAN, [("singular-point", 8)])],
    ),
    "a power with an exponent below one in a loop": (
        """
        w = gt.Variable([0.0, 2.0, 3.0])
        with gt.GradientTape() as tape:
            loss = 0.0
            for k in range(3):
                loss = loss + w[k] ** 0.7
        tape.gradient(loss, w)
        """,
        [(NAN, [("singular-point", 8)])],
    ),
    "an operation that no row of the table knows": (
        """
        import gradtape.scipy.special as special
        w = gt.Variable([0.5, 1.0])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            loss = np.sum(special.ndtri(w) * np.array([1.0, 0.0]))
        tape.gradient(loss, w)
        """,
        [(NAN, [("overflow", 7)])],
    ),
    "a root next to zero": (
        """
        w = gt.Variable([1e-12, 4.0])
        with gt.GradientTape() as tape:
            loss = np.sum(np.sqrt(w))
        tape.gradient(loss, w)
        """,
        [(OK, [])],
    ),
    "another source is not on the way of the root": (
        """
        w, b = gt.Variable(0.0), gt.Variable(1.0)
        with gt.GradientTape() as tape:
            loss = np.sqrt(w) + b**2
        tape.gradient(loss, [w, b])
        """,
        [(NAN, [("singular-point", 6)]), (OK, [])],
    ),
    # -- masked-branch
    "where around a division, several calls deep": (
        """
        def ratio(a, b):
            return a / b
        def safe_ratio(a, b):
            return np.where(b > 0.0, ratio(a, b), 0.0)
        def score(b):
            return np.sum(safe_ratio(1.0, b) ** 2)
        b = gt.Variable([2.0, 0.0])
        with gt.config(strong_zeros=False), np.errstate(all="ignore"):
            with gt.GradientTape() as tape:
                loss = score(b)
            tape.gradient(loss, b)
        """,
        [(NAN, [("masked-branch", 5)])],
    ),
    "both branches of one where are bad, each elsewhere": (
        """
        x = gt.Variable([1.0, -1.0, 0.5])
        with gt.config(strong_zeros=False), np.errstate(all="ignore"):
            with gt.GradientTape() as tape:
                left = 1.0 / (1.0 - x)
                right = np.log(x + 1.0)
                loss = np.sum(np.where(x < 0.0, left, right))
            tape.gradient(loss, x)
        """,
        [(NAN, [("masked-branch", 7), ("masked-branch", 8)])],
    ),
    "one root is masked, and another is not": (
        """
        x = gt.Variable([0.0, 4.0])
        with gt.config(strong_zeros=False):
            with gt.GradientTape() as tape:
                masked = np.where(x > 0.0, np.sqrt(x), 0.0)
                bare = np.arccos(1.0 - x[0])
                loss = np.sum(masked) + bare
            tape.gradient(loss, x)
        """,
        [(NAN, [("masked-branch", 7), ("singular-point", 8)])],
    ),
    "a mask by multiplication hides nothing from a root": (
        """
        x = gt.Variable([0.0, 4.0])
        with gt.config(strong_zeros=False):
            with gt.GradientTape() as tape:
                loss = np.sum(np.sqrt(x) * np.array([0.0, 1.0]))
            tape.gradient(loss, x)
        """,
        [(NAN, [("singular-point", 7)])],
    ),
    "where twice": (
        """
        x = gt.Variable([0.0, 4.0])
        with gt.config(strong_zeros=False):
            with gt.GradientTape() as tape:
                loss = np.sum(np.where(x > 0.0, np.sqrt(np.where(x > 0.0, x, 1.0)), 0.0))
            tape.gradient(loss, x)
        """,
        [(OK, [])],
    ),
    # -- overflow
    "an exponential in a helper of a helper": (
        """
        def lift(v):
            return np.exp(v)
        def gate(v):
            return lift(v) / (1.0 + lift(v))
        w = gt.Variable([1.0, 1000.0])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            loss = np.sum(gate(w))
        tape.gradient(loss, w)
        """,
        [(NAN, [("overflow", 5)])],
    ),
    "two overflows, each on its way": (
        """
        w = gt.Variable([1000.0, 2000.0])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            up = np.exp(w[0])
            down = np.sinh(w[1])
            loss = up - down
        tape.gradient(loss, w)
        """,
        [(NAN, [("overflow", 6), ("overflow", 7)])],
    ),
    "an overflow of which only a zero was used on": (
        """
        z = gt.Variable([2.0, 800.0])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            e = np.exp(z)
            p = e / np.sum(e)
            loss = -np.log(p[0])
        tape.gradient(loss, z)
        """,
        [(NAN, [("overflow", 6)])],
    ),
    "a zero that a mask of -inf has made, on purpose": (
        """
        z = gt.Variable([2.0, 3.0])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            e = np.exp(z + np.array([-np.inf, 0.0]))
            p = e / np.sum(e)
            loss = -np.log(p[0])
        tape.gradient(loss, z)
        """,
        [(NAN, [("singular-point", 8)])],
    ),
    "a row of nothing but -inf in a softmax": (
        """
        def weights(scores, allowed):
            masked = scores + np.where(allowed, 0.0, -np.inf)
            e = np.exp(masked - np.max(masked, axis=-1, keepdims=True))
            return e / np.sum(e, axis=-1, keepdims=True)
        w = gt.Variable([[1.0, 2.0], [3.0, 4.0]])
        allowed = np.array([[True, False], [False, False]])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            loss = np.sum(weights(w, allowed) ** 2)
        tape.gradient(loss, w)
        """,
        [(NAN, [("overflow", 5)])],
    ),
    "a source that a bad step has spoiled": (
        """
        w = gt.Variable([1.0, 2.0])
        w.assign(np.array([np.nan, 1.0]))
        with gt.GradientTape() as tape:
            loss = np.sum(w**2)
        tape.gradient(loss, w)
        """,
        [(NAN, [("overflow", 5)])],
    ),
    "an infinity that the target does not depend on": (
        """
        w = gt.Variable([1.0, 1000.0])
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            shown = np.exp(w)
            loss = np.sum(np.tanh(w * 1e-3))
        tape.gradient(loss, w)
        """,
        [(OK, [])],
    ),
    # -- flat-region
    "dead relus, several calls deep": (
        """
        def relu(v):
            return np.maximum(v, 0.0)
        def layer(v, w):
            return relu(v @ w - 10.0)
        def model(w1, w2):
            return layer(layer(np.ones((2, 3)), w1), w2)
        w1, w2 = gt.Variable(np.ones((3, 3))), gt.Variable(np.ones((3, 1)))
        with gt.GradientTape() as tape:
            loss = np.sum((model(w1, w2) - 1.0) ** 2)
        tape.gradient(loss, [w1, w2])
        """,
        [(ZERO, [("flat-region", 5)]), (ZERO, [("flat-region", 5)])],
    ),
    "two ways that die in two places": (
        """
        w = gt.Variable([30.0, 40.0])
        with gt.GradientTape() as tape:
            a = np.tanh(w)
            b = np.clip(w, 0.0, 1.0)
            loss = np.sum(a * 2.0 + b)
        tape.gradient(loss, w)
        """,
        [(ZERO, [("flat-region", 6), ("flat-region", 7)])],
    ),
    "weights that start at zero": (
        """
        rng = np.random.default_rng(0)
        w1, w2 = gt.Variable(rng.normal(size=(3, 4))), gt.Variable(np.zeros((4, 1)))
        with gt.GradientTape() as tape:
            loss = np.mean((np.tanh(np.ones((5, 3)) @ w1) @ w2 - 1.0) ** 2)
        tape.gradient(loss, [w1, w2])
        """,
        [(ZERO, [("flat-region", 7)]), (OK, [])],
    ),
    "a probability of the value's own sample": (
        """
        def sample(mu):
            return mu + 2.0 * np.array([0.3, -1.0])
        def log_prob(z, mu):
            return -0.5 * ((z - mu) / 2.0) ** 2
        mu = gt.Variable(0.7)
        with gt.GradientTape() as tape:
            loss = np.sum(log_prob(sample(mu), mu))
        tape.gradient(loss, mu)
        """,
        [(ZERO, [("flat-region", 7)])],
    ),
    "a softmax over one value, and one that is saturated": (
        """
        from gradtape.scipy.special import softmax
        w = gt.Variable([1.0, 2000.0])
        with gt.GradientTape(persistent=True) as tape:
            one = np.sum(softmax(np.reshape(w, (2, 1)), axis=1) * 3.0)
            sure = softmax(w)[1]
        tape.gradient(one, w)
        tape.gradient(sure, w)
        """,
        [(ZERO, [("flat-region", 7)]), (ZERO, [("flat-region", 8)])],
    ),
    "a dead region behind a square": (
        """
        w = gt.Variable([-1.0, -2.0])
        with gt.GradientTape() as tape:
            loss = np.sum(np.maximum(w, 0.0) ** 2)
        tape.gradient(loss, w)
        """,
        [(ZERO, [("flat-region", 6)])],
    ),
    "a perfect fit is a minimum": (
        """
        x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
        w = gt.Variable(2.0)
        with gt.GradientTape() as tape:
            loss = np.mean((w * x - y) ** 2)
        tape.gradient(loss, w)
        """,
        [(ZERO, [])],
    ),
    "a variable that is read twice, and added and subtracted": (
        """
        mu = gt.Variable([1.0, 2.0])
        with gt.GradientTape() as tape:
            sample = gt.identity(mu) + 0.3
            loss = np.sum((sample - gt.identity(mu)) ** 2)
        tape.gradient(loss, mu)
        """,
        [(ZERO, [("flat-region", 7)])],
    ),
    "the bias of one layer in two outputs that are subtracted": (
        """
        w, b = gt.Variable(2.0), gt.Variable(0.5)
        def tower(x):
            return np.tanh(w * x) + b
        with gt.GradientTape() as tape:
            loss = (tower(3.0) - tower(1.0)) ** 2
        tape.gradient(loss, [w, b])
        """,
        [(OK, []), (OK, [])],
    ),
    "the bias of a critic, in two means over different numbers of rows": (
        """
        w, b = gt.Variable([2.0, 0.3]), gt.Variable([0.5, 0.1])
        def scores(rows):
            return np.mean(np.tanh(w * rows) + b)
        with gt.GradientTape() as tape:
            loss = scores(np.ones((5, 2))) - scores(np.full((3, 2), 0.2))
        tape.gradient(loss, [w, b])
        """,
        [(OK, []), (OK, [])],
    ),
    "the bias of a critic that is shown the same rows twice, behind a function": (
        """
        w, b = gt.Variable([2.0, 0.3]), gt.Variable([0.5, 0.1])
        def scores(rows):
            return np.mean(np.tanh(w * rows + b))
        with gt.GradientTape() as tape:
            loss = scores(np.ones((5, 2))) - scores(np.ones((5, 2)))
        tape.gradient(loss, [w, b])
        """,
        [(ZERO, []), (ZERO, [])],
    ),
    "two ways that happen to cancel are a minimum": (
        """
        w = gt.Variable(1.0)
        with gt.GradientTape() as tape:
            loss = (w - 3.0) ** 2 + (w + 1.0) ** 2
        tape.gradient(loss, w)
        """,
        [(ZERO, [])],
    ),
    "some units are dead, and others live": (
        """
        w = gt.Variable([-1.0, 2.0])
        with gt.GradientTape() as tape:
            loss = np.sum(np.maximum(w, 0.0) ** 2)
        tape.gradient(loss, w)
        """,
        [(OK, [])],
    ),
    # -- vanishing and exploding
    "sixty sigmoids in a helper": (
        """
        def sigmoid(v):
            return 0.5 + 0.5 * np.tanh(0.5 * v)
        def deep(v):
            for _ in range(60):
                v = sigmoid(v)
            return v
        w = gt.Variable(0.3)
        with gt.GradientTape() as tape:
            loss = (deep(w) - 1.0) ** 2
        tape.gradient(loss, w)
        """,
        [(OK, [("vanishing", 5)])],
    ),
    "one way vanishes beside another that does not": (
        """
        w, b = gt.Variable(0.3), gt.Variable(0.1)
        with gt.GradientTape() as tape:
            h = w
            for _ in range(60):
                h = np.tanh(0.2 * h + b)
            loss = (h - 1.0) ** 2
        tape.gradient(loss, [w, b])
        """,
        [(OK, [("vanishing", 8)]), (OK, [])],
    ),
    "a chain in single precision that leaves nothing at all": (
        """
        w = gt.Variable(np.float32(0.3))
        with gt.GradientTape() as tape:
            h = w
            for _ in range(100):
                h = np.tanh(h * np.float32(0.3))
            loss = (h - np.float32(1.0)) ** 2
        tape.gradient(loss, w)
        """,
        [(ZERO, [("vanishing", 8)])],
    ),
    "so many steps that their product leaves the range of numbers": (
        """
        w = gt.Variable(0.3)
        with gt.GradientTape() as tape:
            loss = -1.0
            for _ in range(200):
                h = w
                for _ in range(10):
                    h = np.tanh(0.001 * h)
                loss = loss + h
            loss = loss**2
        tape.gradient(loss, w)
        """,
        [(OK, [("vanishing", 10)])],
    ),
    "close to a minimum a gradient is small and right": (
        """
        w = gt.Variable(1e-30)
        with gt.GradientTape() as tape:
            loss = w**2 + 1.0
        tape.gradient(loss, w)
        """,
        [(OK, [])],
    ),
    "a recurrence that explodes, several calls deep": (
        """
        def cell(h, w):
            return w * h + np.sin(h)
        def unroll(h, w, steps):
            for _ in range(steps):
                h = cell(h, w)
            return h
        w, h = gt.Variable(5.0), gt.Variable(0.1)
        with gt.GradientTape() as tape:
            loss = np.cos(unroll(h, w, 60))
        tape.gradient(loss, h)
        """,
        [(OK, [("exploding", 5)])],
    ),
    "a product that leaves the range of single precision backwards": (
        """
        w = gt.Variable(np.array([1e-30, 1e-31], np.float32))
        with np.errstate(all="ignore"), gt.GradientTape() as tape:
            big = w * np.float32(1e20)
            loss = np.sum(big * np.float32(1e25))
        tape.gradient(loss, w)
        """,
        [(NAN, [("exploding", 6)])],
    ),
    "a recurrence of modest growth": (
        """
        w, h = gt.Variable(1.2), gt.Variable(0.1)
        with gt.GradientTape() as tape:
            for _ in range(60):
                h = w * h
            loss = np.sum(h)
        tape.gradient(loss, w)
        """,
        [(OK, [])],
    ),
    # -- partial
    "a scale that became a number": (
        """
        w = gt.Variable([1.0, 2.0])
        def scale(v):
            return float(np.sum(v))
        with gt.GradientTape() as tape:
            loss = np.sum(w**2) * scale(w)
        tape.gradient(loss, w)
        """,
        [(PARTIAL, [("left-through-number", 6)])],
    ),
    "a mean that was assigned and read": (
        """
        w, mean = gt.Variable([1.0, 2.0]), gt.Variable(0.0)
        with gt.GradientTape() as tape:
            mean.assign(np.mean(w))
            loss = np.sum((w - mean) ** 2)
        tape.gradient(loss, w)
        """,
        [(PARTIAL, [("state-boundary", 6)])],
    ),
    "two parts are lost and one arrives": (
        """
        w = gt.Variable([1.0, 2.0])
        with gt.GradientTape() as tape:
            low = w.numpy().min()
            high = float(np.max(w))
            loss = np.sum((w - low) / (high - low)) ** 2
        tape.gradient(loss, w)
        """,
        [(PARTIAL, [("left-through-numpy", 6), ("left-through-number", 7)])],
    ),
    "a stop_gradient on the second way is on purpose": (
        """
        w = gt.Variable([1.0, 2.0])
        with gt.GradientTape() as tape:
            loss = np.sum(w**2) * gt.stop_gradient(np.sum(w))
        tape.gradient(loss, w)
        """,
        [(OK, [])],
    ),
    "logging, metrics, a schedule and early stopping lose nothing": (
        """
        w, best, history = gt.Variable([1.0, 2.0]), 1e9, []
        metric = gt.Variable(0.0)
        for step in range(3):
            rate = 0.1 / (1.0 + step)
            with gt.GradientTape() as tape:
                loss = np.sum((w - 3.0) ** 2)
                history.append(float(loss))
                metric.assign_add(loss)
                message = f"step {step}: {float(loss):.3f}, {np.asarray(w)}"
            g = tape.gradient(loss, w)
            if float(loss) > best:
                break
            best = float(loss)
            w.assign_sub(rate * g)
            average = np.mean(history)
        """,
        [(OK, [])],
    ),
    "a state that is carried from step to step": (
        """
        w, state = gt.Variable([1.0, 2.0]), gt.Variable(0.0)
        for step in range(3):
            with gt.GradientTape() as tape:
                h = np.tanh(np.sum(w) * 0.1 + state)
                loss = h**2
            tape.gradient(loss, w)
            state.assign(h)
        """,
        [(OK, [])],
    ),
}

HEAD = "\nimport numpy as np\nimport gradtape as gt\n"


def run(source, folder, name="program.py"):
    return run_program(HEAD + textwrap.dedent(source).lstrip("\n"), folder, name)


@pytest.mark.parametrize("title", PROGRAMS)
def test_the_step_that_lost_the_numbers_is_told(title, tmp_path):
    source, expected = PROGRAMS[title]
    told = [(r.status, [(f.cause, f.diagnostic.primary.span.line) for f in r.findings]) for r in run(source, tmp_path)]
    assert told == expected


def test_a_zero_without_a_finding_has_a_remark_that_names_the_place(tmp_path):
    (report,) = run(PROGRAMS["a perfect fit is a minimum"][0], tmp_path)
    (note,) = report.notes
    assert "because the derivative of power is zero where the base is 0" in note.headline
    assert note.primary.span.text == "(w * x - y) ** 2"


def test_vectors_of_equal_values_have_no_slope_and_the_remark_says_so(tmp_path):
    source = """
        a = gt.Variable(np.eye(3))
        with gt.GradientTape() as tape:
            _, vectors = np.linalg.eigh(a)
            turned = np.sum(vectors[0] * vectors[1])
        tape.gradient(turned, a)
    """
    (report,) = run(source, tmp_path)
    (note,) = report.notes
    assert "two of its values are equal, so that its vectors have none" in note.headline
    assert note.primary.span.text == "np.linalg.eigh(a)"


quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own, of the numbers that get lost


LOST = """
    w, b = gt.Variable([1.0, 2.0]), gt.Variable(0.5)
    with gt.GradientTape() as tape:
        entropy = w * np.log(w - {least})
        loss = np.sum(gt.stop_gradient(entropy)) + b * np.sum(w)
    tape.gradient(loss, [w, b])
"""


@quiet
@pytest.mark.parametrize(("least", "lost"), [(1.0, True), (0.5, False)])
def test_a_target_that_is_not_finite_has_a_remark_though_its_gradient_is(least, lost, tmp_path):
    reports = run(LOST.format(least=least), tmp_path)
    assert [r.status for r in reports] == [Status.OK, Status.OK]
    for report in reports:
        notes = [note for note in report.notes if "not finite" in note.headline]
        assert [note.primary.span.text for note in notes] == ([f"np.log(w - {least})"] if lost else [])
        assert not report.findings


@quiet
def test_a_norm_of_zero_does_not_hide_what_was_lost_behind_it(tmp_path):
    source = """
        r = gt.Variable([[1.0, 0.0], [1.0, 0.0]])
        with gt.GradientTape() as tape:
            d = np.linalg.norm(r[0] - r[1])
            energy = 1 / d**12 - 1 / d**6
        tape.gradient(energy, r)
    """
    (report,) = run(source, tmp_path)
    assert report.status is Status.NAN
    assert {f.diagnostic.primary.span.text for f in report.findings} == {"1 / d**12", "1 / d**6"}


def test_values_and_places_are_told(tmp_path):
    source = """
        w = gt.Variable([[1.0, 4.0], [0.0, 0.0]])
        with gt.GradientTape() as tape:
            loss = np.sum(np.sqrt(w))
        tape.gradient(loss, w)
    """
    (report,) = run(source, tmp_path)
    (finding,) = report.findings
    assert finding.diagnostic.headline == "the gradient from `loss` to `w` is infinite"
    assert finding.diagnostic.notes[0] == "at 2 of 4 elements, for example [1, 0]: `w` is 0 and the result is 0"
    assert "inf is passed on" in finding.diagnostic.notes[1]


def test_a_used_up_tape_still_knows_where_the_numbers_went(tmp_path):
    source = """
        w = gt.Variable([0.0, 4.0])
        with gt.GradientTape() as tape:
            loss = np.sum(np.sqrt(w))
        tape.gradient(loss, w)
        told = tape.why(loss, w)
        assert told.gradients[0].status == "nan", told
        assert [f.cause for f in told.findings] == ["singular-point"], told
    """
    run(source, tmp_path)


def test_what_comes_back_is_that_of_the_question(tmp_path):
    """An output gradient of zero leaves the root alone; `why` is not asked with one and says so of the plain sum."""
    source = """
        w = gt.Variable([0.0, 4.0])
        with gt.GradientTape() as tape:
            roots = np.sqrt(w)
        tape.gradient(roots, w, output_gradients=np.array([0.0, 1.0]))
    """
    (report,) = run(source, tmp_path)
    assert (report.status, report.findings) == (Status.OK, ())


@pytest.mark.parametrize(("other", "says"), [("scores(0.1)", True), ("2.0 * scores(0.1)", False)])
def test_what_two_outputs_share_is_remarked_on_where_it_is_not_in_their_difference(other, says, tmp_path):
    source = f"""
        w, b = gt.Variable([2.0, 0.3]), gt.Variable([0.5, 0.1])
        def scores(x):
            return np.mean(np.tanh(w * x) + b)
        with gt.GradientTape() as tape:
            loss = scores(1.0) - {other}
        tape.gradient(loss, b)
    """
    (report,) = run(source, tmp_path)
    assert (report.status, report.findings) == (Status.OK, ())
    assert any("`b` is added alike to both" in note.headline for note in report.notes) == says


@pytest.mark.parametrize(
    ("made", "in_data"),
    [("w - np.array([1.0, np.nan])", True), ("np.exp(w * 1000.0) - np.exp(w * 1001.0)", False)],
    ids=["data", "infinity minus infinity"],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_of_data_is_told_where_it_comes_in(made, in_data, tmp_path):
    source = f"""
        w = gt.Variable([1.0, 2.0])
        with gt.GradientTape() as tape:
            errors = {made}
            loss = np.sum(errors ** 2)
        tape.gradient(loss, w)
    """
    (report,) = run(source, tmp_path)
    labels = [f.diagnostic.primary.label for f in report.findings]
    assert [f.cause for f in report.findings][:1] == ["overflow"]
    assert any("comes in here, in data" in label for label in labels) == in_data


def test_a_gradient_by_rounding_alone_is_zero(tmp_path):
    """In single precision `(mu + s * e) - mu` leaves rounding; that the ways cancel is proven all the same."""
    source = """
        rng = np.random.default_rng(1)
        mu = gt.Variable(np.float32(0.7))
        with gt.GradientTape() as tape:
            z = mu + np.float32(1.3) * rng.normal(size=50).astype(np.float32)
            loss = np.sum(((z - mu) / np.float32(1.3)) ** 2)
        g = tape.gradient(loss, mu)
        print(g)
    """
    (report,) = run(source, tmp_path)
    assert report.status is Status.ZERO
    assert [f.cause for f in report.findings] == ["flat-region"]


@pytest.mark.parametrize(
    ("program", "compared"),
    [
        ("w = gt.Variable([np.nan, -1.0])\nx = np.where(w > 0.0, w * 2.0, 0.0)", "`w` is NaN in 1 of 2 elements"),
        ("w = gt.Variable(np.nan)\nx = w * (w >= 0.0)", "`w` is NaN"),
        (
            "w = gt.Variable([-1.0, -2.0])\nh = np.log(w)\nx = np.where(h > 0.0, h, 0.0)",
            "`h` is NaN in 2 of 2 elements",
        ),
        ("w = gt.Variable(0.5)\nm = w > 2.0\nx = np.where(m, w, 0.0)", None),
        ("w = gt.Variable(0.5)\nv = gt.Variable(-1.0)\nx = w * (np.log(v) > 0.0).astype(float)", "`np.log(v)` is NaN"),
        ("w = gt.Variable([1.0, 2.0])\nh = w + np.nan\nx = np.where(h > 0.0, 0.0, w * 0.0)", None),
    ],
)
def test_a_condition_that_compares_nan_is_told(program, compared, tmp_path):
    made, *inside = program.split("\n")
    lines = [made, "with np.errstate(all='ignore'), gt.GradientTape() as tape:", *(f"    {line}" for line in inside)]
    (report,) = run("\n".join([*lines, "    loss = np.sum(x)", "tape.gradient(loss, w)"]), tmp_path)
    notes = [note for finding in report.findings for note in finding.diagnostic.notes if "nothing is greater" in note]
    assert [note.partition(", and ")[0] for note in notes] == ([compared] if compared else [])


def test_a_gradient_that_flows_pays_for_no_explanation():
    import gradtape as gt
    from gradtape.tape import missing

    heard = []
    missing.LISTENERS.append(heard.append)
    try:
        w = gt.Variable(np.ones(3))
        with gt.GradientTape() as tape:
            loss = np.sum(w**2)
        tape.gradient(loss, w)
    finally:
        missing.LISTENERS.remove(heard.append)
    assert tape._recording.evidence is None
    assert all(kept is None for kept in tape._recording.saved)


def test_a_zero_gradient_names_the_steps_on_other_ways(tmp_path):
    program = (
        "import gradtape as gt\nimport numpy as np\nw, z = gt.Variable(2.25), gt.Variable(0.0)\n"
        "with gt.GradientTape() as tape:\n    loss = (w - 2.25) ** 2 + {}\ntape.gradient(loss, w)\n"
    )
    for added, steps in (("0.5 * round(w, 1)", ["round(w, 1)"]), ("0.5 * (w > 1.0)", []), ("0.5 * z", [])):
        (report,) = run_program(program.format(added), tmp_path, f"{len(added)}.py")
        assert report.status is ZERO
        told = [note.primary.span.text for note in report.notes if "constant between its steps" in note.headline]
        assert told == steps


def test_a_derivative_of_ones_own_is_not_what_numpys_function_of_its_name_is(tmp_path):
    program = (
        "import gradtape as gt\nimport numpy as np\n@gt.custom_gradient\ndef {}(x):\n"
        "    return np.clip(x, -1, 1), lambda g: g * 0.0\nw = gt.Variable([0.2, 3.0])\n"
        "with gt.GradientTape() as tape:\n    loss = np.sum({}(w) ** 2)\ntape.gradient(loss, w)\n"
    )
    for name in ("clip", "bounded"):
        (report,) = run_program(program.format(name, name), tmp_path, f"{name}_.py")
        assert [f.cause for f in report.findings] == ["custom-rule-none"]
