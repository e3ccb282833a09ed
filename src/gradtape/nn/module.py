"""`Module`: an object that finds the variables and modules in its attributes, and names them by where they are."""

from __future__ import annotations

import copy
import re
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from gradtape.arrays.variable import Variable
from gradtape.errors import ShapeError
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Found(NamedTuple):
    """A variable or module inside another module: where it is, in which module, and itself."""

    path: str
    owner: Module
    value: Any


class Module:
    """The base class of things that hold variables: in attributes, lists, tuples, dicts and other modules.

    Nothing is registered: what is looked for is found where it is now, each object once, also if it is shared. A path
    is how a program reaches the object: `layers[2].kernel`.

    Parameters
    ----------
    name : str, optional
        The name of the class in lower case, its words joined by `_`, unless given.

    Examples
    --------
    >>> import gradtape as gt
    >>> class Line(gt.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = gt.Variable(2.0)
    ...         self.rest = [gt.Variable([1.0, 2.0])]
    >>> line = Line()
    >>> list(line.named_variables())
    ['slope', 'rest[0]']
    >>> line.count_params()
    3
    """

    _name: str | None = None
    _trainable = True
    _thawed: tuple[Variable, ...] = ()
    is_seed: ClassVar[bool] = False
    """Whether its variables are states of random numbers, which are no weights."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """The name."""
        return self._name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    def __repr__(self) -> str:
        count = len(self.variables)
        return f"<{type(self).__name__} {self.name!r} with {count} variable{'' if count == 1 else 's'}>"

    # what is inside

    def _attributes(self) -> Iterator[tuple[str, Any]]:
        """Yield what is looked into, in the order in which it is told."""
        yield from [(name, value) for name, value in vars(self).items() if name not in {"_thawed", "_given"}]

    def _inside(self) -> Iterator[tuple[str, Any]]:
        """Yield the variables and modules that the attributes hold, with their paths."""
        for name, value in self._attributes():
            if isinstance(value, Variable | Module):
                yield name, value
            elif isinstance(value, list | tuple | dict) or hasattr(value, "__dataclass_fields__"):
                for path, leaf in flatten(value):
                    if isinstance(leaf, Variable | Module):
                        yield f"{name}{path}", leaf

    def _found(self) -> Iterator[Found]:
        """Yield all variables and modules inside, each once: a module's own variables, then its modules' one by one."""
        seen = {id(self)}

        def look(module: Module, prefix: str) -> Iterator[Found]:
            inner = []
            for path, value in module._inside():
                if id(value) in seen:
                    continue
                if isinstance(value, Module):
                    inner.append((path, value))
                else:
                    seen.add(id(value))
                    yield Found(prefix + path, module, value)
            for path, value in inner:
                if id(value) not in seen:
                    seen.add(id(value))
                    yield Found(prefix + path, module, value)
                    yield from look(value, f"{prefix}{path}.")

        yield from look(self, "")

    def named_variables(self) -> dict[str, Variable]:
        """Return the variables by path, in the order of `variables`."""
        return {f.path: f.value for f in self._found() if isinstance(f.value, Variable)}

    def named_modules(self) -> dict[str, Module]:
        """Return the modules inside this one by path."""
        return {f.path: f.value for f in self._found() if isinstance(f.value, Module)}

    @property
    def variables(self) -> Any:
        """All variables, states of random numbers too, each once."""
        return self._listed(f.value for f in self._found() if isinstance(f.value, Variable))

    @property
    def weights(self) -> Any:
        """The variables that are no states of random numbers."""
        return self._listed(f.value for f in self._found() if isinstance(f.value, Variable) and not f.owner.is_seed)

    @property
    def trainable_variables(self) -> Any:
        """Those of the variables that tapes watch by themselves."""
        return self._listed(v for v in self.variables if v.trainable)

    @property
    def non_trainable_variables(self) -> Any:
        """The other variables."""
        return self._listed(v for v in self.variables if not v.trainable)

    @property
    def trainable_weights(self) -> Any:
        """Those of the weights that tapes watch by themselves."""
        return self._listed(v for v in self.weights if v.trainable)

    @property
    def non_trainable_weights(self) -> Any:
        """The other weights: moving statistics, and what was frozen."""
        return self._listed(v for v in self.weights if not v.trainable)

    @property
    def submodules(self) -> Any:
        """The modules inside this one, at any depth."""
        return self._listed(f.value for f in self._found() if isinstance(f.value, Module))

    @staticmethod
    def _listed(found: Iterator[Any]) -> Any:
        """Make of what was found what the properties return."""
        return list(found)

    def count_params(self) -> int:
        """Return how many numbers the weights have together."""
        return sum(int(w._value.size) for w in self.weights)

    # freezing

    @property
    def trainable(self) -> bool:
        """Whether it learns. Setting it False freezes all variables inside; True thaws those that it froze."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        inside = [self, *self.submodules]
        for module in inside:
            module._trainable = bool(value)
        if not value:
            learning = tuple(v for v in self.variables if v.trainable)
            self._thawed = (*self._thawed, *learning)
            for variable in learning:
                variable.trainable = False
            return
        for module in inside:
            for variable in module._thawed:
                variable.trainable = True
            module._thawed = ()

    # keeping and copying

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return a copy of all values by path: what a checkpoint keeps.

        Returns
        -------
        dict of str to ndarray
        """
        return {path: np.array(v._value) for path, v in self.named_variables().items()}

    def load_state(self, state: Mapping[str, Any], strict: bool = True) -> Self:
        """Assign values by path.

        Parameters
        ----------
        state : mapping of str to array_like
            What `state` returned; shapes must fit, dtypes are converted.
        strict : bool
            Whether a path that only one side has is an error.

        Returns
        -------
        Module
            The module itself.

        Raises
        ------
        ShapeError
            If a value has another shape than its variable. Nothing was assigned then.
        KeyError
            If `strict` and paths are missing or left over. Nothing was assigned then.

        Examples
        --------
        >>> import numpy as np
        >>> import gradtape as gt
        >>> layer = gt.nn.Dense(2)
        >>> layer(np.ones((1, 3))).shape
        (1, 2)
        >>> other = layer.copy()
        >>> _ = other.load_state({"kernel": np.zeros((3, 2)), "bias": np.ones(2)})
        >>> other(np.ones((1, 3)))
        Tensor([[1., 1.]], dtype=float32)
        """
        mine = self.named_variables()
        missing, extra = [p for p in mine if p not in state], [p for p in state if p not in mine]
        if strict and (missing or extra):
            told = [
                f"{what} {', '.join(paths[:5])}{' and more' if len(paths) > 5 else ''}"
                for what, paths in (("nothing for", missing), ("no variable for", extra))
                if paths
            ]
            help_ = "; a layer has its variables after its first call" if extra and not mine else ""
            raise KeyError(f"load_state: {' and '.join(told)}{help_}; `strict=False` takes what fits")
        given = {path: np.asarray(state[path]) for path in mine if path in state}
        for path, value in given.items():
            if value.shape != mine[path].shape:
                raise ShapeError(f"load_state: {path} has shape {mine[path].shape}, the given value {value.shape}")
        for path, value in given.items():
            mine[path].assign(value.astype(mine[path].dtype))
        return self

    def copy(self) -> Self:
        """Return a deep copy: variables of its own with the same values."""
        return copy.deepcopy(self)

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print a table of the modules inside, with their last output shapes and parameters.

        Parameters
        ----------
        print_fn : callable
            What is called with the text.

        Examples
        --------
        >>> import numpy as np
        >>> import gradtape as gt
        >>> net = gt.nn.Sequential([gt.nn.Dense(4, activation="relu"), gt.nn.Dense(1)])
        >>> _ = net(np.ones((8, 3)))
        >>> net.summary()
        Sequential
        path       kind   output shape  parameters
        layers[0]  Dense  (8, 4)                16
        layers[1]  Dense  (8, 1)                 5
        21 parameters, 21 of them learn
        """
        rows = [("path", "kind", "output shape", "parameters")]
        for path, module in self.named_modules().items():
            if not module.is_seed:
                shape = getattr(module, "_output_shape", None)
                own = sum(int(v._value.size) for _, v in module._inside() if isinstance(v, Variable))
                rows.append((path, type(module).__name__, "?" if shape is None else str(shape), str(own)))
        wide = [max(len(row[k]) for row in rows) for k in range(4)]
        lines = [type(self).__name__]
        for row in rows if len(rows) > 1 else ():
            left = "  ".join(text.ljust(w) for text, w in zip(row[:3], wide[:3], strict=True))
            lines.append(f"{left}  {row[3].rjust(wide[3])}")
        learning = sum(int(w._value.size) for w in self.trainable_weights)
        lines.append(f"{self.count_params()} parameters, {learning} of them learn")
        print_fn("\n".join(lines))

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method as it is; names have no scopes here."""

        @wraps(method)
        def called(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return called
