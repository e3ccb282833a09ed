"""A small convolutional net on scikit-learn's digits, trained with a tape; and five ways to break it.

    gradtape why examples/digits_tensorflow.py
    gradtape why examples/digits_tensorflow.py rounded

The words are: rounded, numbers, outside, frozen, detached. Needs tensorflow and scikit-learn.
"""

import sys

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

BROKEN = sys.argv[1] if len(sys.argv) > 1 else ""

keras.utils.set_random_seed(0)
digits = load_digits()
images = tf.constant(digits.images[..., None] / 16.0, tf.float32)
labels = tf.constant(digits.target)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3, activation="relu")
        self.pool = keras.layers.MaxPooling2D()
        self.flat = keras.layers.Flatten()
        self.dense = keras.layers.Dense(10)

    def call(self, x):
        h = self.flat(self.pool(self.conv(x)))
        if BROKEN == "rounded":
            h = tf.round(h * 8.0) / 8.0
        if BROKEN == "detached":
            h = tf.stop_gradient(h)
        return self.dense(h)


net = Net()
net(images[:1])
temperature = tf.Variable(1.0, trainable=BROKEN != "frozen")
optimizer = keras.optimizers.Adam(0.01)


def loss_of(logits, wanted):
    if BROKEN == "numbers":
        logits = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
        chosen = tf.gather(tf.constant(logits / logits.sum(-1, keepdims=True)), wanted, axis=1, batch_dims=1)
        return -tf.reduce_mean(tf.math.log(chosen)) * temperature
    return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(wanted, logits / temperature, from_logits=True))


def step(x, wanted):
    if BROKEN == "outside":
        logits = net(x)
    with tf.GradientTape() as tape:
        if BROKEN != "outside":
            logits = net(x)
        loss = loss_of(logits, wanted)
    sources = [*net.trainable_variables, temperature]
    gradients = tape.gradient(loss, sources)
    moving = [(g, v) for g, v in zip(gradients, sources, strict=True) if g is not None and v is not temperature]
    if moving:
        optimizer.apply_gradients(moving)
    return float(loss)


losses = [step(images[k : k + 128], labels[k : k + 128]) for k in range(0, 1024, 128)]
print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}")
