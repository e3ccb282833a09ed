"""Networks as people train them: the gradient of a loss with respect to all parameters."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from workloads.workload import LARGE, SMALL, Workload, float32

Made = tuple[tuple[np.ndarray, ...], dict[str, Any]]


def make_mlp(rng: np.random.Generator, batch: int, sizes: tuple[int, ...]) -> Made:
    """Draw weights and offsets in turn."""
    parameters = []
    for a, b in pairwise(sizes):
        parameters += [rng.normal(0, a**-0.5, (a, b)), rng.normal(0, 0.1, b)]
    x, target = float32(rng.normal(size=(batch, sizes[0])), rng.normal(size=(batch, sizes[-1])))
    return float32(*parameters), {"x": x, "target": target}


def mlp(xp: Any, inputs: Any, data: Any) -> Any:
    """Apply layers of tanh and a linear one."""
    h = data["x"]
    for w, b in zip(inputs[:-2:2], inputs[1:-2:2], strict=True):
        h = xp.tanh(h @ w + b)
    error = h @ inputs[-2] + inputs[-1] - data["target"]
    return xp.mean(error * error)


def mlp_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Backpropagate as in a textbook."""
    h = data["x"]
    hidden = [h]
    for w, b in zip(inputs[:-2:2], inputs[1:-2:2], strict=True):
        h = np.tanh(h @ w + b)
        hidden.append(h)
    error = h @ inputs[-2] + inputs[-1] - data["target"]
    np.mean(error * error)
    g = error * (2.0 / error.size)
    found: list[np.ndarray] = []
    for k in range(len(hidden) - 1, -1, -1):
        h = hidden[k]
        found += [g.sum(axis=0), h.T @ g]
        if k:
            g = (g @ inputs[2 * k].T) * (1.0 - h * h)
    return tuple(reversed(found))


def make_logistic(rng: np.random.Generator) -> Made:
    """Draw 1,000 examples of 20 features."""
    x = rng.normal(size=(1000, 20))
    sign = np.sign(x @ rng.normal(size=20) + rng.normal(size=1000))
    return (rng.normal(0, 0.1, 20), np.zeros(())), {"x": x, "sign": sign}


def logistic(xp: Any, inputs: Any, data: Any) -> Any:
    """Return the mean logistic loss, with a little decay."""
    w, b = inputs
    margin = data["sign"] * (xp.matvec(data["x"], w) + b)
    return xp.mean(xp.softplus(-margin)) + 0.01 * xp.sum(w * w)


def logistic_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Weigh each example by the probability of the wrong answer."""
    w, b = inputs
    x, sign = data["x"], data["sign"]
    margin = sign * (x @ w + b)
    np.mean(np.logaddexp(0.0, -margin)) + 0.01 * np.sum(w * w)
    g = sign / (-len(sign) * (1.0 + np.exp(margin)))
    return x.T @ g + 0.02 * w, g.sum()


def make_convolutions(rng: np.random.Generator) -> Made:
    """Draw eight pictures of 16 x 16 in ten classes; two layers of 3 x 3 filters."""
    first, second = rng.normal(0, 0.2, (3, 3, 3, 8)), rng.normal(0, 0.1, (3, 3, 8, 16))
    parameters = float32(first, second, rng.normal(0, 0.2, (16, 10)), np.zeros(10))
    x, labels = float32(rng.normal(size=(8, 16, 16, 3)), np.eye(10)[rng.integers(0, 10, 8)])
    return parameters, {"x": x, "labels": labels}


def convolutions(xp: Any, inputs: Any, data: Any) -> Any:
    """Convolve twice, take the mean over places, classify."""
    first, second, w, b = inputs
    h = xp.relu(xp.conv2d(data["x"], first))
    h = xp.relu(xp.conv2d(h, second))
    z = xp.mean(xp.mean(h, 1), 1) @ w + b
    return xp.mean(xp.log(xp.sum(xp.exp(z), 1)) - xp.sum(z * data["labels"], 1))


def shifted(x: np.ndarray, w: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Return the picture as each weight of a filter sees it."""
    rows, columns = x.shape[1] - w.shape[0] + 1, x.shape[2] - w.shape[1] + 1
    return [(i, j, x[:, i : i + rows, j : j + columns, :]) for i in range(w.shape[0]) for j in range(w.shape[1])]


def conv2d(x: Any, w: Any) -> Any:
    """Convolve without padding, as NumPy's users write it: one product per weight of the filter."""
    total = None
    for i, j, seen in shifted(x, w):
        part = seen @ w[i, j]
        total = part if total is None else total + part
    return total


