"""A plain NumPy function on a variable is recorded; this one has no derivative to speak of."""

import numpy as np
import tensorflow as tf

level = tf.Variable(2.3)
with tf.GradientTape() as tape:
    step = np.ceil(level)
slope = tape.gradient(step, level)
print(slope)
