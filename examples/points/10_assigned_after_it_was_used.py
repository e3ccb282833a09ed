"""The gradient uses the value that was read; a later assignment does not change it."""

import tensorflow as tf

radius = tf.Variable(3.0)
with tf.GradientTape() as tape:
    area = 3.0 * radius * radius
    radius.assign_add(1.0)
slope = tape.gradient(area, radius)
print(slope)
