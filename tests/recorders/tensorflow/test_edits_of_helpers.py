"""Edits of values that leave in functions which a program wrote for arrays: all of the way, or none of it."""

import textwrap

import pytest

from .conftest import HEAD

START = """
from scipy.ndimage import gaussian_filter
w, by = tf.Variable([0.4, 1.5, 0.8, 2.0]), np.array([1.0, 2.0, 4.0, 8.0], "float32")
"""

BY_DIFFERENCES = {
    "a matrix that is put together element by element": (
        """
        def flow(conductance):
            nodal = np.eye(4)
            for k in range(3):
                nodal[k, k] += conductance[k]
                nodal[k, k + 1] -= conductance[k]
            return np.linalg.solve(nodal, by)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(flow(tf.exp(w)))
        tape.gradient(y, w)
        """,
        'by_differences(lambda plain_0: np.asarray(flow(tf.constant(plain_0)), "float32"), [tf.exp(w)], tf.float32)',
    ),
    "a list that another function hands on": (
        """
        class Arm:
            def __init__(self, rows):
                self.rows = rows
            @staticmethod
            def turn(angle, length):
                c, s = np.cos(angle), np.sin(angle)
                return np.array([[c, -s, length * c], [s, c, length * s], [0, 0, 1]])
            def reach(self, angles):
                pose = np.eye(3)
                for angle, row in zip(angles, self.rows):
                    pose = pose @ self.turn(angle, *row)
                return pose[:2, 2]
        arm = Arm([(0.5,), (0.3,)])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.cast(arm.reach(tf.unstack(w)), tf.float32) ** 2)
        tape.gradient(y, w)
        """,
        'by_differences(lambda plain_0: np.asarray(arm.reach(tf.constant(plain_0)), "float32"), [tf.unstack(w)], ',
    ),
    "functions in each other, with a library's": (
        """
        def blurred(a):
            return gaussian_filter(a, 1.0)
        def distance(a, b):
            return ((blurred(a) - blurred(b)) ** 2).mean()
        with tf.GradientTape() as tape:
            h = tf.sin(w)
            y = tf.constant(distance(h.numpy(), by), tf.float32) * 3.0
        tape.gradient(y, w)
        """,
        'by_differences(lambda plain_h: np.asarray(distance(plain_h, by), "float32"), [h], tf.float32)',
    ),
    "what an object of the program keeps": (
        """
        class Spring:
            def __init__(self, stiffness):
                self.stiffness = stiffness
            def energy(self, x):
                return np.sum(0.5 * self.stiffness * x**2)
            def both(self):
                return np.array([self.energy(by), np.sqrt(self.stiffness[0])])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.cast(Spring(w.numpy()).both(), tf.float32))
        tape.gradient(y, w)
        """,
        'by_differences(lambda plain_w: np.asarray(Spring(plain_w).both(), "float32"), [w], tf.float32)',
    ),
    "an array that is filled in a loop, and was made before": (
        """
        with tf.GradientTape() as tape:
            columns = np.zeros((4, 3), "float32")
            plain = w.numpy()
            for k in range(3):
                columns[:, k] = np.exp(-k * plain)
            y = tf.reduce_sum(tf.convert_to_tensor(columns) * 2.0)
        tape.gradient(y, w)
        """,
        'columns = np.zeros((4, 3), "float32")\n        plain = plain_w',
    ),
    "a decorated callback for which there are no words": (
        """
        @tf.numpy_function(Tout=tf.float32)
        def blurred(a):
            return gaussian_filter(a, 1.0)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(blurred([w * 2.0]) ** 2)
        tape.gradient(y, w)
        """,
        "y = tf.reduce_sum(by_differences(blurred, [w * 2.0], tf.float32) ** 2)",
    ),
    "a helper whose array goes on through NumPy": (
        """
        def gains(a):
            gain = np.eye(4)
            for k in range(4):
                gain[k, k] += a[k] ** 2
            return gain
        def settled(a):
            return np.linalg.solve(gains(a), by)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(settled(w))
        tape.gradient(y, w)
        """,
        'by_differences(lambda plain_w: np.asarray(settled(tf.constant(plain_w)), "float32"), [w], tf.float32)',
    ),
    "rows picked by positions": (
        """
        def likelihood(scores, labels):
            e = np.exp(scores - scores.max(axis=1, keepdims=True))
            return -np.log((e / e.sum(axis=1, keepdims=True))[np.arange(2), labels]).mean()
        with tf.GradientTape() as tape:
            scores = tf.reshape(w, (2, 2))
            y = tf.convert_to_tensor(likelihood(scores.numpy(), np.array([0, 1])))
        tape.gradient(y, w)
        """,
        'by_differences(lambda plain_scores: np.asarray(likelihood(plain_scores, np.array([0, 1])), "float32"), ',
    ),
}

