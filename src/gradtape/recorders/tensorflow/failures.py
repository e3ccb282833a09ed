"""Errors of functions that cannot be traced, and of traced values that outlived their trace: what they are about."""

from __future__ import annotations

import ast
import gc
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.arrays.frames import is_user_file
from gradtape.diagnostics import Passage, syntax
from gradtape.explain import Status, engine, graph
from gradtape.explain.graph import Failure
from gradtape.recorders import keeping
from gradtape.recorders.heard import failed_to_explain
from gradtape.recorders.tensorflow import frames, private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.diagnostics import Site, Span
    from gradtape.explain.report import GradientReport
    from gradtape.recorders.heard import Heard

CONTROL, NUMBER, ARRAY, WRITE = "traced-control-flow", "left-through-number", "left-through-numpy", "array-assignment"
REBUILT, LEAKED = "rebuilt-from-values", "leaked-tracer"

BY_TEXT: tuple[tuple[str, str], ...] = (
    (r"is out of scope|which is out of scope|cannot be accessed from", LEAKED),
    (r"Using a symbolic `?tf\.Tensor`? as a Python `?bool|Iterating over a symbolic `?tf\.Tensor", CONTROL),
    (r"Cannot convert a symbolic .*Tensor.* to a numpy array|object has no attribute 'numpy'$", ARRAY),
    (r"not '?(Symbolic)?Tensor'?$|'SymbolicTensor' object cannot be interpreted as an integer", NUMBER),
    (r"setting an array element with a sequence", WRITE),
    (r"Expected any non-tensor type, but got a tensor instead", REBUILT),
)
"""What errors are about, by their words in TensorFlow 2.21; those of tracing alone."""

NAMED = re.compile(r"<tf\.Tensor '([^']+)'")
GRAPH = re.compile(r"defined in FuncGraph\(name=\w+, id=(\d+)\)")
"""A symbolic tensor and its graph as errors write them."""

WITHIN = {"while": "loop", "cond": "branch"}
"""What a graph is the inside of, by how its name starts."""

CALLED = {
    NUMBER: re.compile(r"^(float|int|complex|math\.\w+)$"),
    ARRAY: re.compile(r"^(np|numpy)\.|\.numpy$"),
    REBUILT: re.compile(r"\.(constant|convert_to_tensor|Variable)$"),
}
"""What is called where a value becomes something else."""

KIND = "tf.function"

NO_RUN = graph.Run((), (), None)


def kind_of(error: BaseException) -> str:
    """Return the slug of the cause that speaks for an error; empty for an error that is not about tracing."""
    text = _own_words(error)
    return next((kind for pattern, kind in BY_TEXT if re.search(pattern, text)), "")


def _own_words(error: BaseException) -> str:
    """Return the first line of what an error says, without what TensorFlow puts around it and general advice."""
    inner = _innermost(error)
    line = next((line.strip() for line in str(inner).splitlines() if line.strip()), "")
    return line.partition(" You can attempt the following")[0]


def _innermost(error: BaseException) -> BaseException:
    """Return the error as it came up in code that TensorFlow wrote, where that was raised anew for its report."""
    while hasattr(error, "ag_error_metadata") and type(error.__context__) is type(error):
        error = error.__context__
    return error


