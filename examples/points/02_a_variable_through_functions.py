"""Functions in between do not matter: what counts is what runs."""

import tensorflow as tf


def wave(phase):
    doubled = phase * 2.0
    return tf.math.cos(doubled * 1.5)


phase = tf.Variable(0.4)
with tf.GradientTape() as tape:
    height = wave(phase)
slope = tape.gradient(height, phase)
print(slope)
