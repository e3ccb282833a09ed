"""TensorFlow: what cast positions pick becomes a mean of the neighbours, each weighed by how near it is.

A position may be reversed, kept in bounds, stacked with others or counted along rows between the cast and what picks
by it: that expression stays, and is computed once for each corner of the cell in which the position lies.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name, statements_of
from gradtape.explain.edits.question.dtypes import is_whole
from gradtape.explain.edits.smooth import starts
from gradtape.explain.edits.smooth.kinds import ALIKE, BOUNDING, OURS, ROUNDED, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

RESHAPED = {"reshape", "expand_dims", "squeeze", "transpose", "repeat", "tile"}
"""Functions that may as well move the position before it is cast."""

ABOUT = {"shape", "size", "rank", "zeros_like", "ones_like"}
"""Functions that do not look at what a position is."""

APART = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Index(NamedTuple):
    """How an index is written for one corner.

    `moves` tells whether a cast position is in it, `bounded` whether the program keeps all of those in bounds;
    `width` is how many coordinates the last axis has, empty where nobody knows.
    """

    text: str
    moves: bool = False
    bounded: bool = True
    width: str = "1"


class Position(NamedTuple):
    """A position as it was before the cast, and whether its last axis has the coordinates of one place."""

    text: str
    together: bool


def between(case: Case, cast: ast.expr) -> Changes:
    """Write all that is picked by a cast position as a mean of the neighbours; nothing where one of them cannot be."""
    scope, pen = case.function, case.pen
    found: list[Change] = []
    cells = (
        _cells(case, scope, cast, pen) if scope is not None and pen.dialect == "tensorflow" and _is_cast(cast) else []
    )
    for cell, text in cells:
        if text is None:
            return ()
        found += builders.replace(cell.whole, case.file, text)
        found += cell.named
    return (*dict.fromkeys(found), *pen.imports) if found else ()


def _cells(case: Case, scope: ast.AST, cast: ast.expr, pen: Pen) -> list[tuple[Cell, str | None]]:
    """Find what is picked by a cast position, and how it is written anew; None for what cannot be."""
    found = []
    later = (s for s in statements_of(scope) if s.lineno >= cast.lineno and not hasattr(s, "body"))
    for pick in (p for statement in later for p in parts(statement)):
        way = _element if isinstance(pick, ast.Subscript) else WAYS.get(simple_name(pick))
        if way is None or not isinstance(getattr(pick, "ctx", ast.Load()), ast.Load):
            continue
        cell = Cell(case, scope, pick, pen)
        try:
            text: str | None = cell.summed(way(cell, pick))
        except RefusedError:
            text = None
        if cast in cell.casts:
            found.append((cell, text))
    return found


def _is_cast(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or simple_name(node) != "cast" or not node.args:
        return False
    dtype = builders.argument(node, 1, "dtype")
    return dtype is not None and is_whole(dtype)


class Cell:
    """The corners around the positions by which one expression picks."""

    def __init__(self, case: Case, scope: ast.AST, pick: ast.expr, pen: Pen) -> None:
        self.case, self.scope, self.pick, self.pen, self.file = case, scope, pick, pen, case.file
        self.places = starts.moving(case) | {case.at}
        self.positions: dict[Position, int] = {}
        self.casts: dict[ast.expr, str] = {}
        """How each is written that is cast."""
        self.named: list[Change] = []
        """Names that positions get before they are cast."""
        self.corner = scopes.free_name(self.file, "corner")
        self.trailing = ""
        """How many axes follow those of the positions in what is picked, as it is written; empty for none."""

    def say(self, template: str, **parts: str) -> str:
        """Write in the words of the framework."""
        return self.pen.say(template, **parts)

    def index(self, node: ast.expr, *, together: bool = False, around: tuple[Callable[[str], str], ...] = ()) -> Index:
        """Write an index for one corner; `around` is what moves elements and may as well move them before the cast."""
        if _is_cast(node) and syntax.span_of(node, self.file) in self.places:
            return self._position(node, together=together, around=around)
        if isinstance(node, ast.Name):
            return self._assigned(node, together=together, around=around)
        name, text = simple_name(node), builders.written(node, self.file)
        if name == "reverse" or name in RESHAPED or isinstance(node, ast.Subscript):
            inner = _given(node)
            if not around and self._is_bounded(inner):
                return self._of_bounded(node, inner)
            moved = partial(builders.with_part, node, inner, self.file)
            index = self.index(inner, together=together, around=(moved, *around))
            return index if index.moves else Index(text)
        if not around:
            listed = _elements(node) if isinstance(node, ast.Call) else None  # a list may be one of whole places
            if listed is not None:
                return self._joined(node, listed, together=name == "concat")
            if name in BOUNDING or isinstance(node, ast.BinOp):
                return self._joined(node, _operands(node), together=together, bounds=name == "clip_by_value")
        return Index(text) if name in ABOUT else self._plain(node, text)

    def _of_bounded(self, node: ast.expr, inner: ast.expr) -> Index:
        """Write coordinates of places that are kept in bounds all together: one of each, or all from last to first."""
        one = isinstance(self.pick, ast.Subscript) and isinstance(node, ast.Subscript)  # an element is at one place
        index = self.index(inner, together=True)
        if not index.moves:
            return Index(builders.written(node, self.file))
        column, turned = _is_column(node, one=one), _is_turned(node)
        if not column and not turned:
            raise RefusedError
        text = builders.with_part(node, inner, self.file, _closed(index.text))
        return index._replace(text=text, width="1" if column else index.width)

    def _joined(self, node: ast.expr, inner: list[ast.expr], *, together: bool, bounds: bool = False) -> Index:
        """Write an expression of several, each for one corner."""
        found = [self.index(n, together=together) for n in inner]
        moving = [(n, f) for n, f in zip(inner, found, strict=True) if f.moves]
        changes = tuple(c for n, f in moving for c in builders.replace(n, self.file, f.text))
        width = next((f.width for _, f in moving), "")
        if _elements(node) is not None:
            width = "" if together else str(len(inner))
        return Index(
            builders.with_changes(node, self.file, changes),
            moves=bool(moving),
            bounded=bounds or all(f.bounded for _, f in moving),
            width=width,
        )

    def _assigned(self, name: ast.Name, *, together: bool, around: tuple[Callable[[str], str], ...]) -> Index:
        """Go on in what a name was given last."""
        given = self._given_to(name)
        if given is None:
            return Index(name.id)
        target, value = given
        if not isinstance(target, ast.Name):
            listed = [syntax.text_of(e) for e in getattr(target, "elts", ())]
            if simple_name(value) != "unstack" or name.id not in listed:
                return self._plain(value, name.id)
            part = f"[{listed.index(name.id)}]"
            unstacked = partial(builders.with_part, value, _given(value), self.file)
            around, value = (unstacked, lambda text: f"{text}{part}", *around), _given(value)
        index = self.index(value, together=together, around=around)
        return index if index.moves else Index(name.id)

    def _given_to(self, name: ast.Name) -> tuple[ast.expr, ast.expr] | None:
        """Return what a name was given last, with the target that it is, or is in."""
        pairs = [
            pair
            for s in statements_of(self.scope)
            if isinstance(s, ast.Assign) and s.lineno < name.lineno
            for pair in syntax.assigned_pairs(s)
            if name.id in syntax.names_in(pair[0], ast.Store)
        ]
        return pairs[-1] if pairs else None

    def _plain(self, node: ast.expr, text: str) -> Index:
        """Write what is no position; nothing is known of what computes with one otherwise."""
        if any(self.index(n).moves for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)):
            raise RefusedError
        return Index(text)

    def _is_bounded(self, node: ast.expr) -> bool:
        """Whether what a name was given is kept in bounds after the cast, all coordinates of a place together."""
        given = self._given_to(node) if isinstance(node, ast.Name) else None
        return simple_name(given[1] if given is not None else node) in BOUNDING

    def _position(self, cast: ast.expr, *, together: bool, around: tuple[Callable[[str], str], ...]) -> Index:
        """Write the corner of a cell in the place of a cast position."""
        exact = self.casts.get(cast) or self._named(cast, _unrounded(_given(cast)))
        self.casts[cast] = exact
        for moved in around:
            exact = moved(exact)
        position = Position(exact, together)
        self.positions.setdefault(position, len(self.positions))
        corner = self.corner if together else f"{self.corner}[{self.positions[position]}]"
        dtype = builders.written(_dtype(cast), self.file)
        text = self.say("tf.cast(tf.floor({p}), {d}) + {c}", p=exact, d=dtype, c=corner)
        return Index(text, moves=True, bounded=False, width=f"{exact}.shape[-1]" if together else "1")

    def _named(self, cast: ast.expr, inner: ast.expr) -> str:
        """Return a name for what is cast: its own, or one that it gets before the cast."""
        statement = syntax.statement_at(syntax.span_of(cast, self.file))
        if isinstance(inner, ast.Name | ast.Attribute):
            text = syntax.text_of(inner)
            between = [s for s in statements_of(self.scope) if cast.lineno <= s.lineno < self.pick.lineno]
            if not any(text in syntax.names_in(s, ast.Store) for s in between if not hasattr(s, "body")):
                return text
        names = syntax.assigned_names(syntax.span_of(cast, self.file))
        whole = names[0] if len(names) == 1 and names[0].isidentifier() and cast not in parts(self.pick) else ""
        others = self.casts
        name = scopes.free_name(self.file, f"exact_{whole}" if whole else f"exact{'' if not others else len(others)}")
        apart = any(isinstance(n, APART) for n in builders.path_to(cast, self.file) if n in ast.walk(statement or cast))
        if statement is None or apart or hasattr(statement, "body"):
            raise RefusedError
        self.named += builders.insert_before(statement, self.file, f"{name} = {builders.written(inner, self.file)}")
        if cast not in parts(self.pick):
            self.named += builders.replace(inner, self.file, name)
        return name

    def bounded(self, index: Index, last: str) -> str:
        """Write an index that stays in a table whose last one is given, where the program does not see to that."""
        if index.bounded:
            return index.text
        return self.say("tf.clip_by_value({i}, 0, {last})", i=index.text, last=last)

    def shape(self, table: ast.expr) -> str:
        """Write the shape of a table, of the dtype of the positions."""
        pick = builders.written(table, self.file)
        long = any("int64" in syntax.text_of(_dtype(cast)) for cast in self.casts)
        return self.say("tf.shape({t}, tf.int64)" if long else "tf.shape({t})", t=pick)

    def summed(self, picked: str) -> str:
        """Write the mean of what is picked at all corners."""
        found = list(self.positions)
        alone = [p for p in found if not p.together]
        if not found or (len(alone) < len(found) and len(found) > 1):
            raise RefusedError
        if not alone:
            (position,) = found
            weight = "tf.reduce_prod(tf.where(tf.equal({c}, 1), {p} % 1, 1 - {p} % 1), -1)"
            weight = self.say(weight, c=self.corner, p=position.text)
            every = self.say("itertools.product((0, 1), repeat={p}.shape[-1])", p=position.text)
        elif len(alone) == 1:
            picked = picked.replace(f"{self.corner}[0]", self.corner)
            weight, every = _nearness(alone[0], self.corner), "(0, 1)"
        else:
            weight = " * ".join(_nearness(p, f"{self.corner}[{k}]") for k, p in enumerate(alone))
            every = self.say("itertools.product((0, 1), repeat={n})", n=str(len(alone)))
        if self.trailing:  # the axes of what is picked at each position
            weight = f"{_closed(weight)}[(..., *[None] * ({self.trailing}))]"
        return f"sum({weight} * {self._real(picked)} for {self.corner} in {every})"

    @property
    def whole(self) -> ast.expr:
        """What is written anew: what picks, with the cast of that to floating point around it, if there is one."""
        outer = builders.parent_of(self.pick, self.file)
        real = isinstance(outer, ast.Call) and simple_name(outer) == "cast" and outer.args[:1] == [self.pick]
        return outer if real and isinstance(outer, ast.Call) and not is_whole(_dtype(outer)) else self.pick

    def _real(self, picked: str) -> str:
        """Write what is picked as floating point; a table of whole numbers that becomes that elsewhere is refused."""
        if self.whole is not self.pick:
            return builders.with_part(self.whole, self.pick, self.file, picked)
        span, route = syntax.span_of(self.pick, self.file), [k.operation for k in self.case.route]
        made = {o.output for o in route if o.site.span == span}
        if any(o.name == "cast" and made & set(o.inputs) for o in route):
            raise RefusedError
        return picked


def _nearness(position: Position, corner: str) -> str:
    """Write how near one coordinate is to a corner."""
    return f"({position.text} % 1 if {corner} else 1 - {position.text} % 1)"


def _dtype(cast: ast.expr) -> ast.expr:
    return (builders.argument(cast, 1, "dtype") if isinstance(cast, ast.Call) else None) or cast


def _given(node: ast.expr) -> ast.expr:
    """Return what an expression works on."""
    if isinstance(node, ast.Subscript):
        return node.value
    if not isinstance(node, ast.Call) or not node.args:
        raise RefusedError
    return node.args[0]


def _elements(node: ast.expr) -> list[ast.expr] | None:
    """Return the elements of a list, or of what is stacked or joined along the last axis."""
    if isinstance(node, ast.List | ast.Tuple):
        return list(node.elts)
    if not isinstance(node, ast.Call) or simple_name(node) not in {"stack", "concat"} or not node.args:
        return None
    axis = builders.argument(node, 1, "axis")
    last = axis is not None and syntax.text_of(axis) != "0"
    return list(node.args[0].elts) if last and isinstance(node.args[0], ast.List | ast.Tuple) else None


def _operands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
        return [node.left, node.right]
    if isinstance(node, ast.BinOp):
        return []
    return list(node.args) if isinstance(node, ast.Call) and not node.keywords else []


def _places_of(node: ast.expr) -> list[ast.expr]:
    if not isinstance(node, ast.Subscript):
        return []
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_all(node: ast.expr) -> bool:
    return syntax.text_of(node) in {":", "..."}


def _is_turned(node: ast.expr) -> bool:
    """Whether the coordinates of places are taken from the last to the first: `places[:, ::-1]`."""
    if simple_name(node) == "reverse" and isinstance(node, ast.Call):
        axis = builders.argument(node, 1, "axis")
        return axis is not None and syntax.text_of(axis) == "[-1]"
    places = _places_of(node)
    return len(places) > 1 and syntax.text_of(places[-1]) == "::-1" and all(map(_is_all, places[:-1]))


def _is_column(node: ast.expr, *, one: bool) -> bool:
    """Whether one coordinate of all places is taken, `places[:, 0]`, or of the `one` that there is, `place[0]`."""
    places = _places_of(node)
    column = bool(places) and isinstance(getattr(places[-1], "value", None), int)
    return column and (one or len(places) > 1) and all(map(_is_all, places[:-1]))


def _unrounded(node: ast.expr) -> ast.expr:
    """Return what a position was before it was rounded."""
    if simple_name(node) in ROUNDED:
        return _unrounded(_given(node))
    half = node.right if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) else None
    return node.left if isinstance(node, ast.BinOp) and getattr(half, "value", None) == 0.5 else node


def _from_table(cell: Cell, call: ast.expr) -> tuple[ast.expr, ast.expr]:
    """Return the table and the index of a function that picks; what makes the table is written again."""
    ours = isinstance(call, ast.Call) and (scopes.stands_for(call.func, cell.file) or "").startswith(OURS)
    if not ours or not isinstance(call, ast.Call) or len(call.args) < 2:
        raise RefusedError
    if any(simple_name(n) not in ALIKE for n in parts(call.args[0]) if isinstance(n, ast.Call)):
        raise RefusedError
    return call.args[0], call.args[1]


def _settings(call: ast.expr, **defaults: int) -> dict[str, int]:
    """Return the whole numbers that a call is told by name."""
    told = {k.arg: k.value for k in call.keywords} if isinstance(call, ast.Call) else {}
    try:
        given = {name: ast.literal_eval(value) for name, value in told.items() if name is not None}
    except ValueError:
        raise RefusedError from None
    if set(given) - set(defaults) or len(given) < len(told):
        raise RefusedError
    return {**defaults, **given}


def _gathered_nd(cell: Cell, call: ast.expr) -> str:
    table, place = _from_table(cell, call)
    batch = _settings(call, batch_dims=0)["batch_dims"]
    index, name = cell.index(place, together=True), builders.operand(table, cell.file)
    if not index.moves or not index.width:
        raise RefusedError
    size = f"{cell.shape(table)}[{batch or ''}:][:{index.width}]" if batch else f"{cell.shape(table)}[:{index.width}]"
    if index.width.isdigit():
        size = f"{cell.shape(table)}[{batch or ''}:{batch + int(index.width)}]"
    cell.trailing = f"len({name}.shape) - {f'{batch} - ' if batch else ''}{index.width}"
    return builders.with_part(call, place, cell.file, cell.bounded(index, f"{size} - 1"))


def _gathered(cell: Cell, call: ast.expr) -> str:
    table, place = _from_table(cell, call)
    told = _settings(call, axis=-99, batch_dims=0)
    batch = told["batch_dims"]
    axis = batch if told["axis"] == -99 else told["axis"]
    name, index = builders.operand(table, cell.file), cell.index(place)
    size = f"{cell.shape(table)}[{axis}]"
    text = _along_rows(cell, place, size) or cell.bounded(index, f"{size} - 1")
    if len(getattr(call, "args", ())) > 2 or not cell.positions or batch not in {0, axis}:
        raise RefusedError
    cell.trailing = f"len({name}.shape) - {axis + 1}" if axis >= 0 else "" if axis == -1 else str(-axis - 1)
    return builders.with_part(call, place, cell.file, text)


def _along_rows(cell: Cell, place: ast.expr, size: str) -> str | None:
    """Write `row * width + column`, where each of both stays in its own bounds."""
    if isinstance(place, ast.Name):
        made = syntax.values_given_to(place.id, syntax.span_of(place, cell.file))
        return _along_rows(cell, made[0], size) if len(made) == 1 else None
    if not isinstance(place, ast.BinOp):
        return None
    row = place.left
    counted = isinstance(place.op, ast.Add) and isinstance(row, ast.BinOp) and isinstance(row.op, ast.Mult)
    if not isinstance(row, ast.BinOp) or not counted:
        return None
    high, low = cell.index(row.left), cell.index(place.right)
    if high.bounded and low.bounded:
        return None
    width = builders.operand(row.right, cell.file)
    if not (high.moves and low.moves) or cell.index(row.right).moves or len(cell.positions) != 2:
        raise RefusedError
    rows, columns = cell.bounded(high, f"{size} // {width} - 1"), cell.bounded(low, f"{width} - 1")
    return f"{_closed(rows)} * {width} + {columns}"


def _element(cell: Cell, pick: ast.expr) -> str:
    """Write an element of a table: `table[row, column]`."""
    places = _places_of(pick)
    table = _given(pick)
    if not isinstance(table, ast.Name | ast.Attribute):
        raise RefusedError
    changes: list[Change] = []
    for k, place in enumerate(places):
        index = Index("") if isinstance(place, ast.Slice) else cell.index(place)
        if index.moves:
            text = cell.bounded(index, f"{cell.shape(table)}[{k}] - 1")
            changes += builders.replace(place, cell.file, text)
        elif syntax.text_of(place) in {"...", "None", "tf.newaxis"}:
            raise RefusedError
    return builders.with_changes(pick, cell.file, tuple(changes))


def _sliced(cell: Cell, call: ast.expr) -> str:
    """Write a window of a table that begins at a position."""
    table, begin = _from_table(cell, call)
    sizes = _elements(call.args[2]) if isinstance(call, ast.Call) and len(call.args) == 3 else None
    begins = _elements(begin)
    if begins is None or sizes is None or len(begins) != len(sizes):
        raise RefusedError
    ends = [f"{{shape}}[{k}] - {builders.operand(size, cell.file)}" for k, size in enumerate(sizes)]
    return _windows(cell, call, table, list(zip(begins, ends, strict=True)))


def _cropped(cell: Cell, call: ast.expr) -> str:
    """Write a window of an image that begins at a row and a column."""
    table, _ = _from_table(cell, call)
    arguments = call.args if isinstance(call, ast.Call) else []
    if len(arguments) != 5:
        raise RefusedError
    height, width = (builders.operand(a, cell.file) for a in arguments[3:])
    ends = [f"{{shape}}[-3] - {height}", f"{{shape}}[-2] - {width}"]
    return _windows(cell, call, table, list(zip(arguments[1:3], ends, strict=True)))


def _windows(cell: Cell, call: ast.expr, table: ast.expr, begins: list[tuple[ast.expr, str]]) -> str:
    changes: list[Change] = []
    for begin, last in begins:
        index = cell.index(begin)
        if index.moves:
            text = cell.bounded(index._replace(bounded=False), last.format(shape=cell.shape(table)))
            changes += builders.replace(begin, cell.file, text)
    return builders.with_changes(call, cell.file, tuple(changes))


def _closed(text: str) -> str:
    return text if builders.closed(text) else f"({text})"


WAYS: dict[str, Callable[[Cell, ast.expr], str]] = {
    "gather_nd": _gathered_nd,
    "gather": _gathered,
    "slice": _sliced,
    "crop_to_bounding_box": _cropped,
}
"""What picks by positions, by the last part of its name."""
