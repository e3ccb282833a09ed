"""Edits where a tensor became an array of NumPy's that is written to: the writes stay, and so does the gradient."""

import textwrap

import pytest

from .conftest import HEAD

WRITTEN = {
    "padding that a loop overwrites": (
        """
        w = tf.Variable([[0.5], [2.0]])
        def loss_of(errors, lengths):
            errors = np.array(errors)
            for row, n in enumerate(lengths):
                errors[row, n:] = 0.0
            return tf.reduce_sum(errors) / sum(lengths)
        with tf.GradientTape() as tape:
            y = loss_of((w * tf.constant([[3.0, 1.0, 5.0]])) ** 2, [2, 1])
        tape.gradient(y, w)
        print(float(y))
        """,
        "    errors = tf.where(kept, tensor, errors)",
    ),
    "where it is negative, in another name, of what a call gives": (
        """
        w = tf.Variable([-1.0, 2.0])
        with tf.GradientTape(persistent=True) as tape:
            scores = (w * 3.0).numpy().copy()
            scores[scores < 0] = 0.5
            y = tf.reduce_sum(scores ** 2)
        tape.gradient(y, w)
        print(float(y))
        """,
        "    scores = tf.where(kept, tensor, scores)",
    ),
}

NOT_EDITED = {
    "what is written depends on the variable, too": """
        w, v = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
        with tf.GradientTape() as tape:
            x = np.array(w * 2.0)
            x[0] = float(v * 2.0)
            y = tf.reduce_sum(tf.constant(x) ** 2)
        tape.gradient(y, [w, v])
        """,
    "an element is counted up": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            x = np.array(w * 2.0)
            x[0] += 1.0
            y = tf.reduce_sum(tf.constant(x) ** 2)
        tape.gradient(y, w)
        """,
    "an element goes where another was": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            x = np.array(w * 2.0)
            x[0] = x[1]
            y = tf.reduce_sum(tf.constant(x) ** 2)
        tape.gradient(y, w)
        """,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_overwritten_is_noted_and_the_rest_stays_a_tensor(name, mends, capsys):
    source, line = WRITTEN[name]
    assert line in mends(HEAD + textwrap.dedent(source)).split("\n")
    before, after = capsys.readouterr().out.splitlines()
    assert before == after


@pytest.mark.parametrize("name", NOT_EDITED)
def test_what_would_lose_a_part_is_not_edited(name, explained):
    ran = explained(HEAD + textwrap.dedent(NOT_EDITED[name]))
    assert ran.error is None
    assert all(f.diagnostic.suggestion is None for r in ran.reports for f in r.findings)
    assert any(r.findings for r in ran.reports)


WHOLE = """
w = tf.constant([[0.5], [2.0]])
def slope(rows):
    x = tf.convert_to_tensor(rows[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum({used})
    return tape.gradient(y, x)
slope(np.array([1, 0], "uint8"))
"""


def test_whole_numbers_that_are_cast_anyway_are_cast_before(mends):
    new = mends(HEAD + WHOLE.format(used="tf.matmul(tf.cast(x, tf.float32), w)")).split("\n")
    assert "    x = tf.cast(tf.convert_to_tensor(rows[None]), tf.float32)" in new


@pytest.mark.parametrize("used", ["tf.gather(w, tf.cast(x, tf.int32))", "tf.cast(x * x, tf.float32)"])
def test_whole_numbers_that_are_meant_so_are_not_cast(used, explained):
    ran = explained(HEAD + WHOLE.format(used=used))
    (report,) = ran.reports
    assert [f.diagnostic.suggestion for f in report.findings if f.cause == "integer-source"] == [None]


CORRELATED = """
w, wanted = tf.Variable([0.5, 2.0, 1.0]), tf.constant([1.0, 2.0, 4.0])
def agreement(a, b):
    return np.corrcoef({given})[{pick}]
with tf.GradientTape() as tape:
    y = tf.constant(agreement(w * wanted, wanted), tf.float32)
tape.gradient(y, w)
print(round(float(y), 4))
"""


@pytest.mark.parametrize("given", ["a, b", "a.numpy(), b"])
def test_a_correlation_is_written_by_means(given, mends, capsys):
    new = mends(HEAD + CORRELATED.format(given=given, pick="0, 1"))
    assert "tf.math.reduce_std(a) * tf.math.reduce_std(b)" in new
    before, after = capsys.readouterr().out.splitlines()
    assert before == after


@pytest.mark.parametrize(("given", "pick"), [("a, b", "0, 0"), ("np.stack([a, b])", "0, 1")])
def test_another_element_of_correlations_is_not_edited(given, pick, explained):
    ran = explained(HEAD + CORRELATED.format(given=given, pick=pick))
    assert ran.error is None
    assert not any("reduce_std" in e.replace_with for e in _edits(ran))


def _edits(ran):
    found = [f.diagnostic.suggestion for r in ran.reports for f in r.findings]
    return [edit for suggestion in found if suggestion is not None for edit in suggestion.edits]


def test_what_no_tensor_goes_into_stays_as_it_is_in_a_helper(mends):
    new = mends(
        HEAD
        + """
w = tf.Variable([1.0, 2.0])
def scaled(e, n):
    wide = np.tanh(e)
    return np.exp(wide) / np.sqrt(n)
with tf.GradientTape() as tape:
    y = tf.reduce_sum(scaled((w * w).numpy(), 3))
tape.gradient(y, w)
"""
    ).split("\n")
    assert "    wide = tf.tanh(e)" in new
    assert "    return tf.exp(wide) / np.sqrt(n)" in new


def test_what_no_tensor_goes_into_stays_as_it_is(mends):
    new = mends(
        HEAD
        + """
w = tf.Variable([1.0, 2.0])
def loss_of(errors, n):
    e = np.array(errors)
    scaled = e / np.sqrt(n) + np.tanh(e)
    return np.sum(scaled) / float(n)
with tf.GradientTape() as tape:
    y = tf.constant(loss_of(w * w, 3))
tape.gradient(y, w)
"""
    ).split("\n")
    assert "    scaled = e / np.sqrt(n) + tf.tanh(e)" in new
    assert "    return tf.reduce_sum(scaled) / float(n)" in new
