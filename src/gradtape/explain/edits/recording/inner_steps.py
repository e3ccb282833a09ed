"""Edits of inner steps that change a model inside an outer tape: it is called with the new weights, as tensors."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import ASKING
from gradtape.explain.edits.case import Case, assigned_before, defined_in, parts, simple_name, statements_of
from gradtape.explain.edits.question.layers import WEIGHTS
from gradtape.explain.edits.settings import set_at

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes

SIGNS = {"assign": "{0}", "assign_add": "{1} + {0}", "assign_sub": "{1} - {0}"}
"""What a method of a variable, `{1}`, writes into it."""


class Write(NamedTuple):
    """A statement that gives all weights of a model new values.

    Parameters
    ----------
    statement : stmt
    model : str
    form : str
        The list of the new weights: `{0}` and so on for the text of the parts, `{weights}` for the weights before.
    parts : tuple of expr
    origin : str
        The other model, or the model itself, whose weights are copied; empty for a step.
    is_step : bool
        Whether an optimizer makes it, or a loop: `set_weights` may be all that a program does.
    """

    statement: ast.stmt
    model: str
    form: str
    parts: tuple[ast.expr, ...] = ()
    origin: str = ""
    is_step: bool = False


def fast_weights(case: Case) -> Changes | None:
    """Compute the weights after inner steps as tensors and call the model with them; None where there are no steps."""
    scope = case.function
    if case.pen.dialect != "tensorflow" or scope is None:
        return None
    writes = [w for s in statements_of(scope) if (w := _write(case, s)) is not None]
    here = next((w for w in writes if syntax.span_of(w.statement, case.file).contains(case.at)), None)
    if here is None:
        return None
    region = _recorded(case, scope)
    inside = [w for w in writes if w.model == here.model and _is_in(w.statement, region)]
    if len(inside) == 1 and not here.is_step and not _loops(here.statement, region, case.file):
        return None
    return _Steps(case, here.model, region, inside).changes()


class _Steps:
    """The steps of one model in one block that is recorded."""

    def __init__(self, case: Case, model: str, region: ast.AST, writes: list[Write]) -> None:
        self.case, self.file, self.model, self.region, self.writes = case, case.file, model, region, writes
        self.scope: ast.AST = case.function or region
        self.fast = scopes.free_name(case.file, "fast_weights")
        self.watched: dict[ast.With, str] = {}
        self.pen = case.pen

    def changes(self) -> Changes:
        """Return the changes; none where something else is asked of the model, or a function reads it elsewhere."""
        if not all(w.form for w in self.writes) or self._is_read_elsewhere() or self._is_chosen():
            return ()
        first, made = self.writes[0], self._made_as_copy()
        outer = _loops(first.statement, self.region, self.file)
        start, after, place = first.origin, first.statement, outer[0] if outer else None
        if made is not None:
            start, after, place = made[1], made[0], None
        elif first.origin:
            place = None
        if start and _loops(after, self.region, self.file) and self._is_used_before(after):
            return ()
        is_copy = bool(start) and start != self.model
        begin = place.lineno if place is not None else (after.end_lineno or after.lineno) + 1
        found = self._used(begin, is_copy=is_copy)
        if not found:
            return ()
        new: list[Change] = []
        for write in self.writes:
            new += self._written(write, found, start or self.model, is_first=write is first and place is None)
        if made is not None or place is not None:
            text = f"{self.fast} = {self._weights_of(start or self.model)}"
            new += builders.insert_after(after, self.file, text) if made else ()
            new += builders.insert_before(place, self.file, text) if place is not None else ()
        written = [syntax.span_of(w.statement, self.file) for w in self.writes]
        new += [c for c in found if not any(s.contains(c.span) for s in written)]
        for block, tape in self.watched.items():
            new += builders.insert_before(block.body[0], self.file, f"{tape}.watch({self.fast})")
        stored = self._stored(is_copy=is_copy)
        return () if stored is None else (*new, *stored, *self.pen.imports)

    def _written(self, write: Write, found: list[Change], start: str, *, is_first: bool) -> Changes:
        """Write the new weights where a statement wrote them into the model; what copies a whole model stays."""
        if write.origin:
            text = f"{self.fast} = {self._weights_of(write.origin)}"
            if isinstance(write.statement, ast.For):
                return builders.replace_statement(write.statement, self.file, text)
            return builders.insert_after(write.statement, self.file, text)
        texts = []
        for part in write.parts:
            span = syntax.span_of(part, self.file)
            inside = tuple(c for c in found if span.contains(c.span))
            texts.append(builders.with_changes(part, self.file, inside))
        before = f"{start}.trainable_variables" if is_first and start == self.model else self.fast
        return builders.replace_statement(
            write.statement, self.file, f"{self.fast} = {write.form.format(*texts, weights=before)}"
        )

    def _weights_of(self, model: str) -> str:
        weights = f"{model}.trainable_variables"
        return self.pen.say("[tf.convert_to_tensor(w) for w in {v}]", v=weights) if self.watched else weights

    def _used(self, begin: int, *, is_copy: bool) -> list[Change]:
        """Return the changes where the model is called or listed after a line; none if it is used in another way."""
        found: list[Change] = []
        calls = 0
        new: Changes | None
        for node in self._other_names():
            new = self._listed(node, is_copy=is_copy) if begin <= node.lineno else ()
            if new is None:
                return []
            found += new
        for node in syntax.mentions(self.scope, self.model):
            if not begin <= node.lineno:
                continue
            outer = builders.parent_of(node, self.file)
            if isinstance(outer, ast.Attribute) and outer.attr in WEIGHTS:
                new = () if _is_named(outer, self.file) else self._listed(outer, is_copy=is_copy)
            elif isinstance(outer, ast.Attribute) and outer.attr == "get_weights" and self._is_written(node):
                new = builders.replace(_called_at(outer, self.file), self.file, self.fast)
            elif not _is_in(node, self.region) or self._is_written(node):
                continue
            elif isinstance(outer, ast.Call):
                new = self._called(outer, node)
                calls += 1
            elif isinstance(outer, ast.Return):
                new = self._given_back(node)
                calls += 1
            else:
                new = None
            if new is None:
                return []
            found += new
        return found if calls else []

    def _other_names(self) -> list[ast.expr]:
        """Return the places that read the weights by a name that the function gives to their list."""
        given = [s for s in statements_of(self.scope) if isinstance(s, ast.Assign) and _lists(s.value, self.model)]
        names = {t.id for s in given for t in s.targets if isinstance(t, ast.Name)}
        return [n for name in sorted(names) for n in syntax.mentions(self.scope, name)]

    def _listed(self, weights: ast.expr, *, is_copy: bool) -> Changes | None:
        """Put the new weights in the place of the variables, which an inner tape is to watch then."""
        asked = next((c for c in syntax.calls_around(syntax.span_of(weights, self.file)) if _asks(c)), None)
        if asked is not None and isinstance(asked.func, ast.Attribute):
            block = self._block_of(syntax.text_of(asked.func.value), asked.lineno)
            if block is None or (block is self.region and not is_copy):
                return () if block is not None or not _is_in(weights, self.region) else None
            if block is not self.region:
                self.watched[block] = syntax.text_of(asked.func.value)
        elif not _is_in(weights, self.region):
            return ()
        elif not self._is_written(weights) and not isinstance(weights, ast.Name):
            return None
        return builders.replace(weights, self.file, self.fast)

    def _block_of(self, tape: str, line: int) -> ast.With | None:
        """Return the block of the tape that is called by a name at a line, if it is the recorded one or inside it."""
        blocks = [n for n in syntax.walk_scope(self.scope) if isinstance(n, ast.With) and _enters(n, tape)]
        last = max((b for b in blocks if b.lineno < line), key=lambda b: b.lineno, default=None)
        return last if last is not None and _is_in(last, self.region) else None

    def _called(self, call: ast.Call, node: ast.expr) -> Changes | None:
        """Call the model with the new weights; a function of the file that only calls it gets what does that."""
        first = f"{self.fast}, {self.model}.non_trainable_variables"
        if call.func is node:
            given = [*call.args, *(k.value for k in call.keywords)]
            if not call.args:
                return None
            start, end = syntax.span_of(given[0], self.file), syntax.span_of(call, self.file)
            return (
                *builders.rename_call(call, self.file, f"{self.model}.stateless_call"),
                insertion(self.file, start.line, start.column, f"{first}, "),
                insertion(self.file, end.end_line, end.end_column, "[0]"),
            )
        function = defined_in(self.file, call)
        names = syntax.parameter_names(function) if function is not None else []
        given_as = [n for n in names if function is not None and scopes.given_for(call, function, n) is node]
        if function is None or len(given_as) != 1 or not _only_calls(function, given_as[0], self.file):
            return None
        return builders.replace(node, self.file, self._as_function())

    def _as_function(self) -> str:
        first = f"{self.fast}, {self.model}.non_trainable_variables"
        return f"lambda *inputs, **settings: {self.model}.stateless_call({first}, *inputs, **settings)[0]"

    def _given_back(self, node: ast.expr) -> Changes | None:
        """Give back a function that calls the model, if callers only call what they get."""
        function = self.scope
        if not isinstance(function, ast.FunctionDef):
            return None
        for call in scopes.calls_of(self.file, function):
            names = syntax.assigned_names(syntax.span_of(call, self.file))
            scope = syntax.function_at(syntax.span_of(call, self.file)) or syntax.parse_file(self.file)
            if len(names) != 1 or scope is None or not _only_calls(scope, names[0], self.file):
                return None
        return builders.replace(node, self.file, self._as_function())

    def _stored(self, *, is_copy: bool) -> Changes | None:
        """Store the new weights behind the tape, if somebody may read them there; None where that cannot be done."""
        tree = syntax.parse_file(self.file)
        mentioned = syntax.mentions(tree, self.model) if tree is not None else []
        made = assigned_before(self.scope, self.model, self.writes[0].statement.lineno)
        local = isinstance(self.scope, ast.FunctionDef) and isinstance(made, ast.Call) and self.model.isidentifier()
        outside = [n for n in mentioned if n not in syntax.mentions(self.scope, self.model)]
        last = getattr(self.region, "end_lineno", 0) or 0
        later = [s for s in statements_of(self.scope) if s.lineno > last]
        restored = any((w := _write(self.case, s)) is not None and w.model == self.model for s in later)
        used = any(syntax.mentions(s, self.model) and not _asks_in(s) for s in later)
        restored = restored or self.writes[-1].origin == self.model
        if restored or (not used and (local or (is_copy and not outside))):
            return ()
        if not isinstance(self.region, ast.With):
            return () if local and is_copy and not used else None
        text = f"for v, w in zip({self.model}.trainable_variables, {self.fast}):\n    v.assign(w)"
        return builders.insert_after(self.region, self.file, text)

    def _made_as_copy(self) -> tuple[ast.stmt, str] | None:
        """Return the statement that makes the model as a copy by a function of the file, and what is copied."""
        first = self.writes[0].statement
        made = assigned_before(self.scope, self.model, first.lineno)
        function = defined_in(self.file, made) if isinstance(made, ast.Call) else None
        statement = syntax.statement_at(syntax.span_of(made, self.file)) if made is not None else None
        if function is None or statement is None or not isinstance(made, ast.Call):
            return None
        if not _is_in(statement, self.region):
            return None
        inner = self.case.moved(syntax.span_of(function.body[-1], self.file))
        copied = [w for s in statements_of(function) if (w := _write(inner, s)) is not None]
        if len(copied) != 1 or not copied[0].origin:
            return None
        original = scopes.given_for(made, function, copied[0].origin)
        return (statement, builders.written(original, self.file)) if original is not None else None

    def _is_written(self, node: ast.AST) -> bool:
        return any(_is_in(node, w.statement) for w in self.writes)

    def _is_chosen(self) -> bool:
        """Whether a step is only sometimes made."""
        around = [n for w in self.writes for n in builders.path_to(w.statement, self.file)]
        return any(isinstance(n, ast.If | ast.Try | ast.While) and _is_in(n, self.region) for n in around)

    def _is_used_before(self, statement: ast.stmt) -> bool:
        """Whether a loop uses the model before the statement that fills it."""
        loop = _loops(statement, self.region, self.file)[0]
        return any(n.lineno < statement.lineno for n in syntax.mentions(loop, self.model))

    def _is_read_elsewhere(self) -> bool:
        """Whether a function that is called in the block reads the model by its name."""
        waiting, seen = [self.region], set[ast.AST]()
        while waiting:
            here = waiting.pop()
            calls = [n for n in ast.walk(here) if isinstance(n, ast.Call)]
            called = {f for c in calls if (f := defined_in(self.file, c)) is not None} - seen - {self.scope}
            seen |= called
            waiting += called
        own = [f for f in seen if isinstance(f, ast.FunctionDef) and self.model not in syntax.parameter_names(f)]
        makes = {f for f in own if any(self.model in syntax.names_in(s, ast.Store) for s in statements_of(f))}
        inside = [n for n in ast.walk(self.region) if isinstance(n, ast.FunctionDef | ast.Lambda)]
        nested = [n for n in inside if n is not self.scope]
        return any(syntax.mentions(f, self.model) for f in [*own, *nested] if f not in makes)


def _write(case: Case, statement: ast.stmt) -> Write | None:
    """Return what a statement writes into all weights of a model; without a form where that cannot be written down."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(statement, ast.For):
        return _in_loop(statement, case.file)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    owner, name = call.func.value, call.func.attr
    if name == "set_weights" and len(call.args) == 1:
        return _set(case, statement, owner, call.args[0])
    given = call.args
    if name == "apply_gradients":
        pairs = given[0] if given else None
        pairs = pairs.args[0] if isinstance(pairs, ast.Call) and simple_name(pairs) == "list" and pairs.args else pairs
        given = pairs.args if isinstance(pairs, ast.Call) and simple_name(pairs) == "zip" else []
    elif name != "apply":
        return None
    weights = _listed_by(case, given[1]) if len(given) == 2 else None
    if not isinstance(weights, ast.Attribute) or weights.attr not in WEIGHTS:
        return None
    rate = _rate(case, owner)
    form = "[w - {1} * g for w, g in zip({weights}, {0})]" if rate is not None else ""
    model = syntax.text_of(weights.value)
    if rate is None:
        return Write(statement, model, "", is_step=True)
    form = form.replace("{1}", rate[1]) if rate[1] else form
    return Write(statement, model, form, (given[0], rate[0]), is_step=True)


