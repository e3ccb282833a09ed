"""`Optax`: a gradient transformation of optax as an optimizer. JAX is imported when one is made."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.variable import Variable, take_over
from gradtape.errors import MissingLibraryError, OperandError
from gradtape.optim import gradients
from gradtape.optim.gradients import Pair
from gradtape.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

RATE = "hyperparams.learning_rate"
"""What the state calls a learning rate that can be changed."""


class InjectedRate:
    """The attribute `learning_rate`: the one in the state of `optax.inject_hyperparams`, if there is one."""

    def __get__(self, optimizer: Optax | None, owner: type[Optax]) -> Any:
        if optimizer is None:
            raise AttributeError("learning_rate is an attribute of an optimizer, not of its class")
        return optimizer._injected()

    def __set__(self, optimizer: Optax, value: Any) -> None:
        optimizer._injected().assign(value)


class Optax(Optimizer):
    """A gradient transformation of optax, as an optimizer.

    It gets gradients and variables as JAX arrays in a dict: by name if all variables have names of their own, else by
    number. Its state is kept in variables, so that checkpoints have it.

    Parameters
    ----------
    transformation : optax.GradientTransformation
        `optax.adam(1e-3)`, `optax.chain(...)`. Its learning rate can be set if `optax.inject_hyperparams` made it.
    name : str, optional
    check_finite : bool
        Refuse gradients that are not finite, as other optimizers do. False leaves them to the transformation
        (`optax.apply_if_finite`).

    Raises
    ------
    MissingLibraryError
        If optax is not installed.

    Notes
    -----
    Variables keep their dtype, float64 too, whatever JAX is set to. Arguments beyond gradients and parameters, the
    value of the loss say, are not passed on.

    Examples
    --------
    >>> import optax
    >>> import gradtape as gt
    >>> w = gt.Variable([1.0, -2.0])
    >>> optimizer = gt.optim.Optax(optax.chain(optax.clip(1.0), optax.sgd(0.5)))
    >>> step = optimizer.minimize(lambda: (w * w).sum(), [w])
    >>> w
    Variable([ 0.5, -1.5])
    """

    learning_rate: Any = InjectedRate()

    def __init__(self, transformation: Any, name: str | None = None, check_finite: bool = True) -> None:
        try:
            import jax
            import optax
        except ImportError:
            raise MissingLibraryError("`Optax` needs optax and JAX: pip install 'gradtape[optax]'") from None
        if not hasattr(transformation, "init") or not hasattr(transformation, "update"):
            raise OperandError(
                f"transformation: {transformation!r} has no `init` and `update`; pass what `optax.adam(...)` returns"
            )
        self.name = name
        self.transformation = transformation
        self.check_finite = check_finite
        self.__post_init__()
        self._jax = jax
        self._leaves: dict[str, Variable] = {}
        self._form: Any = None
        self._random: list[Any] = []
        self._keys: list[str] = []

        def step(grads: Any, state: Any, parameters: Any) -> Any:
            updates, new = transformation.update(grads, state, parameters)
            return optax.apply_updates(parameters, updates), new

        self._jitted = jax.jit(step)

    def get_config(self) -> dict[str, Any]:
        """Refuse: a transformation of optax is made of functions, which have no configuration.

        Raises
        ------
        NotImplementedError
        """
        raise NotImplementedError("a transformation of optax is made of functions, which no configuration describes")

    def __repr__(self) -> str:
        return f"Optax({self.transformation!r}, name={self.name!r})"

    def like(self) -> Optax:
        """Return one of the same kind without state."""
        return Optax(self.transformation, self.name, self.check_finite)

    def _injected(self) -> Variable:
        found = [v for name, v in self._leaves.items() if name.endswith(RATE)]
        if len(found) == 1:
            return found[0]
        why = "its state has none" if self.built else "it has no state before it is built"
        raise AttributeError(
            f"learning_rate: the transformation keeps it to itself, {why}; make it with "
            "`optax.inject_hyperparams(optax.adam)(learning_rate=0.1)`, and build or apply it first"
        )

    def _wide(self, variables: Sequence[Variable]) -> Any:
        """Let JAX compute in double precision where a variable has it."""
        if any(v._value.dtype.itemsize >= (16 if v._value.dtype.kind == "c" else 8) for v in variables):
            return self._jax.enable_x64(True) if hasattr(self._jax, "enable_x64") else _experimental_x64()
        return nullcontext()

    def _build(self, variables: Mapping[str, Variable], frame: FrameType) -> None:  # noqa: ARG002
        chosen = list(variables.values())
        names = [v.name for v in chosen]
        digits = len(str(len(chosen)))
        own = None not in names and len(set(names)) == len(names)
        self._keys = [str(n) for n in names] if own else [f"{k:0{digits}}" for k in range(len(chosen))]
        with self._wide(chosen):
            state = self.transformation.init(self._parameters(chosen))
        leaves, self._form = self._jax.tree_util.tree_flatten_with_path(state)
        self._random = [self._key_kind(leaf) for _, leaf in leaves]
        self._leaves = {_path(path): Variable(self._plain(leaf), trainable=False) for path, leaf in leaves}
        self._trainable_variables = chosen
        self._places = {id(v): k for k, v in enumerate(chosen)}
        self._by_place = dict(variables)
        self.built = True

    def _key_kind(self, leaf: Any) -> Any:
        """Return the kind of a key of random numbers, None for any other leaf."""
        jax = self._jax
        if hasattr(leaf, "dtype") and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.random.key_impl(leaf)
        return None

    def _plain(self, leaf: Any) -> Any:
        """Return a leaf as an array of its own."""
        return np.array(leaf if self._key_kind(leaf) is None else self._jax.random.key_data(leaf))

    def _state(self) -> Any:
        """Return the state as the transformation knows it."""
        leaves = [
            v._value if kind is None else self._jax.random.wrap_key_data(v._value, impl=kind)
            for v, kind in zip(self._leaves.values(), self._random, strict=True)
        ]
        return self._jax.tree_util.tree_unflatten(self._form, leaves)

    def _parameters(self, variables: Sequence[Variable]) -> dict[str, Any]:
        return {key: self._jax.numpy.asarray(v._value) for key, v in zip(self._keys, variables, strict=True)}

    def state(self, names: Sequence[str] | None = None) -> dict[str, Variable]:
        """Return the number of steps and the leaves of the transformation's state, by readable names."""
        called = dict(zip(self._keys, names, strict=True)) if names is not None else {}
        found = {"iteration": self._iterations}
        for path, variable in self._leaves.items():
            head, _, last = path.rpartition(".")
            found[f"{head}.{called.get(last, last)}" if head else path] = variable
        return found

    def _prepared(self, pairs: Sequence[Pair], frame: FrameType) -> list[Pair]:
        found = [Pair(np.asarray(g, v._value.dtype), v, path) for g, v, path in pairs]
        if self.check_finite:
            gradients.check_finite(found, frame)
        return found

    def _update(self, pairs: list[Pair], frame: FrameType) -> None:
        """Run the transformation on all variables; one without a gradient gets zeros and is left as it was."""
        chosen = self._trainable_variables
        given = {id(p.variable): p.gradient for p in pairs}
        with self._wide(chosen):
            grads = {
                key: given.get(id(v), np.zeros(v.shape, v.dtype)) for key, v in zip(self._keys, chosen, strict=True)
            }
            values, new = self._jitted(grads, self._state(), self._parameters(chosen))
            leaves = [self._plain(leaf) for leaf in self._jax.tree_util.tree_leaves(new)]
        for variable, leaf in zip(self._leaves.values(), leaves, strict=True):
            variable._value = leaf[()]
        updated = [v for v in chosen if id(v) in given]
        by_key = dict(zip(map(id, chosen), self._keys, strict=True))
        take_over(updated, [np.array(values[by_key[id(v)]], v.dtype) for v in updated], frame)


def _experimental_x64() -> Any:
    from jax import experimental

    return experimental.enable_x64()  # type: ignore[attr-defined]  # where JAX itself has none yet


def _path(path: tuple[Any, ...]) -> str:
    """Return the place of a leaf as a name: `0.mu.kernel`."""
    parts = [getattr(key, what) for key in path for what in ("name", "key", "idx") if hasattr(key, what)]
    return ".".join(map(str, parts))
