"""Random generators as data, and back: NumPy's `Generator` and `RandomState`, Python's `random.Random`."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


def state_of(generator: Any) -> dict[str, Any]:
    """Return the state of a generator as JSON can hold it.

    Returns
    -------
    dict
        `kind`, the class of the generator; `source`, that of its bits; `state`.
    """
    if isinstance(generator, random.Random):
        return {"kind": "Random", "source": "MT19937", "state": _plain(generator.getstate())}
    if isinstance(generator, np.random.RandomState):
        state = generator.get_state(legacy=False)
    else:
        state = generator.bit_generator.state
    return {"kind": type(generator).__name__, "source": state["bit_generator"], "state": _plain(state)}


def state_like(told: dict[str, Any], generator: Any) -> Any:
    """Return the state that a header tells, for a generator of the same kind, tried on another one.

    Raises
    ------
    ValueError
        If the generator is of another kind, or the state is none.
    """
    mine = state_of(generator)
    for what in ("kind", "source"):
        if told[what] != mine[what]:
            raise ValueError(
                f"is a {told['kind']} with {told['source']}, here it is {mine['kind']} with {mine['source']}"
            )
    state = _rebuilt(told["state"])
    set_state(_another(generator), state)
    return state


def _another(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return np.random.Generator(type(generator.bit_generator)())
    return type(generator)()


def set_state(generator: Any, state: Any) -> None:
    """Put a generator into a state."""
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return {"tuple": [_plain(part) for part in value]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.name}
    return value.item() if isinstance(value, np.generic) else value


def _rebuilt(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"tuple"}:
        return tuple(map(_rebuilt, value["tuple"]))
    if value.keys() == {"array", "dtype"}:
        return np.array(value["array"], value["dtype"])
    return {key: _rebuilt(part) for key, part in value.items()}
