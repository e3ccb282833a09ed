"""What the oracle's operations compute, and their derivatives in the oracle's own operations; None is a cut.

Of several ways to write a derivative, these read the result `y` where the engine does: an outer tape sees what is read.
"""

import numpy as np


def fit(a, shape):
    a = a.sum(axis=tuple(range(a.ndim - len(shape))))
    return a.sum(axis=tuple(k for k, n in enumerate(shape) if n == 1 and a.shape[k] != 1), keepdims=True)


def put(a, index, shape):
    made = np.zeros(shape)
    np.add.at(made, index, a)
    return made


def overwrite(a, b, index):
    made = np.array(a)
    made[index] = b
    return made


def overwritten(g, y, a, b, index):
    return [g * overwrite(np.ones_like(a.data), 0.0, index), g.op("getitem", index=index)]


def spread(g, a):
    return g.op("spread", shape=a.data.shape)


FORMULAS = {
    "read": (lambda a: a, lambda g, y, a: [g]),
    "add": (lambda a, b: a + b, lambda g, y, a, b: [g, g]),
    "sub": (lambda a, b: a - b, lambda g, y, a, b: [g, g * -1.0]),
    "mul": (lambda a, b: a * b, lambda g, y, a, b: [g * b, g * a]),
    "div": (lambda a, b: a / b, lambda g, y, a, b: [g / b, g * y / b * -1.0]),
    "sin": (np.sin, lambda g, y, a: [g * a.op("cos")]),
    "cos": (np.cos, lambda g, y, a: [g * a.op("sin") * -1.0]),
    "exp": (np.exp, lambda g, y, a: [g * y]),
    "tanh": (np.tanh, lambda g, y, a: [g + g * y * y * -1.0]),
    "cube": (lambda a: a**3, lambda g, y, a: [g * a * a * 3.0]),
    "maximum": (np.maximum, lambda g, y, a, b: [g * (a.data >= b.data), g * (a.data < b.data)]),
    "minimum": (np.minimum, lambda g, y, a, b: [g * (a.data <= b.data), g * (a.data > b.data)]),
    "where": (lambda a, b, mask: np.where(mask, a, b), lambda g, y, a, b, mask: [g * mask, g * ~mask]),
    "sum": (np.sum, lambda g, y, a: [spread(g, a)]),
    "sum0": (lambda a: a.sum(axis=0), lambda g, y, a: [spread(g, a)]),
    "spread": (np.broadcast_to, lambda g, y, a, shape: [g]),
    "fit": (fit, lambda g, y, a, shape: [spread(g, a)]),
    "reshape": (np.reshape, lambda g, y, a, shape: [g.op("reshape", shape=a.data.shape)]),
    "getitem": (lambda a, index: a[index], lambda g, y, a, index: [g.op("put", index=index, shape=a.data.shape)]),
    "put": (put, lambda g, y, a, index, shape: [g.op("getitem", index=index)]),
    "overwrite": (overwrite, overwritten),
    "dot": (np.dot, lambda g, y, a, b: [g * b, g * a]),
    "stack": (lambda *a: np.stack(a), lambda g, y, *a: [g.op("getitem", index=k) for k in range(len(a))]),
    "floor": (np.floor, None),
    "cast": (np.trunc, None),
    "stop": (lambda a: a, None),
}