def _listed_by(case: Case, weights: ast.expr) -> ast.expr:
    """Return what a name stands for, `model.trainable_variables`, or the expression itself."""
    if not isinstance(weights, ast.Name) or case.function is None:
        return weights
    return assigned_before(case.function, weights.id, weights.lineno) or weights


def _rate(case: Case, optimizer: ast.expr) -> tuple[ast.expr, str] | None:
    """Return what tells the rate of an optimizer that takes plain steps, and a form with that; None for any other."""
    made = set_at(case, optimizer, lambda n: isinstance(n, ast.Call))
    calls = [n for n in made if isinstance(n, ast.Call)]
    for call in calls:
        rates = [*call.args, *(k.value for k in call.keywords if k.arg == "learning_rate")]
        others = {k.arg for k in call.keywords} - {"learning_rate", "name"}
        if simple_name(call) != "SGD" or others or len(rates) > 1 or any(isinstance(r, ast.Call) for r in rates):
            return None
        if call is optimizer:
            return (rates[0], "") if rates and "w" not in syntax.names_in(rates[0], ast.Load) else None
    return (optimizer, "{1}.learning_rate") if calls else None


def _set(case: Case, statement: ast.stmt, model: ast.expr, values: ast.expr) -> Write:
    """Return what `set_weights` writes: the weights of another model, or a list of tensors."""
    name = syntax.text_of(model)
    if isinstance(values, ast.Name):
        known = assigned_before(case.function, values.id, statement.lineno) if case.function is not None else None
        if simple_name(known or values) != "get_weights":
            stays = isinstance(known, ast.ListComp) and _on_tape(known, "")
            return Write(statement, name, "{0}" if stays else "", (values,))
        values = known or values
    if isinstance(values, ast.Call) and isinstance(values.func, ast.Attribute) and values.func.attr == "get_weights":
        return Write(statement, name, "{0}", origin=syntax.text_of(values.func.value))
    return Write(statement, name, "{0}" if _on_tape(values, name) else "", (values,))


