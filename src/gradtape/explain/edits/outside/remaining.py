"""TensorFlow: whether a value that an edit keeps a tensor still goes where only plain values can go.

Such an edit ends with an error, or mends nothing. Read from the text, as far as that tells: what is unknown may stay.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits.case import defined_in, simple_name, statements_of
from gradtape.explain.edits.outside import foreign, to_tensorflow
from gradtape.explain.edits.outside.conversions import is_conversion, worked_on
from gradtape.explain.edits.pen import function_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gradtape.diagnostics import Span
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

ASKED = frozenset({"shape", "ndim", "dtype", "size", "len", "range", "isinstance", "type", "print", "id", "hasattr"})
"""Attributes and functions that give nothing that depends on the numbers of a tensor."""

SHAPED = {"zeros_like", "ones_like", "empty_like", "full_like", "isnan", "isfinite", "isinf", "isclose", "allclose"}
"""NumPy's functions that take a tensor as well as an array, and give what has no slope, besides those with steps."""

OF_ARRAYS = (
    "all any argmax argmin argsort astype clip cumprod cumsum diagonal dot flat flatten item max mean min nonzero prod "
    "ravel repeat reshape round squeeze std sum swapaxes T take tolist trace transpose var view"
)
"""Methods and attributes that arrays have and tensors do not."""

PLAIN = frozenset({"math", "cmath", "statistics", "decimal", "fractions", "struct", "json", *foreign.OF_NUMBERS})
"""Modules that compute with plain values."""

POSITIONS = "arange argsort argmax argmin argpartition array flatnonzero nonzero searchsorted where"
"""NumPy's functions that give positions, by which tensors cannot be read."""

ROUNDS = 2
"""How often a function is read: what the end of a loop makes is read by its beginning."""

DEEPEST = 6
"""How many functions may stand around each other."""


def is_plain_left(case: Case, kept: ast.expr, changes: Changes) -> bool:
    """Whether something plain still gets what stays a tensor after some changes, up to the target.

    Parameters
    ----------
    case : Case
    kept : expr
        What gives a tensor after the changes.
    changes : changes
    """
    reader = _Reader(case, kept, changes)
    around = syntax.function_at(reader.at) or syntax.parse_file(case.file)
    return reader.loses(around) or any(reader.loses(scope) for scope in reader.callers())


def lost_arguments(case: Case, call: ast.Call, own: ast.FunctionDef) -> list[ast.expr]:
    """Return what a call hands to a function that it hands to something plain."""
    given = {name: scopes.given_for(call, own, name) for name in syntax.parameter_names(own)}
    return [
        value
        for name, value in given.items()
        if value is not None and not isinstance(value, ast.Constant) and _Reader(case, call, ()).loses(own, {name})
    ]


