"""A large gradient is a gradient: size never makes it None."""

import numpy as np
import tensorflow as tf

length = tf.Variable(np.array([2e-9, 4e-9]))
with tf.GradientTape() as tape:
    scaled = tf.math.multiply(length, tf.constant([1e9, 1e9]))
    cost = tf.reduce_sum(tf.math.log(scaled + 1e-4))
slope = tape.gradient(cost, length)
print(slope)