def convolutions_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Write out the transposes of both layers."""
    first, second, w, b = inputs
    x, labels = data["x"], data["labels"]
    a = conv2d(x, first)
    h = np.maximum(a, 0.0)
    c = conv2d(h, second)
    k = np.maximum(c, 0.0)
    means = k.mean(1).mean(1)
    z = means @ w + b
    e = np.exp(z)
    total = e.sum(1)
    np.mean(np.log(total) - np.sum(z * labels, 1))
    gz = (e / total[:, None] - labels) / np.float32(len(x))
    gk = (gz @ w.T)[:, None, None, :] / np.float32(k.shape[1] * k.shape[2])
    gc = np.where(c > 0, gk, np.float32(0.0))
    gh, gfirst, gsecond = np.zeros_like(h), np.empty_like(first), np.empty_like(second)
    flat = gc.reshape(-1, gc.shape[-1])
    for i, j, seen in shifted(h, second):
        gsecond[i, j] = seen.reshape(-1, seen.shape[-1]).T @ flat
        gh[:, i : i + gc.shape[1], j : j + gc.shape[2], :] += gc @ second[i, j].T
    ga = np.where(a > 0, gh, np.float32(0.0))
    flat = ga.reshape(-1, ga.shape[-1])
    for i, j, seen in shifted(x, first):
        gfirst[i, j] = seen.reshape(-1, seen.shape[-1]).T @ flat
    return gfirst, gsecond, means.T @ gz, gz.sum(0)


def make_recurrent(rng: np.random.Generator) -> Made:
    """Draw 1,000 steps of eight sequences, 16 units."""
    parameters = float32(rng.normal(0, 0.3, (4, 16)), rng.normal(0, 0.2, (16, 16)), np.zeros(16))
    x, start = float32(rng.normal(size=(1000, 8, 4)), np.zeros((8, 16)))
    return parameters, {"x": x, "start": start}


def recurrent(xp: Any, inputs: Any, data: Any) -> Any:
    """Step a plain recurrent cell; the loss is that of the last state."""
    wx, wh, b = inputs
    (h,) = xp.loop(lambda state, x: (xp.tanh(x @ wx + state[0] @ wh + b),), (data["start"],), data["x"])
    return xp.mean(h * h)


def recurrent_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Backpropagate through time."""
    wx, wh, b = inputs
    x, h = data["x"], data["start"]
    states = [h]
    for seen in x:
        h = np.tanh(seen @ wx + h @ wh + b)
        states.append(h)
    np.mean(h * h)
    g = h * np.float32(2.0 / h.size)
    gx, gh, gb = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
    for k in range(len(x) - 1, -1, -1):
        h = states[k + 1]
        ga = g * (1.0 - h * h)
        gx += x[k].T @ ga
        gh += states[k].T @ ga
        gb += ga.sum(0)
        g = ga @ wh.T
    return gx, gh, gb


def make_attention(rng: np.random.Generator) -> Made:
    """Draw four heads over 32 tokens, batch 4."""
    weights = float32(*(rng.normal(0, 0.125, (64, 4, 16)) for _ in range(3)), rng.normal(0, 0.125, (4, 16, 64)))
    (x,) = float32(rng.normal(size=(4, 32, 64)))
    return weights, {"x": x}


def attention(xp: Any, inputs: Any, data: Any) -> Any:
    """Attend, as it is written with Einstein sums."""
    wq, wk, wv, wo = inputs
    q, k, v = (xp.einsum("btc,chd->bthd", data["x"], w) for w in (wq, wk, wv))
    e = xp.exp(xp.einsum("bqhd,bkhd->bhqk", q, k) * 0.25)
    p = e / xp.sum(e, -1)[..., None]
    out = xp.einsum("bqhd,hdc->bqc", xp.einsum("bhqk,bkhd->bqhd", p, v), wo)
    return xp.mean(out * out)


def attention_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Write out every sum once more for each of its factors."""
    wq, wk, wv, wo = inputs
    x = data["x"]
    q, k, v = (np.einsum("btc,chd->bthd", x, w) for w in (wq, wk, wv))
    e = np.exp(np.einsum("bqhd,bkhd->bhqk", q, k) * 0.25)
    p = e / np.sum(e, -1)[..., None]
    heads = np.einsum("bhqk,bkhd->bqhd", p, v)
    out = np.einsum("bqhd,hdc->bqc", heads, wo)
    np.mean(out * out)
    g = out * np.float32(2.0 / out.size)
    gheads = np.einsum("bqc,hdc->bqhd", g, wo)
    gp = np.einsum("bqhd,bkhd->bhqk", gheads, v)
    gs = p * (gp - np.sum(gp * p, -1)[..., None]) * 0.25
    gq, gk = np.einsum("bhqk,bkhd->bqhd", gs, k), np.einsum("bhqk,bqhd->bkhd", gs, q)
    gv = np.einsum("bhqk,bqhd->bkhd", p, gheads)
    return (
        *(np.einsum("btc,bthd->chd", x, gw) for gw in (gq, gk, gv)),
        np.einsum("bqhd,bqc->hdc", heads, g),
    )


SMALL_MLP = partial(make_mlp, batch=32, sizes=(16, 32, 32, 1))
LARGE_MLP = partial(make_mlp, batch=512, sizes=(256, 512, 512, 1))

WORKLOADS = [
    Workload("MLP 16-32-32-1, batch 32", SMALL_MLP, mlp, mlp_by_hand),
    Workload("MLP 256-512-512-1, batch 512", LARGE_MLP, mlp, mlp_by_hand, aim=LARGE),
    Workload("logistic regression", make_logistic, logistic, logistic_by_hand),
    Workload("convolution net", make_convolutions, convolutions, convolutions_by_hand, aim=SMALL),
    Workload("recurrent loop, 1,000 steps", make_recurrent, recurrent, recurrent_by_hand),
    Workload("attention by einsum", make_attention, attention, attention_by_hand, aim=LARGE),
]