class _Reader:
    """Follows tensors through functions by what their names are."""

    def __init__(self, case: Case, kept: ast.expr, changes: Changes) -> None:
        self.case, self.file, self.changes = case, case.file, changes
        self.kept: list[ast.AST] = [kept]
        """Expressions that give tensors, whatever stands in them."""
        self.at = syntax.span_of(kept, self.file)
        inner = worked_on(kept, self.file) if is_conversion(kept, self.file) else None
        given = [inner] if inner is not None else getattr(kept, "args", []) if _is_of_numpy(kept, self.file) else []
        self.seeds = {text for n in given if (text := _base(n))}
        self.attributes: set[str] = set()
        """Attributes of objects that hold tensors."""
        self.live: set[str] = set()
        self.read: dict[tuple[ast.AST, frozenset[str]], bool] = {}
        """The functions that were read, with their arguments that are tensors, and whether they give one."""
        self.depth = 0

    def callers(self) -> Iterable[ast.AST]:
        """Yield the functions from which the one at the place was called, as far as that is on record."""
        here, inside = syntax.function_at(self.at), True
        for span in frames(self.case):
            scope = syntax.function_at(span)
            inside = inside and scope is not here
            if not inside and scope is not here and (call := call_at(span, self.file)) is not None:
                self.kept.append(call)
                self.seeds = set()
                yield scope or syntax.parse_file(self.file) or call
            if span == self.case.context.question.call.span:
                return

    def loses(self, scope: ast.AST | None, given: Collection[str] = ()) -> bool:
        """Whether a function, or the module, hands a tensor to something plain on the way to what it gives."""
        if scope is None or (scope, frozenset(given)) in self.read or self.depth > DEEPEST:
            return False
        key = scope, frozenset(given)
        self.read[key] = False
        outer, self.live = self.live, set(given) or set(self.seeds)
        self.depth += 1
        statements = list(statements_of(scope))
        wanted = self.wanted(scope, statements)
        found = any(self.statement(s, wanted) for _ in range(ROUNDS) for s in statements)
        ends = [s.value for s in statements if isinstance(s, ast.Return) and s.value is not None]
        self.read[key] = any(self.is_live(value) for value in ends)
        self.live = outer
        self.depth -= 1
        return found

    def wanted(self, scope: ast.AST, statements: list[ast.stmt]) -> set[str]:
        """Return the names that what a function gives, or the target, is computed from."""
        names = set(self.case.context.question.target_name.split(", "))
        ends = [s for s in statements if isinstance(s, ast.Return) or _yields(s)]
        inner = [n for n in syntax.walk_scope(scope) if isinstance(n, ast.FunctionDef | ast.Lambda)]
        names |= {name for node in (*ends, *inner) for name in _with_slope(node)}
        before = -1
        while before != len(names):
            before = len(names)
            for statement in statements:
                if names & _stored(statement):
                    names |= {name for part in _own_parts(statement) for name in _with_slope(part)}
        return names

    def statement(self, statement: ast.stmt, wanted: set[str]) -> bool:
        """Read a statement; whether it hands a tensor to something plain that the result needs."""
        stored = _stored(statement)
        ends = isinstance(statement, ast.Return) or _yields(statement)
        attributes = {name for name in stored if "." in name}
        if not ends and not stored & wanted and not attributes:
            return False
        if self.is_written_away(statement):
            return True
        parts = _own_parts(statement)
        if not (attributes and not stored & wanted) and any(self.takes(part) for part in parts):
            return True
        if isinstance(statement, ast.Assign):
            for target, value in syntax.assigned_pairs(statement):
                self.hold(_stored_by(target), value)
        else:
            for part in parts:
                self.hold(stored, part)
        return False

    def hold(self, names: set[str], value: ast.AST) -> None:
        """Note that names hold a tensor, if a value is one."""
        if self.is_live(value):
            self.live |= {name for name in names if "." not in name}
            self.attributes |= {name for name in names if "." in name}

    def is_written_away(self, statement: ast.stmt) -> bool:
        """Whether a tensor is written into an array, or something into a tensor."""
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if not isinstance(statement, ast.Assign | ast.AugAssign):
            return False
        parts = [p for t in targets for p in (t.elts if isinstance(t, ast.Tuple) else [t])]
        places = [
            p for p in parts if isinstance(p, ast.Subscript) and not isinstance(p.slice, ast.Constant | ast.JoinedStr)
        ]
        places += [p for p in parts if isinstance(p, ast.Subscript) and isinstance(getattr(p.slice, "value", ""), int)]
        into = [p.value for p in places if value is not None and (self.is_live(value) or self.is_live(p.value))]
        return any(self.is_array(n) and not self.is_changed(syntax.span_of(n, self.file)) for n in into)

    def is_array(self, node: ast.expr) -> bool:
        """Whether what is written to is an array: made by NumPy's functions, or given as an argument."""
        made = syntax.values_given_to(syntax.text_of(node), syntax.span_of(node, self.file))
        scope = syntax.function_at(syntax.span_of(node, self.file))
        given = syntax.parameter_names(scope) if isinstance(scope, ast.FunctionDef) else []
        by_numpy = [
            isinstance(v, ast.Call) and function_name(v.func, self.file) is not None and not self.is_replaced(v)
            for v in made
        ]
        return (bool(made) and all(by_numpy)) or (not made and syntax.text_of(node) in given)

    def is_replaced(self, node: ast.expr) -> bool:
        return self.is_changed(syntax.span_of(node, self.file))

    def takes(self, node: ast.AST) -> bool:
        """Whether something plain in an expression gets a tensor and is not changed."""
        if isinstance(node, ast.Lambda):
            return False
        self.unpack(node)
        if any(self.takes(child) for child in ast.iter_child_nodes(node)):
            return True
        if isinstance(node, ast.Call) and self.is_lost_in(node):
            return True
        if isinstance(node, ast.Attribute) and node.attr in OF_ARRAYS.split() and self.is_of_tensor(node):
            return True
        return isinstance(node, ast.Subscript) and self.is_read_by_positions(node)

    def unpack(self, node: ast.AST) -> None:
        """Give the names of a comprehension what they go through."""
        for part in getattr(node, "generators", ()):
            self.hold(syntax.names_in(part.target, ast.Store), part.iter)

    def is_of_tensor(self, node: ast.Attribute) -> bool:
        """Whether an attribute, or a method, is one of a tensor and stays written so."""
        value, span = node.value, syntax.span_of(node, self.file)
        end = syntax.span_of(value, self.file)
        own = span._replace(line=end.end_line, column=end.end_column)
        listed = isinstance(value, ast.Name) and syntax.is_list(value.id, end)
        return self.is_live(value) and not listed and not self.is_changed(own)

    def is_read_by_positions(self, node: ast.Subscript) -> bool:
        """Whether a tensor is read by arrays of positions."""
        if not self.is_live(node.value) or self.is_changed(syntax.span_of(node.slice, self.file)):
            return False
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        listed = isinstance(node.value, ast.Name) and syntax.is_list(node.value.id, syntax.span_of(node, self.file))
        return not listed and any(self.is_positions(place) for place in places)

    def is_positions(self, node: ast.expr) -> bool:
        if isinstance(node, ast.List):
            return True
        made = [node]
        if isinstance(node, ast.Name):
            made = syntax.values_given_to(node.id, syntax.span_of(node, self.file))
        calls = [v for v in made if isinstance(v, ast.Call) and len(v.args) != 3]
        names = [function_name(v.func, self.file) for v in calls]
        return bool(made) and len(calls) == len(made) and all(name in POSITIONS.split() for name in names)

    def is_lost_in(self, call: ast.Call) -> bool:
        """Whether a call makes plain values of a tensor, or goes to a function of the file that does."""
        file, full = self.file, scopes.stands_for(call.func, self.file) or ""
        given = [*call.args, *(k.value for k in call.keywords)]
        if full.startswith(("tensorflow.", "keras.")) or call in self.kept:
            return False
        own = own_function(call, file)
        if own is not None:
            names = self.given_tensors(call, own)
            held = isinstance(call.func, ast.Attribute) and bool(self.attributes)
            return (bool(names) or held) and self.loses(own, names)
        if self.is_changed(syntax.span_of(call, file), besides=given):
            return _takes_others(call, file) or any(self.may_be_double(a, call) for a in call.args)
        if is_conversion(call, file):
            inner = worked_on(call, file)
            return inner is not None and self.is_live(inner)
        plain = full.partition(".")[0] in PLAIN or syntax.text_of(call.func) == "round"
        name = full.rpartition(".")[2]
        if name in SHAPED or name in to_tensorflow.FLAT.split() or not (plain or self.is_made_by_numbers(call)):
            return False
        return any(self.is_live(a) for a in given)

    def may_be_double(self, node: ast.expr, call: ast.Call) -> bool:
        """Whether an argument beside tensors is an array of another dtype than theirs, as far as the file tells."""
        if function_name(call.func, self.file) not in to_tensorflow.OF_ONE_DTYPE or self.is_live(node):
            return False
        made = syntax.values_given_to(syntax.text_of(node), syntax.span_of(node, self.file))
        return bool(made) and not all("float32" in syntax.text_of(value) for value in made)

    def given_tensors(self, call: ast.Call, own: ast.FunctionDef) -> frozenset[str]:
        """Return the parameters of a function that a call gives tensors for."""
        names = syntax.parameter_names(own)
        star = next((k for k, a in enumerate(call.args) if isinstance(a, ast.Starred)), len(call.args))
        given = [*zip(names, call.args[:star], strict=False), *((k.arg or "", k.value) for k in call.keywords)]
        given += [(name, a) for a in call.args[star:] for name in names[star:]]
        return frozenset(name for name, value in given if name in names and self.is_live(value))

    def is_made_by_numbers(self, call: ast.Call) -> bool:
        return not scopes.stands_for(call.func, self.file) and foreign.is_foreign(call, self.file, self.case.pen)

    def is_changed(self, span: Span, besides: Iterable[ast.expr] = ()) -> bool:
        """Whether the changes touch a place, other than in some parts of it."""
        inner = [syntax.span_of(node, self.file) for node in besides]
        return any(
            change.span.file == span.file
            and change.start <= (span.end_line, span.end_column)
            and (span.line, span.column) <= change.end
            and not any(part.contains(change.span) for part in inner)
            for change in self.changes
        )

    def is_live(self, node: ast.AST) -> bool:
        """Whether an expression gives a tensor on the tape, or holds one."""
        if any(node is kept for kept in self.kept):
            return True
        if isinstance(node, ast.Attribute) and node.attr in ASKED:
            return False
        if isinstance(node, ast.Name | ast.Attribute) and syntax.text_of(node) in self.live | self.attributes:
            return True
        if isinstance(node, ast.Compare | ast.Lambda):
            return False
        if isinstance(node, ast.Call) and self.gives_no_slope(node):
            return False
        own = own_function(node, self.file) if isinstance(node, ast.Call) else None
        if own is not None and isinstance(node, ast.Call) and self.read.get((own, self.given_tensors(node, own))):
            return True
        if isinstance(node, ast.Subscript):
            return self.is_live(node.value)
        self.unpack(node)
        return any(self.is_live(child) for child in ast.iter_child_nodes(node))

    def gives_no_slope(self, call: ast.Call) -> bool:
        name = simple_name(call)
        return name in ASKED or name in SHAPED or name in to_tensorflow.FLAT.split()


