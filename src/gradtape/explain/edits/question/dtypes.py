"""Edits of whole numbers that are to learn: written with a point, cast, with all that meets them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, syntax
from gradtape.diagnostics.scopes import calls_of, given_for
from gradtape.explain.edits import builders, settings
from gradtape.explain.edits.case import Case, assigned_before, defined_in, simple_name, statements_of
from gradtape.explain.edits.question import looked_up, whole
from gradtape.explain.names import PARTS

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes

WHOLE = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "int", "long", "bool"}
"""The last part of the names of dtypes without derivatives."""

FOLLOWED = 6
"""How many names and calls are followed to where a value was written down."""


def floats(case: Case) -> Suggestion | None:
    """Make a value floating point where it is written down: literals with a point, no dtype of whole numbers."""
    if case.pen.dialect == "jax" and case.context.source.differentiable:  # what is whole is the result
        return None
    made = case.context.made_at(case.context.source)
    known = case.moved(made).node if case.pen.dialect == "jax" and made is not None and made.file == case.file else None
    if case.pen.dialect == "jax" and (whole.is_position(case) or whole.is_idle(case) or whole.is_data(case)):
        return whole.left_whole(case)
    if case.pen.dialect == "tensorflow" and looked_up.is_looked_up(case):
        return builders.sketch(*looked_up.asked_behind(case))
    changes = (
        _written_whole(case, known) or _written_whole(case, _marked(case) or case.node) or _element_written_whole(case)
    )
    if changes:
        return builders.likely(*changes, *(_meeting(case) if case.pen.dialect == "tensorflow" else ()))
    return whole.cast(case, known) if case.pen.dialect == "jax" else _cast(case)


def _written_whole(case: Case, node: ast.expr | None) -> Changes:
    """Return the changes where a value was written down, followed from an expression that has it."""
    for _ in range(FOLLOWED):
        changes = _as_floats(case, node) if node is not None else ()
        if changes or node is None:
            return changes
        node = _followed(case, node)
    return ()


def _marked(case: Case) -> ast.expr | None:
    """Return what is marked at the place: `x` of `x.requires_grad_()` and of `x.requires_grad = True`."""
    node, statement = case.node, case.statement
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requires_grad_":
        return node.func.value
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return target.value if isinstance(target, ast.Attribute) and target.attr == "requires_grad" else None


def _element_written_whole(case: Case) -> Changes:
    """Return the change of one element of a dict or list that a call is given: `1` for `p["x"]` in `f({"x": 1})`."""
    try:
        named = ast.parse(case.context.source.name, mode="eval").body
    except SyntaxError:  # what a library calls it
        return ()
    keys: list[object] = []
    while isinstance(named, ast.Subscript) and isinstance(named.slice, ast.Constant):
        keys.insert(0, named.slice.value)
        named = named.value
    found = [_at_keys(given, keys) for given in (case.call.args if case.call is not None and keys else ())]
    there = [element for element in found if element is not None]
    return builders.as_float(there[0], case.file) if len(there) == 1 else ()


def _at_keys(node: ast.expr | None, keys: list[object]) -> ast.expr | None:
    """Return the element of a written dict or list that is reached by keys."""
    for key in keys:
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            node = next((v for k, v in pairs if isinstance(k, ast.Constant) and k.value == key), None)
        elif isinstance(node, ast.List | ast.Tuple) and isinstance(key, int) and key < len(node.elts):
            node = node.elts[key]
        else:
            return None
    return node


def _cast(case: Case) -> Suggestion | None:
    """Make a tensor floating point where it becomes a source: whole numbers were computed before.

    What a statement of PyTorch's only marks, and that keeps its name, is made so where the name gets it.
    """
    node, file = case.node, case.file
    several = isinstance(node, ast.Call) and _is_one_of_several(node, file) and _is_calculated_with(case)
    if case.pen.dialect == "tensorflow" and isinstance(node, ast.Call) and several:
        changes = (*builders.add_argument(node, file, case.pen.say("dtype=tf.float32")), *_meeting(case))
        return builders.likely(*changes)
    if case.pen.dialect == "tensorflow" and node is not None and _is_cast_anyway(case):
        given = node.args[0] if isinstance(node, ast.Call) and node.args and simple_name(node) == "Variable" else node
        return builders.likely(*builders.replace(given, file, case.pen.say(FLOAT, x=builders.written(given, file))))
    if case.pen.dialect != "torch":
        return None
    value = _marked(case)
    if value is not None and _is_alone(case):
        value = _given_name(case, value)
    elif value is None and isinstance(node, ast.Call) and node.args and simple_name(node) == "Parameter":
        value = node.args[0]
    return (
        builders.likely(*builders.replace(value, file, f"{builders.operand(value, file)}.float()")) if value else None
    )


def _is_one_of_several(made: ast.Call, file: str) -> bool:
    """Whether a tensor is made of one of the numbers that a loop goes through, and nothing says of which dtype."""
    given = made.args[0] if simple_name(made) in {"constant", "Variable"} and len(made.args) == 1 else None
    loops = [
        loop
        for n in builders.path_to(made, file)
        for loop in ([n] if isinstance(n, ast.For) else getattr(n, "generators", []))
    ]
    told = any(k.arg in {"dtype", None} for k in made.keywords)
    names = {name for loop in loops for name in syntax.names_in(loop.target, ast.Store)}
    return not told and isinstance(given, ast.Name) and given.id in names


def _is_calculated_with(case: Case) -> bool:
    """Whether all that reads the source is arithmetic, which takes numbers with a point as well."""
    columns = case.context.run.columns
    read = {columns.functions[number] for number in columns.readers(case.context.source.ids)}
    return bool(read) and read <= TOGETHER | {"square", "negative", "absolute"}


FLOAT = "tf.cast({x}, tf.float32)"


SAME = PARTS - {"cast"} | {"gather", "take"}
"""Functions that give elements of what they get, whatever dtype that is of."""


def _is_cast_anyway(case: Case) -> bool:
    """Whether all that reads the source makes floating point of it, so that it may be that before."""
    columns, ids = case.context.run.columns, set(case.context.source.ids)
    readers = columns.readers(ids)
    while same := {columns.outputs[n] for n in readers if columns.functions[n] in SAME} - ids:
        ids |= same
        readers = columns.readers(ids)
    casts = [n for n in readers if columns.functions[n] not in SAME]
    asked = [syntax.expression_at(columns[n].site.span) for n in casts]
    whole_again = any(is_whole(given) for call in asked if isinstance(call, ast.Call) for given in call.args)
    return {columns.functions[n] for n in casts} == {"cast"} and not whole_again


def _is_alone(case: Case) -> bool:
    """Whether a statement does nothing but mark."""
    statement = case.statement
    marks = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute)
    return marks or (isinstance(statement, ast.Expr) and statement.value is case.node)


PICKING = {"Embedding", "EmbeddingBag", "embedding", "one_hot", "gather", "index_select"}
"""What takes whole numbers as positions and can do nothing with others."""


def _given_name(case: Case, value: ast.expr) -> ast.expr | None:
    """Return what gave a name its value, followed through arguments; None where the file picks by whole numbers."""
    tree = syntax.parse_file(case.file)
    if tree is None or any(simple_name(n) in PICKING for n in syntax.nodes_of(tree) if isinstance(n, ast.Call)):
        return None
    node: ast.expr | None = value
    for _ in range(FOLLOWED):
        if not isinstance(node, ast.Name):
            break
        node = _followed(case, node)
    return None if isinstance(node, ast.Name) else node


COUNTS = {"zeros", "ones", "empty", "eye", "identity", "randint", "integers", "zeros_like", "ones_like", "rand",
          "randn", "normal", "uniform", "permutation", "reshape", "Input", "InputLayer"}  # fmt: skip
"""Functions whose numbers are sizes and bounds, and not what the array holds."""


COUNTING = {"bincount", "argmax", "argmin", "argsort", "digitize", "searchsorted", "count_nonzero", "nonzero"}
"""Functions that give whole numbers whatever they are given."""

DRAWS = {"randint", "integers", "random_integers"}
"""Functions that draw whole numbers."""


def _as_floats(case: Case, node: ast.expr) -> Changes:
    file, tree = case.file, syntax.parse_file(case.file)
    changes: Changes = builders.as_float(node, file)
    if not isinstance(node, ast.Call) or tree is None:
        return changes
    if defined_in(file, node) is not None:  # what it returns decides, not what it is given
        return ()
    name = simple_name(node)
    if name in DRAWS and case.pen.dialect == "jax":  # their dtype cannot be another
        return ()
    if isinstance(node.func, ast.Attribute | ast.Name) and name not in COUNTS | COUNTING:
        values = node.args[1:2] if name in {"full", "fill"} else node.args
        changes = tuple(c for given in values for c in builders.as_float(given, file))
    dtypes = node.args if name == "astype" else node.args[1:]
    for given in [*dtypes, *(k.value for k in node.keywords if k.arg == "dtype")]:
        written = settings.set_at(case, given, is_whole)
        if len(written) == 1:
            read = syntax.mentions(tree, syntax.text_of(given))
            place = written[0] if len(read) <= 1 else given  # others may read it
            changes = (*changes, *builders.replace(place, file, _floating(written[0])))
    return changes


def _floating(dtype: ast.expr) -> str:
    """Write the floating point dtype in the place of a whole one, spelled like that."""
    module = syntax.text_of(dtype).rpartition(".")[0]
    return "float" if isinstance(dtype, ast.Name) else f"{module}.float32" if module else "'float32'"


def is_whole(dtype: ast.expr) -> bool:
    """Whether an expression names a dtype of whole numbers, or of truth values."""
    return syntax.text_of(dtype).rpartition(".")[2].strip("'\"") in WHOLE


def _followed(case: Case, node: ast.expr) -> ast.expr | None:
    """Return what gave an expression its value: an assignment, the argument of a call, what a function returns."""
    scope = syntax.function_at(syntax.span_of(node, case.file)) or syntax.parse_file(case.file)
    if isinstance(node, ast.Name) and scope is not None:
        if isinstance(scope, ast.FunctionDef) and node.id in syntax.parameter_names(scope):
            given = [argument for call in calls_of(case.file, scope) if (argument := given_for(call, scope, node.id))]
            return given[0] if given else None
        given = syntax.values_given_to(node.id, syntax.span_of(node, case.file))  # of several names at once, too
        return assigned_before(scope, node.id, node.lineno) or (given[0] if len(given) == 1 else None)
    function = defined_in(case.file, node) if isinstance(node, ast.Call) else None
    if function is None and isinstance(node, ast.Call) and simple_name(node) not in COUNTS | COUNTING:
        return next((a for a in node.args if isinstance(a, ast.Name | ast.Call)), None)
    returned = [s.value for s in statements_of(function) if isinstance(s, ast.Return)] if function is not None else []
    return returned[0] if len(returned) == 1 else None


def _meeting(case: Case) -> Changes:
    """Return the changes of the whole numbers that the source is computed with, where TensorFlow mixes no dtypes."""
    columns, after = case.context.run.columns, case.context.after_source
    found: dict[Change, None] = {}
    for number, inputs in enumerate(columns.inputs):
        if columns.functions[number] not in TOGETHER or not any(i in after for i in inputs):
            continue
        span = columns[number].site.span
        for position in (k for k, value in enumerate(inputs) if value not in after and span.file == case.file):
            node = syntax.operand_at(span, position, len(inputs))
            found |= dict.fromkeys(_written_whole(case.moved(span), node))
    return tuple(found)


TOGETHER = {"add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "matmul", "tensordot"}
"""Operations whose arguments TensorFlow wants to have one dtype."""
