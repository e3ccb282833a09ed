"""tf.cond runs one side, and that side is differentiated."""

import tensorflow as tf

gain = tf.Variable(2.0)
loud = tf.constant(False)
output = tf.cond(loud, lambda: gain * 10.0, lambda: gain * 3.0)
slopes = tf.gradients(output, [gain])
print(slopes)