def frames(case: Case) -> list[Span]:
    """Return the places from which what happened at the place was called, nearest first, itself before them."""
    left = next((e for e in reversed(case.context.run.left) if e.site.span == case.at), None)
    ran = left or case.operation
    return [site.span for site in (ran.site, *ran.callers)] if ran is not None else []


def call_at(span: Span, file: str) -> ast.Call | None:
    """Return the call whose text is exactly a place of the file."""
    node = syntax.expression_at(span) if span.file == file else None
    return node if isinstance(node, ast.Call) and syntax.span_of(node, file) == span else None


def own_function(call: ast.Call, file: str) -> ast.FunctionDef | None:
    """Return the function of the file that a call goes to, `__init__` of a class."""
    if scopes.stands_for(call.func, file):
        return None
    return defined_in(file, call) or scopes.maker_of(file, call)


def _is_of_numpy(node: ast.AST, file: str) -> bool:
    return isinstance(node, ast.Call) and function_name(node.func, file) is not None


def _takes_others(call: ast.Call, file: str) -> bool:
    """Whether a function of NumPy's is given arguments that TensorFlow's in its place does not take."""
    most, words = to_tensorflow.ARGUMENTS.get(function_name(call.func, file) or "", (len(call.args), None))
    named = {k.arg for k in call.keywords} - {"dtype"}
    return len(call.args) > most or (words is not None and not named <= words | {"ord"})


