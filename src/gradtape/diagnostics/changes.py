"""Changes of source text: stretches to replace, turned into edits of whole lines that leave the rest as it is."""

from __future__ import annotations

import ast
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import syntax
from gradtape.diagnostics.model import Edit
from gradtape.diagnostics.spans import Span, source_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Change(NamedTuple):
    """Put a text in the place of a stretch of a file; a stretch without length is a place to insert at.

    A stretch that ends in column 1 takes the line end before it away as well.
    """

    span: Span
    text: str

    @property
    def start(self) -> tuple[int, int]:
        """The line and column where the stretch begins."""
        return self.span.line, self.span.column

    @property
    def end(self) -> tuple[int, int]:
        """The line and column where the stretch ends."""
        return self.span.end_line, self.span.end_column

    @property
    def lines(self) -> range:
        """The lines whose text changes."""
        last = self.span.end_line - (self.span.end_column == 1 and self.span.end_line > self.span.line)
        return range(self.span.line, last + 1)

    def conflicts(self, other: Change) -> bool:
        """Whether two changes want the same text changed in different ways."""
        if self == other or self.span.file != other.span.file:
            return False
        return self.start < other.end and other.start < self.end


def insertion(file: str, line: int, column: int, text: str) -> Change:
    """Put a text before a column of a line."""
    return Change(Span(file, line, column, line, column), text)


def edits_of(changes: Iterable[Change]) -> tuple[Edit, ...] | None:
    """Turn changes into edits of lines; None where two of them conflict or the program would no longer parse."""
    found: list[Edit] = []
    by_file: dict[str, list[Change]] = {}
    for change in dict.fromkeys(changes):
        by_file.setdefault(change.span.file, []).append(change)
    for file, inside in by_file.items():
        # `sorted` keeps the order of two insertions at one place
        ordered = sorted(inside, key=lambda change: (change.start, change.end))
        if any(a.conflicts(b) for a, b in pairwise(ordered)):
            return None
        edits = [edit for cluster in _clusters(ordered) for edit in _edits_of_cluster(file, cluster)]
        if not _parses(file, edits):
            return None
        found += edits
    return tuple(found)


def _clusters(ordered: Sequence[Change]) -> Iterator[list[Change]]:
    """Part sorted changes into those that share lines."""
    cluster: list[Change] = []
    for change in ordered:
        if cluster and change.span.line > max(c.lines[-1] for c in cluster):
            yield cluster
            cluster = []
        cluster.append(change)
    if cluster:
        yield cluster


def _edits_of_cluster(file: str, cluster: list[Change]) -> Iterator[Edit]:
    first, last = cluster[0].span.line, max(c.lines[-1] for c in cluster)
    old = source_lines(file, first, last)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line) + 1)
    text = "\n".join(old) + "\n"
    for change in reversed(cluster):
        begin = starts[change.span.line - first] + change.span.column - 1
        end = starts[change.span.end_line - first] + change.span.end_column - 1
        text = text[:begin] + change.text + text[end:]
    new = text.removesuffix("\n").split("\n") if text else []
    yield from _pair(file, first, old, new)


def _pair(file: str, first: int, old: list[str], new: list[str]) -> Iterator[Edit]:
    """Give each old line its new text: lines that stay are left out, an empty text takes its line away."""
    before = after = 0
    while before < min(len(old), len(new)) and old[before] == new[before]:
        before += 1
    while after < min(len(old), len(new)) - before and old[-1 - after] == new[-1 - after]:
        after += 1
    if before + after == len(old):  # lines were added only: a neighbour that stays carries them
        if before + after == len(new):
            return
        before, after = (before - 1, after) if before else (before, after - 1)
    gone = old[before : len(old) - after]
    come = new[before : len(new) - after]
    if "" in come:  # alone it would mean that the line goes
        come = ["\n".join(come)]
    for k in range(len(gone)):
        text = "\n".join(come[k:]) if k == len(gone) - 1 else "".join(come[k : k + 1])
        yield Edit(file, first + before + k, text)


def applied(lines: Sequence[str], replaced: Mapping[int, str], end: str = "\n") -> list[str]:
    """Return lines (with their ends) after edits, given as the new text of each line by number from 1.

    Parameters
    ----------
    lines : sequence of str
    replaced : mapping of int to str
        An empty text takes the line away.
    end : str
        The line end of the file.
    """
    found: list[str] = []
    for number, line in enumerate(lines, 1):
        if number not in replaced:
            found.append(line)
        elif replaced[number]:
            own_end = line[len(line.rstrip("\r\n")) :]
            *more, last = replaced[number].split("\n")
            found += [*(part + end for part in more), last + own_end]
    return found


def _parses(file: str, edits: Sequence[Edit]) -> bool:
    """Whether the statements at the top of the file that the edits touch, and the next one, still parse.

    What is put behind a line may belong to the statement after it: a decorator does.
    """
    tree = syntax.parse_file(file)
    return tree is not None and _parses_in(tree, file, tuple(edits))


@lru_cache(maxsize=8)  # an edit is checked when it is proposed, and once more with those of the other findings
def _parses_in(tree: ast.Module, file: str, edits: tuple[Edit, ...]) -> bool:
    first, last = min((e.line for e in edits), default=1), max((e.line for e in edits), default=0)
    for statement in tree.body:
        began = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        ended = statement.end_lineno or began
        if began <= last and first <= ended:
            first, last = min(first, began), max(last, ended)
        elif began > last:
            last = ended
            break
    lines = source_lines(file, first, last)
    new = applied([line + "\n" for line in lines], {e.line - first + 1: e.replace_with for e in edits})
    try:
        ast.parse("".join(new))
    except (SyntaxError, ValueError):
        return False
    return True
