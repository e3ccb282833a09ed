"""The result of an operation on a variable is a tensor, and stays on the tape."""

import tensorflow as tf

weight = tf.Variable(0.8)
with tf.GradientTape() as tape:
    tensor = weight * 2.0
    result = tf.math.exp(-tensor)
slope = tape.gradient(result, weight)
print(slope)
