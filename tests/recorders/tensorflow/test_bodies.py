"""What traced functions run inside: branches, loops, other functions. A break in there is told where it stands."""

import textwrap

import pytest

from .conftest import marked

HEAD = """
import tensorflow as tf
v, w = tf.Variable(1.7), tf.Variable(2.0)
"""

BROKEN = {
    "a branch": """
        @tf.function
        def f(x):
            return tf.cond(x > 1.0, lambda: tf.round(x) * w, lambda: tf.floor(x))  #~ GT302
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, v)
        """,
    "a branch that autograph made": """
        @tf.function
        def f(x):
            if x > 1.0:
                y = tf.round(x) * w  #~ GT302
            else:
                y = w * 2.0
            return y
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, v)
        """,
    "a loop": """
        @tf.function
        def f(x):
            return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.floor(a) * w), (0, x))[1]  #~ GT302
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, v)
        """,
    "two rounds of a loop": """
        @tf.function
        def f(x):
            a, b = x, w * 1.0
            for i in tf.range(2):
                a, b = b, tf.stop_gradient(a)  #~ GT304
            return a
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, v)
        """,
    "one of several": """
        @tf.function
        def f(x, k):
            return tf.switch_case(k, [lambda: tf.floor(x), lambda: w * 2.0])  #~ GT302
        with tf.GradientTape() as tape:
            y = f(v * 1.5, tf.constant(0))
        tape.gradient(y, v)
        """,
    "each row of a table": """
        @tf.function
        def f(x):
            return tf.reduce_sum(tf.map_fn(lambda t: tf.floor(t) * w, x * tf.ones(3)))  #~ GT302
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, v)
        """,
    "a function inside": """
        @tf.function
        def inner(x):
            return tf.round(x) * w  #~ GT302
        @tf.function
        def outer(x):
            return inner(x) + 1.0
        with tf.GradientTape() as tape:
            y = outer(v * 1.5)
        tape.gradient(y, v)
        """,
    "the same function twice": """
        @tf.function
        def f(x, k):
            return tf.round(x) * k  #~ GT302
        u = tf.Variable(0.3)
        with tf.GradientTape() as tape:
            y = f(u, w) + f(v * 1.5, w)
        tape.gradient(y, u)
        """,
    "a tape inside": """
        @tf.function
        def f(x):
            with tf.GradientTape() as tape:
                y = tf.cond(x > 0.0, lambda: tf.round(v) * x, lambda: x * 2.0)  #~ GT302
            g = tape.gradient(y, v)
            return x if g is None else g
        f(tf.constant(1.0))
        """,
}

OK = {
    "a branch": """
        @tf.function
        def f(x):
            return tf.cond(x > 1.0, lambda: tf.sin(x) * w, lambda: tf.floor(x))
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, [v, w])
        """,
    "values that change places in a loop": """
        @tf.function
        def f(x, y, z):
            for i in tf.range(2):
                x, y, z = y, z, tf.sin(x)
            return x
        with tf.GradientTape() as tape:
            y = f(v, w, v * 3.0)
        tape.gradient(y, v)
        """,
    "one function for two sources": """
        @tf.function
        def f(x):
            return tf.sin(x)
        with tf.GradientTape() as tape:
            y = f(v * 1.5) + f(w * 2.0)
        tape.gradient(y, [v, w])
        """,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_break_inside_is_told_where_it_stands(name, explained):
    source = HEAD + textwrap.dedent(BROKEN[name])
    ran = explained(source, functions="graph")
    assert ran.error is None
    assert ran.told == marked(source), ran.statuses


@pytest.mark.parametrize("name", OK)
def test_what_flows_through_is_not_blamed(name, explained):
    ran = explained(HEAD + textwrap.dedent(OK[name]), functions="graph")
    assert ran.error is None
    assert ran.told == {}
    assert {status for _, status in ran.statuses} == {"ok"}


def test_the_expression_in_what_autograph_wrote_is_found(explained):
    ran = explained(HEAD + textwrap.dedent(BROKEN["a branch that autograph made"]), functions="graph")
    finding = ran.reports[0].findings[0].diagnostic
    assert finding.primary.span.text == "tf.round(x)"
    assert [e.replace_with.strip() for e in finding.suggestion.edits] == [
        "y = (x + tf.stop_gradient(tf.round(x) - x)) * w"
    ]


EXPRESSIONS = {
    "tf.round(x * 2.0)": "tf.round(x * 2.0)",
    "(x // 2.0)": "x // 2.0",
    "stairs(x)": "stairs(x)",
    "tf.cast(stairs(inputs=x), dtype=x.dtype)": "stairs(inputs=x)",
    "(keras.ops.round(x) if flag and not other else x)": "keras.ops.round(x)",
}


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_found_by_what_it_was_written_from(expression, mode, explained):
    source = f"""
        flag, other, stairs = True, False, keras.layers.Activation(keras.ops.round)
        @tf.function
        def f(x):
            if tf.reduce_sum(x) > 100.0:
                tf.print("far")
            y = tf.exp(w) + tf.exp(w) * {expression}
            return y
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, v)
        """
    ran = explained(HEAD + "import keras\n" + textwrap.dedent(source), functions=mode)
    told = [f.diagnostic.primary.span.text for r in ran.reports for f in r.findings]
    assert told == [EXPRESSIONS[expression]]


def test_where_only_the_statement_is_known_it_is_told_whole_and_not_edited(explained):
    source = """
        @tf.function
        def f(x):
            y = tf.round(x) + tf.round(x)
            return y
        with tf.GradientTape() as tape:
            y = f(v * 1.5)
        tape.gradient(y, v)
        """
    ran = explained(HEAD + textwrap.dedent(source), functions="graph")
    finding = ran.reports[0].findings[0].diagnostic
    assert finding.primary.span.text == "y = tf.round(x) + tf.round(x)"
    assert finding.suggestion is None


def test_variables_that_traced_functions_change_are_no_hindrance(explained):
    source = """
        import keras
        optimizer = keras.optimizers.SGD(0.1)
        count = tf.Variable(0.0, trainable=False)
        @tf.function
        def step(x):
            with tf.GradientTape() as tape:
                y = tf.round(v) * w + x
            count.assign_add(1.0)
            g = tape.gradient(y, [v, w])
            optimizer.apply_gradients([(g[1], w)])
            count.assign(count * 2.0)
            return y
        step(tf.constant(1.0))
        step(tf.constant([1.0, 2.0]))
        """
    ran = explained(HEAD + textwrap.dedent(source), functions="graph")
    assert ran.error is None
    assert ran.statuses[:2] == [("v", "none"), ("w", "ok")]
    assert ran.told == {11: ["GT302"]}


def test_equal_functions_in_two_programs_are_told_apart(explained):
    source = HEAD + textwrap.dedent(BROKEN["a branch that autograph made"])
    first = explained(source, functions="graph")
    second = explained("\n\n" + source, functions="graph")
    assert [line + 2 for line in first.told] == list(second.told)
