"""The builders of edits, at random places of real source: the tree is the expected one, and every comment stays."""

import ast
import io
import linecache
import random
import tokenize
from collections import Counter
from pathlib import Path

import pytest

import gradtape
from gradtape.diagnostics import Span, syntax
from gradtape.diagnostics.changes import Change, applied, edits_of, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.builders import statements as whole

SOURCES = sorted(Path(gradtape.__file__).parent.rglob("*.py"))

MIXED = '''\
"""A text at the top."""
from __future__ import annotations
import os; import sys  # two in one line


@decorated(
    "twice",  # with a comment
)
@again
class Größe:
    """Text.

      over several lines
    """

    def weite(self, *, länge=(1, 2), **mehr): return länge  # at once

    async def f(self, x):
        with open("ä") as a, open("ö") as b: x = a; y = b
        if x: pass; y = 1
        elif y:
            try:
                z = f(x, *y, k=1, **mehr,)  # a trailing comma
            except (A, B) as e:
                raise
            finally:
                del z; del y;
        else:
            for i in g(  # a call over lines
                x,  # the first
                key=lambda q: (q
                               + 1),  # the second
            ):
                await i; continue
        return [h(ß=1)(u) for u in (x if x else y)] + \\
            x[1:2, f(x)].real ** -f(y)


kept = {**f(x if y else z, 1), 1: 2}; listed = [int(n) for n in f(x if y else z, 2) if f(n if x else y)]


def g(a): return f"{a!r:>{width}} {a + 1}"
if 1: print("ü", g(2)); print("end")
'''


def variants():
    """Yield the programs: as they are, with tabs, with other line ends, without a last line end."""
    texts = [("mixed", MIXED)] + [(p.stem, p.read_text(encoding="utf-8")) for p in SOURCES]
    for name, text in texts:
        if len(text) < 20_000:
            yield name, text
    yield "tabs", "\n".join(_tabbed(line) for line in MIXED.split("\n"))
    yield "crlf", MIXED.replace("\n", "\r\n")
    yield "cut", MIXED.rstrip("\n")


def _tabbed(line):
    indent = len(line) - len(line.lstrip(" "))
    return "\t" * (indent // 4) + " " * (indent % 4) + line.lstrip(" ")


TEXTS = dict(variants())


@pytest.fixture(params=[*range(12), *(pytest.param(k, marks=pytest.mark.thorough) for k in range(12, 200))])
def program(request, tmp_path):
    """A file with a random program, its tree, and a source of chance."""
    chance = random.Random(request.param)  # noqa: S311
    always = ["mixed", "tabs", "crlf", "cut"]
    text = TEXTS[always[request.param % 8] if request.param % 8 < 4 else chance.choice(sorted(TEXTS))]
    file = tmp_path / "program.py"
    file.write_bytes(text.encode())
    linecache.checkcache(str(file))
    return str(file), syntax.parse_file(str(file)), chance


def after(file, changes):
    """Return the text of a file after changes; they must give a program."""
    edits = edits_of(changes)
    assert edits is not None
    with Path(file).open(encoding="utf-8", newline="") as opened:
        lines = list(opened)
    new = applied(lines, {e.line: e.replace_with for e in edits}, "\r\n" if "\r\n" in lines[0] else "\n")
    untouched = [line for k, line in enumerate(lines, 1) if k not in {e.line for e in edits}]
    assert not Counter(untouched) - Counter(new), "a line that no edit names is gone"
    return "".join(new)


def same(text, tree):
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(ast.unparse(ast.fix_missing_locations(tree))))


def comments(text):
    reader = io.StringIO(text.replace("\r\n", "\n")).readline
    return Counter(t.string for t in tokenize.generate_tokens(reader) if t.type == tokenize.COMMENT)


def content(file):
    return Path(file).read_bytes().decode()


def some(chance, tree, kinds, count=6):
    found = [n for n in ast.walk(tree) if isinstance(n, kinds)]
    return chance.sample(found, min(count, len(found)))


class Swap(ast.NodeTransformer):
    """Puts other nodes in the place of one."""

    def __init__(self, old, *new):
        self.old, self.new = old, new

    def visit(self, node):
        if node is self.old:
            return list(self.new) if isinstance(node, ast.stmt) else self.new[0]
        return self.generic_visit(node)


