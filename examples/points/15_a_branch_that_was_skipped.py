"""The lines that use the source did not run."""

import tensorflow as tf

tendon = tf.Variable([0.9, 1.1, 1.2])
stretched = tf.constant(False)
with tf.GradientTape() as tape:
    if stretched:
        energy = tf.reduce_sum((tendon - 1.0) ** 2)
    else:
        energy = tf.constant(0.0)
slope = tape.gradient(energy, tendon)
print(slope)
