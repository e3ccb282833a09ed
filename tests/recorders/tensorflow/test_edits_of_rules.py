"""Edits after which a program computes the same: functions without a rule, and logarithms of masks."""

import textwrap

import pytest

from .conftest import HEAD

PROGRAMS = {
    "a transformation of images that is learned": """
        turn = tf.Variable([0.3, -0.2])
        x = tf.random.uniform((2, 7, 9, 3))
        def moved(x, turn):
            c, s, o = tf.cos(turn), tf.sin(turn), tf.zeros_like(turn)
            rows = tf.stack([c, -s, 2.0 * s, s, c, o, o, o], axis=1)
            return keras.ops.image.affine_transform(x, rows, fill_mode="constant")
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(moved(x, turn) ** 2)
        tape.gradient(y, turn)
        """,
    "both shapes of a beta distribution": """
        a, b, x = tf.Variable([2.0, 0.7]), tf.Variable([1.5, 1.0]), tf.constant([0.3, 0.6])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.math.betainc(a, b, x) ** 2)
        tape.gradient(y, [a, b])
        """,
    "a zeta function by its first argument": """
        s = tf.Variable([2.5, 3.5])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.math.zeta(s, tf.constant([1.0, 2.0])))
        tape.gradient(y, s)
        """,
    "coefficients of a sound": """
        from tensorflow.python.ops import gen_audio_ops as sound
        push, wave = tf.Variable(0.1), tf.sin(tf.linspace(0.0, 900.0, 2048))[:, None]
        def features(wave):
            power = sound.audio_spectrogram(wave, window_size=200, stride=80, magnitude_squared=True)
            return sound.mfcc(power, 8000, dct_coefficient_count=9)
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(features(wave + push * tf.random.normal((2048, 1))) ** 2)
        tape.gradient(y, push)
        """,
}

KEPT = {
    "a logarithm of negative numbers in a mask": """
        w, keep = tf.Variable([[1.0, 2.0]]), tf.constant([[-1.0, 0.0]])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.nn.softmax(w + tf.math.log(keep)) ** 2)
        tape.gradient(y, w)
        """,
    "a transformation that goes on outside of the image": """
        shift = tf.Variable([0.3])
        with tf.GradientTape() as tape:
            o = tf.zeros(1)
            matrix = tf.stack([o + 1, o, shift, o, o + 1, shift, o, o], 1)
            y = keras.ops.image.affine_transform(tf.ones((1, 4, 4, 1)), matrix, fill_mode="reflect")
        tape.gradient(y, shift)
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_edited_program_computes_the_same(name, mends):
    source, values = HEAD + textwrap.dedent(PROGRAMS[name]), []
    for text in (source, mends(source)):
        scope = {"__name__": "__main__"}
        exec(compile(text.rpartition("tape.gradient")[0], name, "exec"), scope)  # noqa: S102
        values.append(float(scope["y"]))
    assert values[1] == pytest.approx(values[0], rel=0.02)


@pytest.mark.parametrize("name", KEPT)
def test_what_the_other_function_does_not_do_is_not_edited(name, offered):
    assert offered(HEAD + textwrap.dedent(KEPT[name])) == []


def test_a_logarithm_of_a_mask_stays_finite(mends):
    source = """
        w, keep = tf.Variable([[1.0, 2.0], [0.5, 0.2]]), tf.constant([[0.0, 0.0], [1.0, 0.0]])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.nn.softmax(w + tf.math.log(keep)[:, :]) ** 2)
        tape.gradient(y, w)
        """
    assert "tf.math.log(keep + 1e-9)" in mends(HEAD + textwrap.dedent(source))


def test_a_mean_of_nothing_that_a_mask_made_of_it_hides_stays_finite(mends):
    source = """
        w, keep = tf.Variable([[1.0, 2.0], [0.5, 0.2]]), tf.constant([[0.0, 0.0], [1.0, 0.0]])
        with tf.GradientTape() as tape:
            mean = tf.reduce_sum(w * keep, 1) / tf.reduce_sum(keep, 1)
            y = tf.reduce_sum(tf.where(tf.math.is_nan(mean), 0.0, mean) ** 2)
        tape.gradient(y, w)
        """
    assert "/ (tf.reduce_sum(keep, 1) + 1e-12)" in mends(HEAD + textwrap.dedent(source))
