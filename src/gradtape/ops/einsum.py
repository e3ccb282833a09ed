"""The row of Einstein summation. Its derivative is another such summation, and what that cannot say is added here."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Index, Multilinear
from gradtape.ops.registry import composite, op

op(
    "einsum",
    "*operands, subscripts",
    numpy=None,
    operands=Multilinear(lambda xp, g, y, operands, k, subscripts: pulled(xp, g, operands, k, subscripts)),
    cases=(
        case((2, 3), (3, 4), subscripts="ij,jk->ik"),
        case((2, 3), (3, 4), subscripts="ij,jk"),
        case((3,), (3,), subscripts="i,i->"),
        case((3, 3), subscripts="ii"),
        case((3, 3), subscripts="ii->i"),
        case((2, 3), subscripts="ij->j"),
        case((2, 3), (4,), subscripts="ij,k->i"),
        case((5, 2, 3), (3, 4), subscripts="...ij,jk->...ik"),
        case((2, 3), (2, 3), (3,), subscripts="ij,ij,j->i"),
        case((1, 3), (2, 3), subscripts="ij,ij->j"),
        case((), (2,), subscripts=",i->i"),
        case((5, 2, 3), (3, 4), subscripts="...ij,jk"),
        case((2, 2, 3), subscripts="iij->ij"),
        case((1, 3), subscripts="ij->j"),
    ),
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def spelled_out(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Write the implicit output and every ellipsis as letters."""
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    terms = left.split(",")
    used = set(text)
    spare = [c for c in LETTERS if c not in used]
    lengths = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True)]
    most = max(lengths)
    dots = "".join(spare[:most])
    terms = [t.replace("...", dots[most - n :]) for t, n in zip(terms, lengths, strict=True)]
    if arrow:
        return terms, output.replace("...", dots)
    letters = sorted({c for t in terms for c in t if c not in dots})
    return terms, dots + "".join(c for c in letters if sum(t.count(c) for t in terms) == 1)


def pulled(xp: Any, g: Any, operands: list[Any], k: int, subscripts: str) -> Any:
    """Pull a cotangent back to the k-th operand."""
    terms, output = spelled_out(subscripts, [x.ndim for x in operands])
    term, shape = terms[k], tuple(operands[k].shape)
    others = [t for i, t in enumerate(terms) if i != k]
    unique = "".join(dict.fromkeys(term))
    known = "".join(c for c in unique if c in output or any(c in t for t in others))
    inputs = [g, *(x for i, x in enumerate(operands) if i != k)]
    part = xp.einsum(inputs, subscripts=f"{','.join([output, *others])}->{known}")
    own = dict(zip(term, shape, strict=True))
    there = dict(zip(known, part.shape, strict=True))
    part = xp.reshape(part, shape=tuple(there.get(c, 1) for c in unique))
    full = tuple(there.get(c, 1) if own[c] == 1 else own[c] for c in unique)
    part = xp.unbroadcast(xp.broadcast_to(part, shape=full), tuple(own[c] for c in unique))
    if len(unique) == len(term):
        return part
    return xp.scatter_add(part, on_diagonal(term, unique, own), shape=shape)


def on_diagonal(term: str, unique: str, lengths: dict[str, int]) -> Index:
    """Write the brackets that read an operand where letters that it repeats have one value."""
    grids = {c: grid(lengths[c], unique.index(c), len(unique)) for c in unique}
    return Index(tuple(grids[c] for c in term))


def grid(n: int, axis: int, ndim: int) -> Any:
    """Return `0..n-1` as nested lists of `ndim` levels that run along one axis."""
    inner: Any = [nested(k, ndim - axis - 1) for k in range(n)]
    return nested(inner, axis)


def nested(item: Any, levels: int) -> Any:
    """Put something into so many lists."""
    return [nested(item, levels - 1)] if levels else item


def einsum(
    xp: Any,
    *operands: Any,
    out: Any = None,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    """Sum products as the subscripts say, or as lists of axes after each operand say; `optimize` changes no result."""
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0], list(operands[1:])
    else:
        subscripts, arrays = from_lists(operands)
    arrays = [xp.shaped(x) if dtype is None else xp.cast(x, dtype=dtype) for x in arrays]
    return xp.einsum(arrays, subscripts=subscripts)


def from_lists(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Read `a, [0, 1], b, [1, 2], [0, 2]`: the letters stand in the order of the numbers, as NumPy sorts them."""
    arrays, lists = list(operands[0 : len(operands) - 1 : 2]), list(operands[1::2])
    output = operands[-1] if len(operands) % 2 else None
    terms = ["".join("..." if k is Ellipsis else LETTERS[k] for k in axes) for axes in lists]
    written = ",".join(terms)
    if output is not None:
        written += "->" + "".join("..." if k is Ellipsis else LETTERS[k] for k in output)
    return written, arrays


composite("einsum_call", einsum, numpy="einsum")
