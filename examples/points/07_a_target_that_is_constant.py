"""A target made from constants changes with nothing."""

import tensorflow as tf

weight = tf.Variable(1.5, name="weight")
loss = tf.constant(0.25)
slopes = tf.gradients(loss, [weight])
print(slopes)
