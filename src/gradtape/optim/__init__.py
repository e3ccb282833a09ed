"""Optimizers and learning-rate schedules, with the names, arguments, defaults and numbers of Keras 3.

An optimizer changes `gradtape.Variable`s by their gradients. A gradient that is None is never passed over in silence.

Examples
--------
>>> import gradtape as gt
>>> import numpy as np
>>> x = np.linspace(0.0, 1.0, 20)
>>> a, b = gt.Variable(0.0, name="a"), gt.Variable(0.0, name="b")
>>> optimizer = gt.optim.Adam(learning_rate=0.1)
>>> for _ in range(200):
...     with gt.GradientTape() as tape:
...         loss = np.mean((a * x + b - (3.0 * x - 1.0)) ** 2)
...     step = optimizer.apply_gradients(zip(tape.gradient(loss, [a, b]), [a, b]))
>>> print(f"{a:.1f} {b:.1f}")
3.0 -1.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.optim import configured, schedules
from gradtape.optim.adagrad import Adadelta, Adagrad, Ftrl, RMSprop
from gradtape.optim.adam import Adam, Adamax, AdamW, Lamb, Nadam, ScheduleFreeAdamW
from gradtape.optim.configured import serialize
from gradtape.optim.descent import SGD, Lion
from gradtape.optim.loss_scale import LossScaleOptimizer
from gradtape.optim.matrices import Adafactor, Muon
from gradtape.optim.optax_bridge import Optax
from gradtape.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optax",
    "Optimizer",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make an optimizer from what `serialize` gave, here or in Keras; without state.

    Parameters
    ----------
    config : dict
        `class_name`, in any case of letters, and `config`.
    custom_objects : dict, optional
        Classes of one's own by name.

    Raises
    ------
    ValueError
        If no such class is known.
    """
    return configured.deserialize(config, custom_objects, kind="optimizer")


def get(identifier: Any) -> Any:
    """Return the optimizer that a name, a configuration or an optimizer stands for; None for None.

    Raises
    ------
    ValueError
        If it stands for nothing.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.optim.get("adam").beta_2
    0.999
    """
    return configured.look_up(identifier, "optimizer")