def _called_at(method: ast.expr, file: str) -> ast.expr:
    """Return the call of a method, the method itself where it is not called."""
    outer = builders.parent_of(method, file)
    return outer if isinstance(outer, ast.Call) and outer.func is method else method


def _on_tape(values: ast.expr, model: str) -> bool:
    """Whether nothing in an expression asks for plain arrays, but for those of the model that is changed."""
    asked = [n for n in ast.walk(values) if isinstance(n, ast.Attribute) and n.attr in {"numpy", "get_weights"}]
    return all(n.attr == "get_weights" and syntax.text_of(n.value) == model for n in asked)


def _in_loop(loop: ast.For, file: str) -> Write | None:
    """Return what a loop over the weights of a model assigns to each."""
    zipped, targets = loop.iter, loop.target
    only = loop.body[0] if len(loop.body) == 1 and not loop.orelse else None
    chosen = only if isinstance(only, ast.If) and _leaves_out_none(only) else None
    only = chosen.body[0] if chosen is not None else only
    call = only.value if isinstance(only, ast.Expr) else None
    if not isinstance(zipped, ast.Call) or simple_name(zipped) != "zip" or not isinstance(targets, ast.Tuple):
        return None
    pairs = {syntax.text_of(t): g for t, g in zip(targets.elts, zipped.args, strict=False)}
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in SIGNS:
        return None
    variable = call.func.value
    listed = pairs.get(syntax.text_of(variable))
    if not isinstance(listed, ast.Attribute) or listed.attr not in WEIGHTS or len(call.args) != 1:
        return None
    model, value = syntax.text_of(listed.value), call.args[0]
    other = pairs.get(syntax.text_of(value))
    if other is not None and call.func.attr == "assign":
        if isinstance(other, ast.Attribute) and other.attr in WEIGHTS:
            return Write(loop, model, "{0}", origin=syntax.text_of(other.value))
        return Write(loop, model, "{0}" if _on_tape(other, "") else "", (other,))
    of_variable = syntax.mentions(value, syntax.text_of(variable))
    if any(isinstance(builders.parent_of(n, file), ast.Attribute) for n in of_variable):
        return Write(loop, model, "", is_step=True)
    form = SIGNS[call.func.attr]
    if form != "{0}" and not isinstance(value, ast.Name | ast.Call | ast.Attribute):
        form = form.replace("{0}", "({0})")
    names = builders.written(targets, file).strip("()")
    form = f"{form} if {builders.written(chosen.test, file)} else {{1}}" if chosen is not None else form
    return Write(loop, model, f"[{form} for {names} in {{2}}]", (value, variable, zipped), is_step=True)


