"""A constant is followed only if the tape is told to."""

import tensorflow as tf


def wave(phase):
    return tf.math.cos(3.0 * phase)


phase = tf.constant(0.4)
with tf.GradientTape() as tape:
    height = wave(phase)
slope = tape.gradient(height, phase)
print(slope)