def _base(node: ast.AST) -> str:
    """Return the name whose value, or a part of it, an expression is; empty for all else."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return syntax.text_of(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def _with_slope(node: ast.AST) -> set[str]:
    """Return the names that an expression reads, without those that only decide."""
    if isinstance(node, ast.Compare) or (isinstance(node, ast.Attribute) and node.attr in ASKED):
        return set()
    if isinstance(node, ast.Subscript):
        return _with_slope(node.value)
    own = {syntax.text_of(node)} if isinstance(node, ast.Name | ast.Attribute) else set[str]()
    return own.union(*(_with_slope(child) for child in ast.iter_child_nodes(node)))


def _yields(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield | ast.YieldFrom)


def _own_parts(statement: ast.stmt) -> list[ast.expr]:
    """Return the expressions of a statement that something gets its value from, without the statements in it."""
    if isinstance(statement, ast.With):
        return [item.context_expr for item in statement.items if item.optional_vars is not None]
    if isinstance(statement, ast.For):
        return [statement.iter]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and _filled(statement):
        return list(statement.value.args)
    value = getattr(statement, "value", None)
    return [value] if isinstance(value, ast.expr) else []


def _filled(statement: ast.stmt) -> str:
    """Return the name of a list that a statement puts something into; empty if it does not."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    method = call.func if isinstance(call, ast.Call) else None
    filling = isinstance(method, ast.Attribute) and method.attr in {"append", "extend", "insert"}
    return syntax.text_of(method.value) if isinstance(method, ast.Attribute) and filling else ""


def _stored(statement: ast.stmt) -> set[str]:
    """Return the names that get something in a statement, those of what is written into or filled as well."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return set()
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    found = {name for target in targets if target is not None for name in _stored_by(target)}
    if isinstance(statement, ast.With):
        found |= {
            n for item in statement.items if item.optional_vars is not None for n in _stored_by(item.optional_vars)
        }
    return found | ({_filled(statement)} if _filled(statement) else set())


def _stored_by(target: ast.expr) -> set[str]:
    if isinstance(target, ast.Tuple | ast.List | ast.Starred):
        return {
            n for part in getattr(target, "elts", [getattr(target, "value", None)]) if part for n in _stored_by(part)
        }
    name = _base(target)
    return {name} if name else set()
