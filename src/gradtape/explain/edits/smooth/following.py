"""Follows a smooth value of TensorFlow's from where it is made through names, results and arguments of a program."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.scopes import calls_of, given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import defined_in, simple_name, statements_of
from gradtape.explain.edits.smooth import starts
from gradtape.explain.edits.smooth.kinds import IN_ORDER, Kind, RefusedError, Twin
from gradtape.explain.edits.smooth.twins import Around

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

MOST_PLACES = 200
"""How many expressions a value is followed through."""

WITHIN_A_FUNCTION = {Kind.HITS, Kind.PAIRS, Kind.ENDS, Kind.SIZED, Kind.LISTED, Kind.MASKED, Kind.BEST}
"""What is told of in the words of the function that made it."""

DECIDING = ast.If | ast.While | ast.Assert | ast.For | ast.comprehension
"""What goes by values: a truth value that decides, positions one after the other."""

LOOPS = ast.For | ast.While | ast.AsyncFor


def smooth(case: Case) -> Changes:
    """Make smooth what a place computes, and with it everything that is computed from that; nothing where one cannot.

    Nothing either where a value has to be what it was: a truth value that decides, a position that another program
    part takes out.
    """
    node, pen = case.node, case.pen
    start = starts.start(case, pen, node) if pen.dialect == "tensorflow" and node is not None else None
    return _followed(case, start) if start is not None else ()


def as_number(case: Case, node: ast.expr, text: str) -> Changes:
    """Compute with a number that is not whole where an expression gave a whole one, as far as that goes."""
    if case.pen.dialect != "tensorflow":
        return ()
    return _followed(case, starts.Start(node, Twin(Kind.NUMBER, text), case.pen, starts.dtype_of(case)))


def _followed(case: Case, start: starts.Start) -> Changes:
    for hard in (False, True):
        walk = _Walk(case, start, hard=hard)
        try:
            return (*walk.changes(), *walk.around.pen.imports)
        except _CarriedError:
            continue
        except RefusedError:
            break
    return ()


class _CarriedError(Exception):
    """A loop goes on from a position, which has to stay one: its shares are written where they are read."""


class _Walk:
    """The expressions of a file that are smooth now; `hard` where names of positions keep those."""

    def __init__(self, case: Case, start: starts.Start, *, hard: bool) -> None:
        self.file, self.pen, self.hard = case.file, start.pen, hard
        self.new: dict[ast.expr, Twin] = {start.node: start.twin}
        moving = starts.moving(case)
        self.around = Around(self.pen, self.new, lambda node: starts.step_beside(self.pen, node, moving), start.dtype)
        self.waiting = [start.node]
        self.seen: set[ast.expr] = set()

    def changes(self) -> Changes:
        """Follow all, and return the changes of the outermost expressions."""
        while self.waiting:
            node = self.waiting.pop()
            if node in self.seen:
                continue
            self.seen.add(node)
            if len(self.seen) > MOST_PLACES:
                raise RefusedError
            self._go_on(self._climbed(node))
        changed = {n for n, twin in self.new.items() if twin.text != builders.written(n, self.file)}
        kept = self.around.kept
        changed = {n for n in changed if n not in kept and kept.isdisjoint(builders.path_to(n, self.file))}
        outer = [n for n in changed if changed.isdisjoint(builders.path_to(n, self.file))]
        return tuple(c for n in outer for c in builders.replace(n, self.file, self.new[n].text))

    def _climbed(self, node: ast.expr) -> ast.expr:
        """Write the expressions around a value as far as they have to be, and return the outermost."""
        while True:
            outer = builders.parent_of(node, self.file)
            if isinstance(outer, DECIDING) and self.new[node].kind is not Kind.FLOAT:
                raise RefusedError
            if not isinstance(outer, ast.expr) or (isinstance(outer, ast.Call) and outer.func is node):
                return node
            if isinstance(outer, ast.Call) and defined_in(self.file, outer) is not None:
                return node
            twin = self.around.write(outer, node)
            if twin is None:
                return node
            self.new[outer] = twin
            node = outer

    def _go_on(self, node: ast.expr) -> None:
        """Go on where a name, a result or an argument has the value."""
        outer, twin = builders.parent_of(node, self.file), self.new[node]
        if twin.kind is Kind.FLOAT:
            return
        if isinstance(outer, ast.Assign):
            for target in outer.targets:
                self._assigned(target, outer, twin)
        elif isinstance(outer, ast.NamedExpr | ast.AnnAssign | ast.AugAssign):
            self._assigned(outer.target, outer, twin)
        elif isinstance(outer, ast.Return):
            self._returned(outer, twin, None)
        elif isinstance(outer, ast.Tuple):
            self._in_tuple(outer, node, twin)
        elif isinstance(outer, ast.Call) and outer.func is not node:
            self._handed(outer, node, twin)

    def _assigned(self, target: ast.expr, statement: ast.AST, twin: Twin) -> None:
        if isinstance(target, ast.Tuple) and twin.kind is Kind.BEST and len(target.elts) == 2:
            self._assigned(target.elts[1], statement, Twin(Kind.SHARES, twin.mask, IN_ORDER))
            return
        if not isinstance(target, ast.Name | ast.Attribute):
            raise RefusedError
        text = self._again(target, statement, twin) or syntax.text_of(target)
        for place in self._reads(target, statement):
            mask = twin.mask if twin.kind in WITHIN_A_FUNCTION or twin.mask == IN_ORDER else ""
            self._add(place, twin._replace(text=text, mask=mask))

    def _again(self, target: ast.expr, statement: ast.AST, twin: Twin) -> str | None:
        """Write shares anew where a position is read, which stays what it is: a loop goes on from it.

        What the next round starts from has to be a position, as what the first one started from is.
        """
        value = getattr(statement, "value", None)
        if twin.kind not in {Kind.SHARES, Kind.CHANCES} or value is None:
            return None
        if not self.hard:
            if self._carried(target):
                raise _CarriedError
            return None
        read = syntax.names_in(ast.parse(twin.text, mode="eval"), ast.Load)
        scope = syntax.function_at(syntax.span_of(target, self.file)) or syntax.parse_file(self.file)
        later = [s for s in (statements_of(scope) if scope is not None else ()) if s.lineno >= target.lineno]
        calls = [n for n in ast.walk(value) if isinstance(n, ast.Call) and scopes.stands_for(n.func, self.file) is None]
        if calls or any(read & syntax.names_in(s, ast.Store) for s in later if not hasattr(s, "body")):
            raise RefusedError
        self.around.kept.add(value)
        return twin.text

    def _carried(self, target: ast.expr) -> bool:
        """Whether a loop reads a name before it gives it its new value."""
        text, path = syntax.text_of(target), builders.path_to(target, self.file)
        loops = [n for n in path if isinstance(n, LOOPS)]
        reads = [n for loop in loops[-1:] for n in syntax.mentions(loop, text) if n.lineno <= target.lineno]
        return bool(reads)

    def _add(self, node: ast.expr, twin: Twin) -> None:
        if node not in self.new:
            self.new[node] = twin
            self.waiting.append(node)

    def _reads(self, target: ast.expr, statement: ast.AST) -> list[ast.expr]:
        """Return where a name is read that holds a smooth value now, up to where it gets another one."""
        at, text = syntax.span_of(target, self.file), syntax.text_of(target)
        if isinstance(target, ast.Attribute):
            holder = next((n for n in reversed(syntax.around(at)) if isinstance(n, ast.ClassDef)), None)
            return syntax.mentions(holder, text) if holder is not None else []
        scope = syntax.function_at(at) or syntax.parse_file(self.file)
        if scope is None:
            return []
        later = [s for s in statements_of(scope) if s.lineno > target.lineno and not hasattr(s, "body")]
        stores = [s.lineno for s in later if text in syntax.names_in(s, ast.Store)]
        looped = any(isinstance(n, LOOPS) for n in builders.path_to(target, self.file)) and stores
        if looped:
            raise RefusedError
        last = min(stores, default=10**9)
        end = getattr(statement, "end_lineno", target.lineno) or target.lineno
        return [n for n in syntax.mentions(scope, text) if end < n.lineno <= last]

    def _returned(self, statement: ast.Return, twin: Twin, part: int | None) -> None:
        """Go on where the function is called that gives the value, alone or as a part of a tuple."""
        function = syntax.function_at(syntax.span_of(statement, self.file))
        if twin.kind in WITHIN_A_FUNCTION:
            raise RefusedError
        for call in calls_of(self.file, function) if isinstance(function, ast.FunctionDef) else []:
            if part is None:
                self._add(call, twin._replace(text=builders.written(call, self.file)))
                continue
            outer = builders.parent_of(call, self.file)
            if isinstance(outer, ast.Assign) and isinstance(outer.targets[0], ast.Tuple):
                self._assigned(outer.targets[0].elts[part], outer, twin)
            elif isinstance(outer, ast.Subscript) and getattr(outer.slice, "value", None) == part:
                self._add(outer, twin._replace(text=builders.written(outer, self.file)))
            elif not isinstance(outer, ast.Subscript):
                raise RefusedError

    def _in_tuple(self, outer: ast.Tuple, node: ast.expr, twin: Twin) -> None:
        around = builders.parent_of(outer, self.file)
        if isinstance(around, ast.Return):
            self._returned(around, twin, outer.elts.index(node))
        elif isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Tuple):
            self._assigned(around.targets[0].elts[outer.elts.index(node)], around, twin)
        elif twin.kind is not Kind.TRUTH:
            raise RefusedError

    def _handed(self, call: ast.Call, node: ast.expr, twin: Twin) -> None:
        """Go on in the function of the file that gets the value, if nothing else is ever handed to it."""
        function = defined_in(self.file, call)
        if function is None and simple_name(call) == "append" and isinstance(call.func, ast.Attribute):
            self._listed(call, twin)
            return
        if function is None:
            if twin.kind in {Kind.SHARES, *WITHIN_A_FUNCTION} - {Kind.MASKED} and simple_name(call) != "print":
                raise RefusedError
            return
        names = syntax.parameter_names(function)
        parameter = next((p for p in names if given_for(call, function, p) is node), None)
        others = [c for c in calls_of(self.file, function) if c is not call]
        if parameter is None or others or twin.kind in WITHIN_A_FUNCTION:
            raise RefusedError
        for place in syntax.mentions(function, parameter):
            self._add(place, twin._replace(text=parameter))

    def _listed(self, call: ast.Call, twin: Twin) -> None:
        """Go on where a list is read that a smooth value is put into; nothing else may be in it."""
        name = getattr(call.func, "value", call)
        scope = syntax.function_at(syntax.span_of(call, self.file)) or syntax.parse_file(self.file)
        text = syntax.text_of(name)
        reads = [n for n in (syntax.mentions(scope, text) if scope is not None else []) if n is not name]
        made = syntax.values_given_to(text, syntax.span_of(call, self.file))
        more = [n for n in reads if isinstance(builders.parent_of(n, self.file), ast.Attribute)]
        empty = all(isinstance(value, ast.List) and not value.elts for value in made)
        if twin.kind in WITHIN_A_FUNCTION or more or not (made and empty):
            raise RefusedError
        for place in reads:
            self._add(place, twin._replace(text=text))
