"""Fit a decay curve with TensorFlow's tape; one of three parameters does not learn.

Where no tensorflow is installed, `gradtape why examples/tensorflow_script.py` lets gradtape.tf stand in for it.
"""

import tensorflow as tf

times = tf.constant([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
counts = tf.constant([9.1, 6.2, 4.3, 3.0, 2.2, 1.6, 1.3])

start = tf.Variable(5.0)
rate = tf.Variable(0.2)
floor = tf.Variable(0.4)

for _ in range(100):
    with tf.GradientTape() as tape:
        background = tf.stop_gradient(floor)  # left over from an experiment
        predicted = start * tf.exp(-rate * times) + background
        loss = tf.reduce_mean((predicted - counts) ** 2)
    for variable, slope in zip([start, rate, floor], tape.gradient(loss, [start, rate, floor]), strict=True):
        if slope is not None:
            variable.assign_sub(0.02 * slope)

print(f"loss {float(loss):.4f}  start {float(start):.3f}  rate {float(rate):.3f}  floor {float(floor):.3f}")