class Refused:
    """Tells of errors that only functions have which are traced, each once."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self._told: list[BaseException] = []

    def tracing(self, function: Any, error: Exception, places: tuple[frames.Place, ...]) -> bool:
        """Hear that a function could not be traced, and where it was called; return whether that is about tracing."""
        if places:
            self._tell(error, list(frames.sites(places)), lambda sites: _of_trace(function, error, sites, len(places)))
        return bool(kind_of(error))

    def ended(self, error: Exception) -> None:
        """Hear that the program ended with an error: a traced value outside of its function, if that was not told."""
        if kind_of(error) in {LEAKED, NUMBER, ARRAY, CONTROL}:
            self._tell(error, [], lambda sites: _of_leak(error, sites))

    def _tell(self, error: Exception, around: list[Site], explain: Callable[[list[Site]], Told | None]) -> None:
        chain, sites = list(_chain(error)), [*_raised_through(error), *around]
        if not kind_of(error) or not sites or any(known in self._told for known in chain):
            return
        self._told += chain

        def guarded() -> tuple[GradientReport, ...]:
            try:
                told = explain(sites)
                return () if told is None else (engine.explain(_question(told)),)
            except Exception as mistake:  # noqa: BLE001  a mistake of ours must not end somebody's training
                return failed_to_explain(mistake, KIND, sites[0], [("a traced value", str(Status.ERROR))])

        self.heard.hear((KIND, sites[0], _own_words(error)), None, guarded)


class Told(NamedTuple):
    """What an error is about: the function and the value that have no gradient, and where that was noticed."""

    failure: Failure
    function: str
    value: str
    call: Site


def _question(told: Told) -> graph.Question:
    target, end = (graph.End(n, frozenset(), "tensor", "", True, watched=True) for n in (told.function, told.value))
    status, failure = Status.ERROR, told.failure
    return graph.Question(NO_RUN, KIND, told.call, (target,), end, status, failure=failure, dialect="tensorflow")


def _of_trace(function: Any, error: Exception, sites: list[Site], around: int) -> Told | None:
    kind = kind_of(error)
    if kind == LEAKED:
        return _of_leak(error, sites)
    known = private.plain_function(function)
    code = known[0].__code__ if known is not None else None
    names = code.co_varnames[: code.co_argcount] if code is not None else ()
    as_written = kind == CONTROL and not private.is_rewritten(function)
    detail = "autograph=False" if as_written else ""
    failure = Failure(kind, _own_words(error), _expression(kind, sites[0]), detail=detail)
    name = code.co_name if code is not None else "the function"
    return Told(failure, name, next((n for n in names if n != "self"), "its arguments"), sites[-around])


def _of_leak(error: Exception, sites: list[Site]) -> Told | None:
    value = _value(str(error), sites[0])
    if value is None:
        return None
    return Told(_leaked(value, _own_words(error), sites[0]), private.graph_names(value)[-1], "a traced value", sites[0])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__


def _raised_through(error: BaseException) -> list[Site]:
    """Return the user's places in which an error came up, the innermost first."""
    places, traceback = [], _innermost(error).__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if frames.is_users(code):
            places.append(frames.site((code, traceback.tb_lasti)))
        traceback = traceback.tb_next
    return places[::-1]


def _expression(kind: str, site: Site) -> Site | Passage:
    """Return the only expression that an error can be about, where no more than the statement is known."""
    statement = syntax.statement_at(site.span)
    if statement is None or site.span != syntax.span_of(statement, site.span.file):
        return site
    if isinstance(statement, ast.For) and kind == CONTROL:
        return Passage(syntax.span_of(statement.iter, site.span.file))
    called = CALLED.get(kind)
    calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call) and called and called.search(_callee(n))]
    return Passage(syntax.span_of(calls[0], site.span.file)) if len(calls) == 1 else site


def _callee(call: ast.Call) -> str:
    return syntax.text_of(call.func)


# -- values that outlived their trace --------------------------------------------------------------------------------


def _leaked(value: Any, words: str, used: Site) -> Failure:
    """Say where a symbolic tensor was kept that was used where its graph is not."""
    made = list(_made(value))
    at = keeping.kept_at(value, made) or (made[0] if made else used.span)
    within = _within(value)
    left = f"the {within} has ended" if within else "that function has returned"
    also: list[tuple[Site | Passage, str]] = (
        [] if at.contains(used.span) else [(used, f"it is used here, after {left}")]
    )
    if made and not at.contains(made[0]):
        also.append((Passage(made[0]), "the value is made here"))
    return Failure(LEAKED, words, Passage(at), tuple(also), detail=within)


def _within(value: Any) -> str:
    return WITHIN.get(private.graph_names(value)[0].partition("_")[0], "")


def _value(text: str, used: Site) -> Any:
    """Return the symbolic tensor that an error speaks of; for one that is not named, what the expression holds."""
    named, graph_id = NAMED.search(text), GRAPH.search(text)
    every = [value for value in gc.get_objects() if private.is_symbolic(value)]
    if named is not None:
        alike = [t for t in every if private.graph_tensor_name(t) == named[1]]
        own = [t for t in alike if graph_id is not None and id(t.graph) == int(graph_id[1])]
        return next(iter(own or alike), None)
    node = syntax.expression_at(used.span)
    mentioned = {part.id if isinstance(part, ast.Name) else part.attr for part in _named_in(node)}
    return next((value for value in every if mentioned & set(keeping.holders(value))), None)


def _named_in(node: ast.AST | None) -> Iterator[ast.Name | ast.Attribute]:
    return (part for part in (ast.walk(node) if node is not None else ()) if isinstance(part, ast.Name | ast.Attribute))


def _made(value: Any) -> Iterator[Span]:
    """Yield the statements in which a symbolic tensor was made, the innermost first."""
    for file, line in private.made_at(value):
        tree = syntax.parse_file(file) if is_user_file(file) else None
        on = [n for n in (syntax.nodes_of(tree) if tree else ()) if isinstance(n, ast.stmt) and _is_on(n, line)]
        if on:
            yield syntax.span_of(max(on, key=lambda n: n.lineno), file)


def _is_on(statement: ast.stmt, line: int) -> bool:
    return statement.lineno <= line <= (statement.end_lineno or line)
