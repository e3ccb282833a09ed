"""stop_gradient of the whole input leaves nothing to learn."""

import tensorflow as tf

tendon = tf.Variable([0.9, 1.1, 1.2])
with tf.GradientTape() as tape:
    strain = tf.stop_gradient(tendon) - 1.0
    energy = tf.reduce_sum(strain**2)
slope = tape.gradient(energy, tendon)
print(slope)
