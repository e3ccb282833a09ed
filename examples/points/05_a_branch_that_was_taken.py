"""A Python branch is recorded as the side that ran."""

import tensorflow as tf

speed = tf.Variable(3.0)
with tf.GradientTape() as tape:
    if speed > 2:
        drag = 0.5 * speed**2
    else:
        drag = speed
slope = tape.gradient(drag, speed)
print(slope)
