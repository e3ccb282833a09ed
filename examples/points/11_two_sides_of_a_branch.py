"""Each run is differentiated along the side that it took."""

import tensorflow as tf

for start in (4.0, -1.0):
    height = tf.Variable(start)
    with tf.GradientTape() as tape:
        if height > 0:
            energy = height**2
        else:
            energy = 0.5 * height
    slope = tape.gradient(energy, height)
    print(slope)