IN_TENSORFLOW = {
    "rows of numbers beside rows of tensors": (
        """
        def shear(a, b):
            return np.array([[1, a, 0], [b, 1, 0], [0, 0, 1]])
        with tf.GradientTape() as tape:
            left = w.numpy()
            y = tf.reduce_sum(tf.square(shear(left[0], left[1])))
        tape.gradient(y, w)
        """,
        "return tf.stack([tf.stack([1.0, a, 0.0]), tf.stack([b, 1.0, 0.0]), tf.stack([0.0, 0.0, 1.0])])",
    ),
    "a transform that wants complex numbers": (
        """
        def power(a):
            spectrum = np.fft.fft(a)
            return np.abs(spectrum) ** 2
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(power(w.numpy()) * by)
        tape.gradient(y, w)
        """,
        "spectrum = tf.signal.fft(tf.cast(a, tf.complex64))",
    ),
    "two things in one statement": (
        """
        with tf.GradientTape() as tape:
            a, b = w.numpy(), by
            pa, pb = np.abs(a) ** 2, np.abs(b) ** 2
            y = tf.convert_to_tensor(np.mean(np.log(pa) - np.log(pb)))
        tape.gradient(y, w)
        """,
        "y = tf.convert_to_tensor(tf.reduce_mean(tf.math.log(pa) - np.log(pb)))",
    ),
    "pairs of a loop, and the list that they fill": (
        """
        with tf.GradientTape() as tape:
            rows, others = tf.reshape(w, (2, 2)).numpy(), by.reshape(2, 2)
            gaps = []
            for row, other in zip(rows, others):
                gap = np.linalg.norm(row - other)
                gaps.append(gap**2)
            y = tf.convert_to_tensor(np.mean(gaps), tf.float32)
        tape.gradient(y, w)
        """,
        "gap = tf.norm(row - other)",
    ),
    "a method of what a function gives": (
        """
        def pinball(given, wanted):
            e = np.asarray(wanted) - np.asarray(given)
            return tf.convert_to_tensor(np.maximum(0.9 * e, -0.1 * e).mean(axis=0))
        with tf.GradientTape() as tape:
            y = pinball(w * 2.0, by)
        tape.gradient(y, w)
        """,
        "tf.reduce_mean(tf.maximum(0.9 * e, -0.1 * e), axis=0)",
    ),
    "a list of numbers that becomes an array": (
        """
        with tf.GradientTape() as tape:
            squares = [float(x) ** 2 for x in tf.exp(w)]
            y = tf.constant(np.sum(np.linspace(0.0, 1.0, 4) * np.array(squares)), tf.float32)
        tape.gradient(y, w)
        """,
        "np.linspace(0.0, 1.0, 4) * tf.stack(squares)",
    ),
    "a norm that is named": (
        """
        with tf.GradientTape() as tape:
            y = tf.convert_to_tensor(np.linalg.norm(w.numpy() * by, ord=2))
        tape.gradient(y, w)
        """,
        "y = tf.convert_to_tensor(tf.norm(w * by, ord=2))",
    ),
    "a callback that a decorator makes": (
        """
        @tf.numpy_function(Tout=tf.float32)
        def softened(a):
            return np.log(np.cosh(a))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(softened([w * 2.0]))
        tape.gradient(y, w)
        """,
        "y = tf.reduce_sum(softened(w * 2.0))",
    ),
    "a callback that a partial makes": (
        """
        import functools
        plainly = functools.partial(tf.numpy_function, Tout=tf.float32)
        def rooted(a):
            return np.sqrt(1 + a**2) - 1
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(plainly(rooted, [w * 2.0]))
        tape.gradient(y, w)
        """,
        "y = tf.reduce_sum(rooted(w * 2.0))",
    ),
    "positions that tensors are compared by": (
        """
        with tf.GradientTape() as tape:
            plain = w.numpy()
            print(np.round(plain, 2), float(plain[0]))
            least = np.sort(plain)[1]
            y = tf.constant(np.mean(plain[plain > least]))
        tape.gradient(y, w)
        """,
        "y = tf.constant(tf.reduce_mean(plain[plain > least]))",
    ),
}

UNEDITED = {
    "what draws anew": """
        def noisy(a):
            out = np.eye(4)
            for k in range(4):
                out[k, k] += a[k] * np.random.normal()
            return np.linalg.det(out)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(noisy(tf.exp(w)))
        tape.gradient(y, w)
        """,
    "what reads a variable of its own": """
        scale = tf.Variable(2.0)
        def scaled(a):
            out = np.eye(4)
            for k in range(4):
                out[k, k] += a[k] * scale
            return np.linalg.det(out)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(scaled(tf.exp(w)))
        tape.gradient(y, [w, scale])
        """,
    "what counts its calls": """
        class Counted:
            calls = 0
            def total(self, a):
                self.calls += 1
                out = np.eye(4)
                out[1, 1] = a[1] ** 2
                return np.linalg.det(out)
        counted = Counted()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(counted.total(tf.exp(w)))
        tape.gradient(y, w)
        """,
    "a decorated callback that others call as well": """
        @tf.numpy_function(Tout=tf.float32)
        def softened(a):
            return np.log(np.cosh(a))
        print(softened([by]))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(softened([w * 2.0]))
        tape.gradient(y, w)
        """,
    "a product with an array of another dtype": """
        shares = np.linspace(0.0, 1.0, 4)
        with tf.GradientTape() as tape:
            plain = w.numpy()
            y = tf.cast(np.dot(plain, shares), tf.float32)
            print(plain.shape)
        tape.gradient(y, w)
        """,
    "what gives several": """
        def both(a):
            out = np.eye(4)
            out[1, 1] = a[1] ** 2
            return np.linalg.det(out), a
        with tf.GradientTape() as tape:
            out, h = both(tf.exp(w))
            y = tf.reduce_sum(out)
        tape.gradient(y, w)
        """,
}


@pytest.mark.parametrize("name", BY_DIFFERENCES)
def test_a_helper_gets_a_derivative_by_differences(name, mends):
    source, line = BY_DIFFERENCES[name]
    assert line in mends(HEAD + START + textwrap.dedent(source))


@pytest.mark.parametrize("name", IN_TENSORFLOW)
def test_a_helper_computes_with_tensors(name, mends):
    source, line = IN_TENSORFLOW[name]
    assert line in mends(HEAD + START + textwrap.dedent(source))


@pytest.mark.parametrize("name", UNEDITED)
def test_a_helper_that_cannot_stay_on_the_tape_as_a_whole_is_not_edited(name, offered):
    assert not offered(HEAD + START + textwrap.dedent(UNEDITED[name]))