def swapped(tree, file, old, *new):
    """Return a copy of the tree with one node replaced."""
    copy = ast.parse("".join(linecache.getlines(file)))
    place = next(k for k, n in enumerate(ast.walk(tree)) if n is old)
    twin = next(n for k, n in enumerate(ast.walk(copy)) if k == place)
    return Swap(twin, *[twin if n is old else n for n in new]).visit(copy), twin


def replaceable(tree, file):
    """Return the expressions that may be replaced: not names that are written to, not parts of f-strings."""
    inside = {id(n) for j in ast.walk(tree) if isinstance(j, ast.JoinedStr | ast.FormattedValue) for n in ast.walk(j)}
    inside |= {id(n) for p in ast.walk(tree) if isinstance(p, ast.pattern) for n in ast.walk(p)}
    inside |= {id(n) for c in ast.walk(tree) for n in getattr(c, "decorator_list", ())}
    return [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call | ast.Name | ast.Attribute | ast.BinOp | ast.Subscript)
        and isinstance(getattr(n, "ctx", ast.Load()), ast.Load)
        and id(n) not in inside
    ]


@pytest.mark.parametrize("text", ["new", "new(1)", "a + b", "x if y else z", "-a", "a.b[0]", "(a +\n b)"])
def test_replace_puts_one_expression_in_the_place_of_another(program, text):
    file, tree, chance = program
    new = ast.parse(f"({text})", mode="eval").body
    nodes = replaceable(tree, file)
    for node in chance.sample(nodes, min(4, len(nodes))):
        result = after(file, builders.replace(node, file, text))
        same(result, swapped(tree, file, node, new)[0])


def test_drop_call_leaves_what_the_call_works_on(program):
    file, tree, chance = program
    calls = [n for n in replaceable(tree, file) if isinstance(n, ast.Call)]
    for call in chance.sample(calls, min(8, len(calls))):
        inner = builders.worked_on(call, file)
        if inner is None or isinstance(inner, ast.GeneratorExp):
            continue
        same(after(file, builders.drop_call(call, file)), swapped(tree, file, call, inner)[0])


def test_arguments_come_and_go_with_their_commas(program):
    file, tree, chance = program
    calls = [n for n in replaceable(tree, file) if isinstance(n, ast.Call)]
    for call in chance.sample(calls, min(8, len(calls))):
        if any(isinstance(a, ast.GeneratorExp) for a in call.args):
            continue
        copy, twin = swapped(tree, file, call, call)
        twin.keywords.append(ast.keyword("added", ast.Constant(True)))
        result = after(file, builders.add_argument(call, file, "added=True"))
        same(result, copy)
        assert comments(result) == comments(content(file))
        for keyword in call.keywords:
            if keyword.arg is None:
                continue
            copy, twin = swapped(tree, file, call, call)
            twin.keywords = [k for k in twin.keywords if k.arg != keyword.arg]
            same(after(file, builders.drop_argument(call, file, keyword.arg)), copy)
            copy, twin = swapped(tree, file, call, call)
            next(k for k in twin.keywords if k.arg == keyword.arg).value = ast.Constant(7)
            same(after(file, builders.set_argument(call, file, keyword.arg, "7")), copy)


def statements(tree, chance):
    """Return some statements, none before which nothing may stand."""
    texts = {id(b.body[0]) for b in ast.walk(tree) if isinstance(getattr(b, "body", None), list) and ast_text(b.body)}
    futures = {id(s) for s in tree.body if isinstance(s, ast.ImportFrom) and s.module == "__future__"}
    found = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and id(s) not in texts | futures]
    return chance.sample(found, min(8, len(found)))


def ast_text(body):
    return bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_statement_is_inserted_in_the_same_block(program, where):
    file, tree, chance = program
    call = ast.parse("added(1)").body[0]
    for statement in statements(tree, chance):
        if is_elif(statement, tree):
            continue
        changes = getattr(builders, f"insert_{where}")(statement, file, "added(1)")
        if not changes:
            assert not whole._is_simple(statement)
            continue
        result = after(file, changes)
        new = (call, statement) if where == "before" else (statement, call)
        same(result, swapped(tree, file, statement, *new)[0])
        assert comments(result) == comments(content(file))


