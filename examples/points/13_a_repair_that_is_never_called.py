"""A helper that is defined and not called changes nothing."""

import tensorflow as tf


def square(position):
    position.assign_sub(1.0)
    return position * position


def repaired_square(position):
    moved = position - 1.0
    return moved * moved


position = tf.Variable(3.0)
with tf.GradientTape() as tape:
    result = square(position)
slope = tape.gradient(result, position)
print(slope)
