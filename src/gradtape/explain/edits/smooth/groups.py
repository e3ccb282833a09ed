"""Edits of TensorFlow's sums over groups, and of places in grids: with the shares of all, where one was chosen."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name
from gradtape.explain.edits.question.dtypes import is_whole
from gradtape.explain.edits.smooth.kinds import Kind, Twin

if TYPE_CHECKING:
    from gradtape.explain.edits.pen import Pen

SUMS = {"unsorted_segment_sum", "segment_sum", "unsorted_segment_mean", "segment_mean"}
"""Functions that sum the rows of each group, or take their mean; the second argument says which group each is in."""


def grouped(pen: Pen, call: ast.Call, node: ast.expr, first: str, again: str) -> Twin | None:
    """Write what a function counts or sums by groups that `node` names, of which the shares are known.

    Parameters
    ----------
    pen : Pen
    call : ast.Call
    node : ast.expr
        The argument that has the number of a group for each row.
    first, again : str
        How the shares are written first, and how they are read behind that.
    """
    name = simple_name(call)
    if name == "confusion_matrix" and node in call.args[:2]:
        return _confused(pen, call, node, first, again)
    if name == "bincount" and call.args[:1] == [node]:
        return _counted(pen, call, first, again)
    if name in SUMS and call.args[1:2] == [node]:
        data = builders.written(call.args[0], pen.file)
        shares = pen.say("{w} / tf.reduce_sum({n}, axis=0)", w=first, n=again) if name.endswith("mean") else first
        return Twin(Kind.FLOAT, pen.say('tf.einsum("bn,b...->n...", {w}, {d})', w=shares, d=data))
    return None


def in_grid(pen: Pen, outer: ast.expr, node: ast.expr, first: str, again: str) -> Twin | None:
    """Write the mean row or column of a place in a grid that lies in one line: `place // n`, `place % n`."""
    sign = {ast.FloorDiv: "//", ast.Mod: "%"}.get(type(outer.op)) if isinstance(outer, ast.BinOp) else None
    if sign is None or not isinstance(outer, ast.BinOp) or outer.left is not node:
        return None
    width = builders.operand(outer.right, pen.file)
    places = pen.say(f"tf.cast(tf.range({again}.shape[-1]) {sign} {width}, {again}.dtype)")
    return Twin(Kind.NUMBER, pen.say("tf.reduce_sum({w} * {p}, -1)", w=first, p=places))


def unravelled(pen: Pen, dims: ast.expr, first: str, again: str) -> Twin:
    """Write the mean place along each axis of a grid that lies in one line."""
    size = builders.written(dims, pen.file)
    places = pen.say("tf.cast(tf.unravel_index(tf.range({n}.shape[-1]), {d}), {n}.dtype)", n=again, d=size)
    return Twin(Kind.NUMBER, pen.say('tf.einsum("...n,dn->d...", {w}, {p})', w=first, p=places))


def _confused(pen: Pen, call: ast.Call, node: ast.expr, first: str, again: str) -> Twin | None:
    """Write a table of labels against positions: the mean of all tables that the positions can give."""
    told = {k.arg for k in call.keywords}
    if len(call.args) < 2 or told - {"num_classes", "dtype"}:
        return None
    other, sums = (call.args[0], "bi,bj->ji") if node is call.args[1] else (call.args[1], "bi,bj->ij")
    hot = pen.say("tf.one_hot({y}, {n}.shape[-1])", y=builders.written(other, pen.file), n=again)
    return Twin(_kind(call, 4), pen.say('tf.einsum("{s}", {w}, {h})', s=sums, w=first, h=hot))


def _counted(pen: Pen, call: ast.Call, first: str, again: str) -> Twin | None:
    """Write how many rows each group has: the sum of the shares, of as many numbers as a softmax gives."""
    if {k.arg for k in call.keywords} - {"minlength", "maxlength", "dtype"} or len(call.args) > 1:
        return None
    rows = pen.say("tf.reshape({w}, [-1, {n}.shape[-1]])", w=first, n=again)
    return Twin(_kind(call, 4), pen.say("tf.reduce_sum({r}, axis=0)", r=rows))


def _kind(call: ast.Call, position: int) -> Kind:
    dtype = builders.argument(call, position, "dtype")
    return Kind.NUMBER if dtype is None or is_whole(dtype) else Kind.FLOAT
