"""What recording costs a program of TensorFlow: the same program bare, and under the recorder.

usage: python benchmarks/why_tensorflow.py

Prints, for a chain of 600 operations with its backward pass and for a training step of Keras that runs eagerly, the
best time of several, bare and recorded, and how many bytes the record keeps.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from gradtape.recorders import tensorflow as recorder
from gradtape.recorders.frameworks import Options
from gradtape.recorders.heard import Heard

ROUNDS = 7


def chain() -> None:
    """600 operations and the way back."""
    x = tf.Variable(tf.ones(8))
    with tf.GradientTape() as tape:
        h = x
        for _ in range(200):
            h = tf.tanh(h) * 1.01 + 0.01
        loss = tf.reduce_sum(h)
    tape.gradient(loss, x)


def steps_of_keras() -> None:
    """Twenty steps of a small network with Adam, eagerly."""
    MODEL.fit(X, Y, batch_size=16, epochs=1, verbose=0)


def build() -> keras.Model:
    """Return a small network that trains eagerly."""
    model = keras.Sequential(
        [
            keras.layers.Input((16,)),
            keras.layers.Dense(32, "relu"),
            keras.layers.Dense(32, "relu"),
            keras.layers.Dense(4),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    return model


MODEL = build()
X = np.random.default_rng(0).normal(size=(320, 16)).astype("float32")
Y = np.random.default_rng(1).integers(0, 4, 320)


def times(run) -> float:
    """Return the best time of several."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    """Time each program bare, and recorded."""
    for name, run in (("chain of 600 operations", chain), ("20 eager steps of Keras", steps_of_keras)):
        run()
        bare = times(run)
        heard = Heard()
        recorder.start(heard, Options())
        try:
            run()
            recorded = times(run)
            memory = recorder._SESSIONS[-1].memory
            kept = sum(sys.getsizeof(r) + sum(map(sys.getsizeof, r)) for r in memory.operations)
        finally:
            recorder.finish(None)
        print(
            f"{name}: bare {1000 * bare:.1f} ms, recorded {1000 * recorded:.1f} ms, {recorded / bare:.2f} times; "
            f"{len(heard.reports)} reports, {len(memory.operations)} operations kept in {kept / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    main()