def _leaves_out_none(chosen: ast.If) -> bool:
    """Whether a branch of one statement is only taken where a name is not None."""
    test = chosen.test
    named = isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and isinstance(test.ops[0], ast.IsNot)
    return named and syntax.text_of(test).endswith(" is not None") and len(chosen.body) == 1 and not chosen.orelse


def _recorded(case: Case, scope: ast.AST) -> ast.AST:
    """Return the outermost tape of a function around a place, or the whole function."""
    tapes = [n for n in syntax.around(case.at) if isinstance(n, ast.With) and n in [*syntax.walk_scope(scope)]]
    return next((n for n in tapes if any(simple_name(i.context_expr) == "GradientTape" for i in n.items)), scope)


def _loops(statement: ast.AST, region: ast.AST, file: str) -> list[ast.For]:
    """Return the loops of a block around a statement, outermost first."""
    return [n for n in builders.path_to(statement, file) if isinstance(n, ast.For) and _is_in(n, region)]


def _is_in(node: ast.AST, outer: ast.AST) -> bool:
    return any(n is node for n in ast.walk(outer))


def _enters(block: ast.With, tape: str) -> bool:
    return any(i.optional_vars is not None and syntax.text_of(i.optional_vars) == tape for i in block.items)


def _is_named(value: ast.expr, file: str) -> bool:
    """Whether a statement does nothing but give names to a value."""
    statement = builders.parent_of(value, file)
    return isinstance(statement, ast.Assign) and all(isinstance(t, ast.Name) for t in statement.targets)


def _lists(value: ast.expr, model: str) -> bool:
    return isinstance(value, ast.Attribute) and value.attr in WEIGHTS and syntax.text_of(value.value) == model


def _asks(call: ast.Call) -> bool:
    return simple_name(call) in ASKING


def _asks_in(statement: ast.stmt) -> bool:
    return any(isinstance(n, ast.Call) and _asks(n) for n in parts(statement))


def _only_calls(scope: ast.AST, name: str, file: str) -> bool:
    """Whether all that a scope does with a name is to call it."""
    used = [(n, builders.parent_of(n, file)) for n in syntax.mentions(scope, name)]
    return all(isinstance(outer, ast.Call) and outer.func is n for n, outer in used)
