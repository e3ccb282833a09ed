"""stop_gradient ends the path, with a tape or without."""

import tensorflow as tf

gain = tf.Variable(2.0)
held = tf.stop_gradient(gain * 3.0)
slopes = tf.gradients(held, [gain])
print(slopes)
