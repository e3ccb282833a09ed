"""An assignment in a helper is no operation; the new value is what is read."""

import tensorflow as tf


def shifted_square(position):
    position.assign_sub(1.0)
    return position * position


position = tf.Variable(3.0)
with tf.GradientTape() as tape:
    result = shifted_square(position)
slope = tape.gradient(result, position)
print(slope)