def is_elif(statement, tree):
    """Whether a statement is written as `elif`: it has no place of its own in a block."""
    return any(
        isinstance(n, ast.If) and n.orelse == [statement] and statement.col_offset == n.col_offset
        for n in ast.walk(tree)
    )


def test_a_statement_is_taken_away(program):
    file, tree, chance = program
    for statement in statements(tree, chance):
        if is_elif(statement, tree):
            continue
        block = builders.block_of(statement, file)
        copy = swapped(tree, file, statement, *([ast.Pass()] if block == [statement] else []))[0]
        same(after(file, builders.remove(statement, file)), copy)


def test_a_statement_moves_to_another_place(program):
    file, tree, chance = program
    chosen = [s for s in statements(tree, chance) if not is_elif(s, tree)]
    for statement, place in zip(chosen, reversed(chosen), strict=True):
        if syntax.span_of(statement, file).contains(syntax.span_of(place, file)):
            continue
        if syntax.span_of(place, file).contains(syntax.span_of(statement, file)):
            continue
        changes = builders.move_before([statement], place, file)
        if not changes or builders.first_line(place) == statement.end_lineno + 1:  # it stands there already
            continue
        result = after(file, changes)
        alone = builders.block_of(statement, file) == [statement]
        copy = swapped(tree, file, place, statement, place)[0]
        removed = next(
            n
            for n in ast.walk(copy)
            if ast.dump(n) == ast.dump(statement)
            and n is not statement
            and hasattr(n, "lineno")
            and (n.lineno, n.col_offset) == (statement.lineno, statement.col_offset)
        )
        same(result, Swap(removed, *([ast.Pass()] if alone else [])).visit(copy))
        assert comments(result) == comments(content(file))


def test_a_with_block_is_taken_off_its_body(program):
    file, tree, chance = program
    for block in some(chance, tree, ast.With):
        changes = builders.unwrap_block(block, file)
        if changes:
            same(after(file, changes), swapped(tree, file, block, *block.body)[0])


def test_an_import_is_added_below_the_others(program):
    file, tree, _ = program
    result = after(file, builders.add_import(file, "import new as name"))
    new = ast.parse(result)
    assert len(new.body) == len(tree.body) + 1
    place = next(k for k, s in enumerate(new.body) if isinstance(s, ast.Import) and s.names[0].name == "new")
    assert all(isinstance(s, ast.Import | ast.ImportFrom | ast.Expr) for s in new.body[:place])
    compile(result, file, "exec", dont_inherit=True)


def test_numbers_get_a_point():
    for text, expected in [("3", "3.0"), ("1_000", "1_000.0"), ("0x10", "float(0x10)"), ("3.5", None), ("True", None)]:
        linecache.cache["<n>"] = (len(text) + 1, None, [text + "\n"], "<n>")
        changes = builders.as_float(syntax.parse_file("<n>").body[0].value, "<n>")
        assert [c.text for c in changes] == ([expected] if expected else [])
    del linecache.cache["<n>"]


@pytest.fixture
def three(tmp_path):
    file = tmp_path / "three.py"
    file.write_text("a = f(x)\nb = 2  # b\nc = 3\n")
    return str(file)


def test_changes_of_one_line_are_one_edit(three):
    edits = edits_of([Change(Span(three, 1, 5, 1, 6), "g"), Change(Span(three, 1, 7, 1, 8), "y")])
    assert [(e.line, e.replace_with) for e in edits] == [(1, "a = g(y)")]


def test_changes_that_contradict_each_other_are_refused(three):
    assert edits_of([Change(Span(three, 1, 5, 1, 9), "g"), Change(Span(three, 1, 7, 1, 8), "y")]) is None


def test_the_same_change_twice_is_one(three):
    change = insertion(three, 2, 1, "")
    assert edits_of([change._replace(text="z = 0\n")] * 2) == edits_of([change._replace(text="z = 0\n")])


def test_what_would_not_parse_is_refused(three):
    assert edits_of([Change(Span(three, 1, 5, 1, 9), "f(")]) is None
    assert builders.likely(Change(Span(three, 1, 5, 1, 9), "f(")) is None


def test_an_empty_text_takes_the_line_away(three):
    edits = edits_of([Change(Span(three, 2, 1, 3, 1), "")])
    assert [(e.line, e.replace_with) for e in edits] == [(2, "")]
    assert applied(["a\n", "b\n", "c"], {2: ""}) == ["a\n", "c"]
