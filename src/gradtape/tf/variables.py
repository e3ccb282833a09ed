"""`Variable`, `IndexedSlices`, `UnconnectedGradients`: the classes that a program names."""

from __future__ import annotations

from typing import Any

import gradtape as gt
from gradtape.tf.calls import plain_value


class _VariableType(type):
    """Makes gradtape's own variables, whose identity the engine knows, and recognises every one of them."""

    def __call__(
        cls,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> gt.Variable:
        if initial_value is None:
            raise ValueError("tf.Variable needs an `initial_value`")
        value = initial_value() if callable(initial_value) else initial_value
        return gt.Variable(plain_value(value, dtype), trainable is not False, name, dtype)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, gt.Variable)


class Variable(metaclass=_VariableType):
    """A tensor whose value can be assigned: a `gradtape.Variable` with TensorFlow's default dtypes.

    Parameters
    ----------
    initial_value : array_like or callable
        Python floats become float32 and ints int32; NumPy's arrays keep their dtype.
    trainable : bool, optional
        Whether tapes watch it by themselves; they do unless it is False.
    name : str, optional
        Shown in messages.
    dtype : dtype, optional
        Cast the initial value to this.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.Variable(3.0).dtype
    dtype('float32')
    """


class IndexedSlices:
    """The class of TensorFlow's sparse gradients. Gradients are dense here, so nothing is an instance of it."""

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        raise NotImplementedError("gradients are dense in this version; use `tf.scatter_nd` to place rows")
