"""`Functional`: the model that leads from symbols of inputs to symbols of outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.nn.layer import Layer
from gradtape.nn.layers.containers import Model
from gradtape.nn.symbols import Made, Symbol, filled, item, noted, order, start, symbols_in
from gradtape.tape.structure import flatten, rebuild


class Functional(Model):
    """What `Model(inputs, outputs)` makes: the calls that lead from some symbols to others.

    Parameters
    ----------
    inputs, outputs : Symbol, or list or dict of Symbol
        What `Input` returned, and what layers made of it.
    name : str, optional

    Attributes
    ----------
    layers : list of Layer
        Each once, in the order of their first calls.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name)
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            strange = [leaf for _, leaf in flatten(structure) if not isinstance(leaf, Symbol)]
            if strange:
                raise TypeError(
                    f"Model: `{what}` are symbols, which `gradtape.nn.Input` and layers that are called with them "
                    f"return; got {type(strange[0]).__name__}"
                )
        self._graph = Graph(inputs, outputs)
        self.layers: list[Any] = self._graph.layers
        self.built = True
        if not trainable:
            self.trainable = False

    @property
    def inputs(self) -> list[Any]:
        """The symbols of the inputs."""
        return symbols_in(self._graph.inputs)

    @property
    def outputs(self) -> list[Any]:
        """The symbols of the outputs."""
        return symbols_in(self._graph.outputs)

    @property
    def input_shape(self) -> Any:
        """The shape of the input, or of each input."""
        return rebuild(self._graph.inputs, iter([s.shape for s in self.inputs]).__next__)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, or of each output."""
        return rebuild(self._graph.outputs, iter([s.shape for s in self.outputs]).__next__)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} with {self.count_params()} parameters>"

    def call(self, inputs: Any) -> Any:
        """Follow the calls from the inputs to the outputs."""
        given = [leaf for _, leaf in flatten(inputs)]
        wanted = self.inputs
        if len(given) != len(wanted):
            self.refuse(f"the input has {len(wanted)} arrays, as when the model was made; got {len(given)}")
        if isinstance(inputs, dict) and isinstance(self._graph.inputs, dict):
            given = [inputs[key] for key in self._graph.inputs]
        for symbol, value in zip(wanted, given, strict=True):
            shape = np.shape(value)
            fits = len(shape) == symbol.ndim and all(n in {None, m} for n, m in zip(symbol.shape, shape, strict=True))
            if not fits:
                named = f" {symbol.name!r}" if symbol.name else ""
                self.refuse(f"the input{named} has shape {symbol.shape}, got {shape}")
        return self._graph.run(given)

    def get_config(self) -> dict[str, Any]:
        """Return the layers and their calls as plain data; see `Layer.get_config`."""
        return {"name": self._name, "trainable": self._trainable, **self._graph.form()}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """Make a model from what `get_config` gave."""
        inputs, outputs = read_graph(config, custom_objects)
        return cls(inputs, outputs, config.get("name"), config.get("trainable", True))


class Graph:
    """The calls that lead from some symbols to others."""

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        known = {id(s) for s in symbols_in(inputs)}
        self.steps: list[Symbol] = []
        for symbol in order(outputs, known):
            if id(symbol) in known:
                continue
            if symbol.made is None:
                raise ValueError(f"Model: `outputs` depend on {symbol!r} {symbol.name or ''}, which is not in `inputs`")
            self.steps.append(symbol)
        functions = [s.made.function for s in self.steps if s.made is not None]
        self.layers = list({id(f): f for f in functions if isinstance(f, Layer)}.values())

    def run(self, given: list[Any]) -> Any:
        """Return the outputs for values of the inputs."""
        values = {id(s): value for s, value in zip(symbols_in(self.inputs), given, strict=True)}
        results: dict[int, list[Any]] = {}
        for symbol in self.steps:
            made: Made = symbol.made  # type: ignore[assignment]
            if made.key not in results:
                args, kwargs = (filled(part, lambda s: values[id(s)]) for part in (made.args, made.kwargs))
                results[made.key] = [leaf for _, leaf in flatten(made.function(*args, **kwargs))]
            values[id(symbol)] = results[made.key][made.which]
        return filled(self.outputs, lambda s: values[id(s)])

    def form(self) -> dict[str, Any]:
        """Return the layers and calls as plain data: symbols are numbers, in the order in which they come about."""
        from gradtape.nn.configuration import plain, serialize

        starts = symbols_in(self.inputs)
        number = {id(s): k for k, s in enumerate([*starts, *self.steps])}
        place = {id(layer): k for k, layer in enumerate(self.layers)}

        def named(symbol: Symbol) -> dict[str, int]:
            return {"symbol": number[id(symbol)]}

        calls = []
        for symbol in self.steps:
            made: Made = symbol.made  # type: ignore[assignment]
            function = made.function
            called = {"layer": place[id(function)]} if id(function) in place else {"numpy": numpy_name(function)}
            given = [named(made.args[0]), index_form(made.args[1])] if function is item else list(made.args)
            args, kwargs = (plain(filled(part, named), Functional, "args") for part in (given, made.kwargs))
            calls.append({**called, "args": args, "kwargs": kwargs, "which": made.which, "call": made.key})
        return {
            "layers": [serialize(layer) for layer in self.layers],
            "starts": [{"shape": list(s.shape[1:]), "dtype": s.dtype.name, "name": s.name} for s in starts],
            "calls": calls,
            "inputs": filled(self.inputs, named),
            "outputs": filled(self.outputs, named),
        }


def index_form(index: Any) -> Any:
    """Return an index as plain data: what JSON has no form for becomes a word or a dict."""
    if isinstance(index, tuple):
        return {"tuple": [index_form(part) for part in index]}
    if isinstance(index, slice):
        return {"slice": [index.start, index.stop, index.step]}
    return "..." if index is Ellipsis else index


def index_of(form: Any) -> Any:
    """Return the index that `index_form` wrote."""
    if isinstance(form, dict) and "tuple" in form:
        return tuple(index_of(part) for part in form["tuple"])
    if isinstance(form, dict) and "slice" in form:
        return slice(*form["slice"])
    return Ellipsis if form == "..." else form


def numpy_name(function: Any) -> str:
    """Return the name under which NumPy has a function.

    Raises
    ------
    TypeError
        If it has none.
    """
    name = str(getattr(function, "__name__", ""))
    if function is item or getattr(np, name, None) is function:
        return name
    raise TypeError(f"Model: {function!r} has no form in a configuration; put it into a layer of a class of its own")


def read_graph(config: dict[str, Any], custom_objects: Any) -> tuple[Any, Any]:
    """Make the symbols of the inputs and outputs from what `Graph.form` gave."""
    from gradtape.nn.configuration import deserialize

    layers = [deserialize(layer, custom_objects) for layer in config["layers"]]
    found: list[Any] = [start(s["shape"], s["dtype"], s["name"]) for s in config["starts"]]

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return found[value["symbol"]] if set(value) == {"symbol"} else {k: put(v) for k, v in value.items()}
        return [put(v) for v in value] if isinstance(value, list) else value

    results: dict[int, list[Any]] = {}
    for call in config["calls"]:
        if call["call"] not in results:
            args, kwargs = put(call["args"]), put(call["kwargs"])
            if "layer" in call:
                result = layers[call["layer"]](*args, **kwargs)
            elif call["numpy"] == "item":
                result = args[0][index_of(args[1])]
            else:
                result = noted(getattr(np, call["numpy"]), tuple(args), kwargs)
            results[call["call"]] = [leaf for _, leaf in flatten(result)]
        found.append(results[call["call"]][call["which"]])
    return put(config["inputs"]), put(config["outputs"])
