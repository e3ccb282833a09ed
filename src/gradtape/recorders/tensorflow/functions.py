"""Functions made with `tf.function`: run eagerly, so that everything in them is seen, or left traced and looked into.

Traced is what `--graph` says, a function that goes through a data set in a loop, which becomes one operation through
which nothing flows, and one that asks `tf.gradients`, which knows graphs alone.
"""

from __future__ import annotations

import ast
import itertools
from contextlib import contextmanager, suppress
from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.diagnostics import syntax
from gradtape.recorders.tensorflow import frames, private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.recorders.heard import Heard
    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names
    from gradtape.recorders.tensorflow.replays import Replays

RAN_EAGERLY = "functions made with tf.function ran eagerly, to be seen inside; `--graph` leaves them traced"


NEED_A_GRAPH = frozenset({"gradients", "hessians"})
"""Functions of TensorFlow's that refuse to run eagerly."""


class Traced(NamedTuple):
    """A traced function: TensorFlow's numbers of what stands for its arguments, and of its results; when it ended."""

    ins: list[int]
    outs: list[int]
    until: int


class Functions:
    """Decides for every function how it runs, and remembers the traced ones by name."""

    def __init__(self, memory: Memory, names: Names, heard: Heard, replays: Replays, chosen: str) -> None:
        self.before_traced: Callable[[], None] = _nothing
        """What is done before a function runs that is not to run eagerly."""
        self.before_replay: Callable[[], None] = _nothing
        """What is done before a function runs eagerly in place of its graph."""
        self.called = False
        """Whether a function was heard to run."""
        self.memory = memory
        self.names = names
        self.heard = heard
        self.replays = replays
        self.refused: Callable[[Any, Exception, tuple[frames.Place, ...]], object] = _nothing
        """What is done when a function cannot be traced; returns whether it was told that this is about tracing."""
        self.chosen = chosen
        self._anew = False
        """Whether functions are traced that failed before: TensorFlow does not trace the same ones again."""

    def install(self, patches: Patches) -> None:
        """Choose how functions run, and hear which are traced."""
        names = self.names
        if self.chosen != "graph":
            names.tf.config.run_functions_eagerly(True)
        cls = names.function.Function
        patches.set(cls, "__call__", self._called(cls.__call__))
        make = names.atomic_function.from_func_graph
        patches.set(names.atomic_function, "from_func_graph", self._made(make))
        call = getattr(names.atomic_function, private.CALL_IN_GRAPH)
        patches.set(names.atomic_function, private.CALL_IN_GRAPH, self._called_in_graph(call))
        convert = getattr(names.autograph, private.CONVERT_ACTUAL)
        patches.set(names.autograph, private.CONVERT_ACTUAL, _converted(convert))

    def uninstall(self) -> None:
        """Let functions run as usual."""
        if self.chosen != "graph":
            self.names.tf.config.run_functions_eagerly(False)

    def _called(self, call: Callable[..., Any]) -> Callable[..., Any]:
        run = self.names.eager_run

        @wraps(call)
        def called(function: Any, *args: Any, **options: Any) -> Any:
            self.called = True
            if self._anew:
                function = private.made_anew(function)
            if self.memory.probing or not private.runs_eagerly(run):
                self.before_traced()
                return call(function, *args, **options)
            if self.chosen != "auto":
                self.heard.remark(RAN_EAGERLY)
                return call(function, *args, **options)
            if self.replays.running:  # it was traced as a part of the function around it
                return private.as_results(self.names, call(function, *args, **options))
            if self._needs_a_graph(private.python_function(function), args):
                self.before_traced()
                with self.traced():
                    return call(function, *args, **options)
            return self._replayed(call, function, args, options)

        return called

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Let functions be traced in a `with` block."""
        private.run_eagerly(self.names.eager_run, eagerly=False)
        try:
            yield
        finally:
            private.run_eagerly(self.names.eager_run, eagerly=True)

    def _replayed(self, call: Callable[..., Any], function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Trace a function as ever, then run it eagerly; as a graph after all where that fails."""
        self.before_replay()
        with self.traced():
            try:
                traced = self.replays.trace(function, args, options)
            except LookupError:
                return call(function, *args, **options)
            except Exception as error:
                if not self.refused(function, error, frames.stack(_getframe(2))):
                    self._looked_into(function, args, options)
                raise
        self.heard.remark(RAN_EAGERLY)
        moment = self.memory.clock()
        args, options = private.as_arguments(self.names, (args, options))
        try:
            with self.replays.replayed(traced):
                return private.as_results(self.names, call(function, *args, **options))
        except Exception:
            if self._assigned_since(moment):
                raise
        self.memory.forget_since(moment)
        with self.traced():  # the error, if there is one, is that of the graph
            return call(function, *args, **options)

    def _looked_into(self, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Hear what is asked in a function whose trace ends with an error: mostly, that an optimizer got nothing.

        It is traced once more, and not run eagerly: then nothing has been assigned when the error comes.
        """
        self.before_traced()
        self._anew = True
        try:
            with suppress(Exception), self.replays.replayed(function):
                private.trace(self.names, private.made_anew(function), args, options)
        finally:
            self._anew = False

    def _assigned_since(self, moment: int) -> bool:
        """Whether a variable was given another value since a moment: then nothing can run a second time."""
        newest = itertools.takewhile(lambda ran: ran[0] > moment, reversed(self.memory.operations))
        return any("Assign" in str(ran[1]) for ran in newest)

    def _made(self, make: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(make)
        def made(name: Any, graph: Any, *args: Any, **options: Any) -> Any:
            function = make(name, graph, *args, **options)
            ins, outs = (list(map(private.tensor_id, tensors)) for tensors in (graph.inputs, graph.outputs))
            self.memory.graphs[private.text_of(name)] = Traced(ins, outs, self.memory.clock())
            return function

        return made

    def _called_in_graph(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Note a call of one traced function in another, of which TensorFlow's callback does not hear."""
        memory = self.memory

        @wraps(call)
        def called(function: Any, tensor_inputs: Any, *args: Any) -> Any:
            results = call(function, tensor_inputs, *args)
            if not memory.hidden:
                inputs = private.inputs_of_graph_call(results, tensor_inputs)
                ins, outs = (list(map(private.tensor_id, tensors)) for tensors in (inputs, results))
                seq = memory.clock()
                for _ in outs[1:]:
                    memory.clock()
                dtypes = list(map(private.graph_dtype, results))
                name, places = private.text_of(function.name), frames.stack(_getframe(1))
                memory.operations.append((seq, name, ins, outs, dtypes, (), places, True, memory.step, 0))
            return results

        return called

    def _needs_a_graph(self, function: Any, args: tuple[Any, ...]) -> bool:
        """Whether a function's own text goes through a data set in a `for` loop, or asks `tf.gradients`."""
        code = getattr(function, "__code__", None)
        if code is None or not frames.is_users(code):
            return False
        tree = syntax.parse_file(code.co_filename)
        definitions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)) if tree else ()
        own = next((n for n in definitions if _first_line(n) == code.co_firstlineno), None)
        if own is None:
            return False
        cells = [c for c in function.__closure__ or () if _filled(c)]
        scope = {**function.__globals__, **dict(zip(code.co_freevars, (c.cell_contents for c in cells), strict=False))}
        owner = getattr(function, "__self__", None)
        scope |= dict(zip(code.co_varnames, args if owner is None else (owner, *args), strict=False))
        called = (n.func for n in ast.walk(own) if isinstance(n, ast.Call))
        if any(isinstance(f, ast.Attribute) and f.attr in NEED_A_GRAPH for f in called):
            return True
        for node in syntax.walk_scope(own):
            if isinstance(node, ast.For):
                values = (_held(n, scope) for n in ast.walk(node.iter) if isinstance(n, ast.expr))
                if any(isinstance(value, self.names.tf.data.Dataset) for value in values):
                    return True
        return False


def _nothing(*_: object) -> None:
    pass


def _held(node: ast.expr, scope: dict[str, Any]) -> Any:
    """Return what a name stands for, or an attribute of such an object; nothing is computed for it."""
    if isinstance(node, ast.Attribute):
        return getattr(_held(node.value, scope), "__dict__", {}).get(node.attr)
    return scope.get(node.id) if isinstance(node, ast.Name) else None


def _first_line(node: ast.FunctionDef | ast.Lambda) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _converted(convert: Callable[..., Any]) -> Callable[..., Any]:
    """Remember from which lines of the program the code was made that TensorFlow writes in its place."""

    @wraps(convert)
    def converted(entity: Any, *args: Any, **options: Any) -> Any:
        function = convert(entity, *args, **options)
        for here, origin in getattr(function, "ag_source_map", {}).items():
            frames.ORIGINS[here.filename, here.lineno] = (entity.__code__, origin.loc.lineno)
        return function

    return converted
