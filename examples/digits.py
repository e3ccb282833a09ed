"""A convolutional network reads handwritten digits: `gradtape.nn`, `gradtape.optim` and `fit` on real data.

The 1797 images of 8 x 8 pixels ship with scikit-learn (`load_digits`); they are the test part of "Optical recognition
of handwritten digits", UCI Machine Learning Repository, E. Alpaydin and C. Kaynak, 1998. A fifth of them is never seen
in training.
"""

from itertools import zip_longest

import numpy as np
from _program import run

import gradtape as gt
from gradtape import nn, optim


def load(seed=0):
    """Return images of shape (8, 8, 1) from 0 to 1 and their digits: those to learn from, and a fifth to test."""
    from sklearn.datasets import load_digits

    images, digits = load_digits(return_X_y=True)
    images = (images / 16.0).astype(np.float32).reshape(-1, 8, 8, 1)
    order = np.random.default_rng(seed).permutation(len(images))
    test = order[: len(order) // 5]
    learn = order[len(order) // 5 :]
    return (images[learn], digits[learn]), (images[test], digits[test])


def network(channels):
    return nn.Sequential([
        nn.Conv2D(channels, 3, padding="same", use_bias=False),
        nn.BatchNormalization(momentum=0.9),
        nn.ReLU(),
        nn.Conv2D(2 * channels, 3, padding="same", use_bias=False),
        nn.BatchNormalization(momentum=0.9),
        nn.ReLU(),
        nn.MaxPooling2D(),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Dense(64, activation="relu"),
        nn.Dropout(0.25),
        nn.Dense(10),
    ])  # fmt: skip


def main(small=False, seed=0):
    epochs, channels = (3, 12) if small else (15, 32)
    learn, test = load(seed)
    with nn.seeded(seed):
        model = network(channels)
        model(learn[0][:1])
    model.summary()
    rate = optim.schedules.CosineDecay(0.003, epochs * len(learn[0]) // 64)
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    adam = optim.Adam(rate)
    history = nn.fit(model, loss, adam, learn, epochs, 64, validation_data=test, metrics=["accuracy"], seed=seed)
    scores = nn.predict(model, test[0])
    right = scores.argmax(-1) == test[1]
    print(f"{right.mean():.2%} of {len(right)} images that the network never saw are read rightly")
    matters = attention(model, test)
    return {"history": history.history, "accuracy": right.mean(), "test": test, "scores": scores, "matters": matters}


def attention(model, test):
    """Return how much the score of the right digit changes with each pixel: a gradient in the image."""
    images = gt.constant(test[0][:10])
    with gt.GradientTape() as tape:
        tape.watch(images)
        scores = np.sum(model(images) * np.eye(10, dtype=np.float32)[test[1][:10]])
    return np.abs(tape.gradient(scores, images).numpy()[..., 0])


def draw(plt, result):
    figure = plt.figure(figsize=(9.0, 6.0))
    curves, misread, pixels = figure.subfigures(3, 1, height_ratios=[2.4, 1.1, 1.0])
    left, right = curves.subplots(1, 2)
    history = result["history"]
    epochs = 1 + np.arange(len(history["loss"]))
    left.semilogy(epochs, history["loss"], label="training images, with dropout")
    left.semilogy(epochs, history["val_loss"], label="test images")
    left.set(xlabel="epoch", title="Cross entropy")
    left.legend()
    right.plot(epochs, 100.0 * (1.0 - np.array(history["val_accuracy"])), color="C1")
    right.set(xlabel="epoch", ylabel="percent", title="Test images that are read wrongly", ylim=(0, None))
    images, digits = result["test"]
    wrong = np.flatnonzero(result["scores"].argmax(-1) != digits)[:8]
    misread.suptitle("The first that are read wrongly", fontsize=10)
    for axis, k in zip_longest(misread.subplots(1, 10), wrong):
        axis.axis("off")
        if k is not None:
            axis.imshow(images[k, ..., 0], cmap="gray_r")
            axis.set_title(f"{digits[k]} as {result['scores'][k].argmax()}", fontsize=8)
    pixels.suptitle("How much each pixel matters (the gradient of the score in the image)", fontsize=10)
    for axis, image, matters in zip(pixels.subplots(1, 10), images[:10], result["matters"], strict=True):
        axis.axis("off")
        axis.imshow(image[..., 0], cmap="gray_r")
        axis.imshow(matters, cmap="inferno", alpha=0.6)
    return figure


if __name__ == "__main__":
    run(main, draw)
