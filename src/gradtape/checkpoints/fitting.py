"""A checkpoint put into a structure that is there already: everything is compared before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.variable import Variable
from gradtape.checkpoints.random_state import GENERATORS, set_state, state_like
from gradtape.checkpoints.trees import (
    PLAIN,
    Reading,
    array_of,
    is_module,
    joined,
    names_for,
    names_of_variables,
    parts_of,
    variables_in,
)
from gradtape.errors import CheckpointError
from gradtape.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_TOLD = 10
"""How many problems of a kind are listed."""


class Fitting:
    """A checkpoint and the structure that it is to be put into.

    Parameters
    ----------
    reading : Reading
    target : structure
        What `save` got: the same names, shapes and dtypes.
    """

    def __init__(self, reading: Reading, target: Any) -> None:
        self._reading = reading
        self._known = names_of_variables(target)
        self._by_name = dict(variables_in(target))
        self._changes: list[Callable[[], Any]] = []
        self._missing: list[str] = []
        self._unexpected: list[str] = []
        self._wrong: list[str] = []
        self._unbuilt = False
        self._result = self._fit(reading.tree, target, "")

    def finish(self, called: str) -> Any:
        """Make the changes and return the structure, if everything fits.

        Raises
        ------
        CheckpointError
            If something does not; then nothing was changed.
        """
        problems = []
        for what, names in (
            ("not in the checkpoint", self._missing),
            ("in the checkpoint and not here", self._unexpected),
        ):
            if names:
                more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
                problems.append(f"{what}: {', '.join(f'`{n}`' for n in names[:MOST_TOLD])}{more}")
        problems += self._wrong[:MOST_TOLD]
        if len(self._wrong) > MOST_TOLD:
            problems.append(f"and {len(self._wrong) - MOST_TOLD} more of this kind")
        if problems:
            help = "make the same things that were saved, or take the parts that you want from `checkpoints.load(file)`"
            if self._unbuilt:
                help = "a layer has its variables after its first call: run the model once on data, then load"
            told = "\n  ".join(problems)
            raise CheckpointError(f"{called} does not fit; nothing was changed\n  {told}\n  help: {help}")
        for change in self._changes:
            change()
        return self._result

    def _fit(self, node: dict[str, Any], target: Any, name: str) -> Any:
        if hasattr(target, "__checkpoint__"):
            self._fit(node, target.__checkpoint__(), name)
            return target
        if is_module(target):
            if self._is(node, "module", name, target):
                held = target.named_variables()
                self._unbuilt |= len(held) < len(node["variables"])
                self._fit_variables(node["variables"], held, name)
            return target
        if isinstance(target, Optimizer):
            self._fit_optimizer(node, target, name)
            return target
        if isinstance(target, GENERATORS):
            self._fit_generator(node, target, name)
            return target
        if isinstance(target, Variable):
            if self._is(node, "array", name, target):
                self._fit_variables({"": node}, {"": target}, name)
            return target
        here = array_of(target)
        if here is not None:
            return self._fit_array(node, here, name, target)
        if isinstance(target, PLAIN) or type(target) is complex:
            return self._fit_plain(node, target, name)
        return self._fit_structure(node, target, name)

    def _is(self, node: dict[str, Any], kind: str, name: str, target: Any) -> bool:
        """Whether a node is of a kind; if it is not, that is a problem."""
        fits = kind in node or (kind == "array" and "same" in node)
        if not fits:
            self._wrong.append(f"`{name or 'tree'}` is {_told(node)} in the checkpoint, here it is {_what(target)}")
        return fits

    def _fit_variables(self, nodes: Mapping[str, Any], held: Mapping[str, Variable], name: str) -> None:
        self._compare(nodes.keys(), held.keys(), name)
        for path, variable in held.items():
            if path in nodes:
                array = self._reading.array(nodes[path])
                if self._same_form(array, variable._value, joined(name, path)):
                    self._changes.append(partial(variable.assign, array))

    def _compare(self, there: Any, here: Any, name: str) -> None:
        self._missing += [joined(name, str(part)) for part in here if part not in there]
        self._unexpected += [joined(name, str(part)) for part in there if part not in here]

    def _same_form(self, array: Any, here: Any, name: str) -> bool:
        there = f"{array.dtype} {array.shape}"
        if array.shape != here.shape or array.dtype != here.dtype:
            self._wrong.append(f"`{name or 'tree'}` is {there} in the checkpoint, {here.dtype} {here.shape} here")
            return False
        return True

    def _fit_optimizer(self, node: dict[str, Any], optimizer: Optimizer, name: str) -> None:
        if not self._is(node, "optimizer", name, optimizer):
            return
        if node["optimizer"] != type(optimizer).__name__:
            self._wrong.append(
                f"`{name or 'tree'}` is {node['optimizer']} in the checkpoint, {type(optimizer).__name__} here"
            )
            return
        names = node["built for"]
        if optimizer.built and (mine := names_for(optimizer, self._known)) != names:
            self._wrong.append(f"`{name or 'tree'}` was built for {_listed(names)}, here it was for {_listed(mine)}")
            return
        built = optimizer
        variables = [self._by_name.get(part) for part in names]
        if not optimizer.built and names:
            absent = [part for part, variable in zip(names, variables, strict=True) if variable is None]
            if absent:
                self._wrong.append(
                    f"`{name or 'tree'}` is not built, and its variables {_listed(absent)} are not in the tree: "
                    "put them in, or call `optimizer.build(variables)` first"
                )
                return
            built = optimizer.like()
            built.build(variables)  # another one: this one is built when everything fits
        state = built.state(names)
        self._compare(node["variables"].keys(), state.keys(), name)
        values = {}
        for part, variable in state.items():
            if part in node["variables"]:
                values[part] = self._reading.array(node["variables"][part])
                self._same_form(values[part], variable._value, joined(name, part))

        def change() -> None:
            if names:
                optimizer.build(variables)
            mine = optimizer.state(names)
            for part, value in values.items():
                mine[part].assign(value)

        self._changes.append(change)

    def _fit_generator(self, node: dict[str, Any], generator: Any, name: str) -> None:
        if self._is(node, "random", name, generator):
            try:
                state = state_like(node["random"], generator)
            except (ValueError, TypeError, KeyError) as error:
                self._wrong.append(f"the random state `{name or 'tree'}` {error}")
            else:
                self._changes.append(lambda: set_state(generator, state))

    def _fit_array(self, node: dict[str, Any], here: Any, name: str, target: Any) -> Any:
        if not self._is(node, "array", name, target):
            return None
        array = self._reading.array(node)
        self._same_form(array, here, name)
        if isinstance(target, np.ndarray | np.generic):
            return array.copy() if isinstance(array, np.ndarray) else array
        return type(target)(array) if not hasattr(target, "_id") else _tensor(array)

    def _fit_plain(self, node: dict[str, Any], target: Any, name: str) -> Any:
        """Take a number or a text from the checkpoint; anything that is data comes where None stands."""
        if target is not None and not {"value", "complex"} & node.keys():
            self._is(node, "value", name, target)
            return None
        return self._reading.data(node)

    def _fit_structure(self, node: dict[str, Any], target: Any, name: str) -> Any:
        found = parts_of(target, name)
        if found is None:
            raise CheckpointError(f"`{name or 'tree'}` is a {type(target).__name__}, which has no form in a checkpoint")
        kind, parts = found
        if not self._is(node, kind, name, target):
            return target
        if kind in {"list", "tuple"} and all(isinstance(value, PLAIN) for _, _, value in parts):
            return self._reading.data(node)  # a list of numbers may have grown
        there = dict(map(tuple, node[kind]))
        self._compare(there.keys(), {key for key, _, _ in parts}, name)
        fitted = {key: self._fit(there[key], value, inner) for key, inner, value in parts if key in there}
        if len(fitted) < len(parts):
            return target
        if kind == "dict":
            return fitted if type(target) is dict else type(target)(fitted)
        if kind == "named":
            return type(target)(**fitted) if isinstance(target, tuple) else replace(target, **fitted)
        return type(target)(fitted.values())


def _tensor(array: Any) -> Any:
    from gradtape.arrays.tensor import wrap

    return wrap(np.array(array)[()])


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{n}`" for n in names[:MOST_TOLD]) + (" and more" if len(names) > MOST_TOLD else "") or "nothing"


WORDS = {
    "module": "a module",
    "optimizer": "an optimizer",
    "random": "a random generator",
    "array": "an array",
    "same": "an array",
    "value": "a number or text",
    "complex": "a number",
    "named": "a named structure",
}


def _told(node: dict[str, Any]) -> str:
    """Say what a node is."""
    kind = next(iter(node))
    return WORDS.get(kind, f"a {kind}")


def _what(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
