"""Files that edits change: read as they are, shown as a diff, written so that nothing can be lost."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import sources
from gradtape.diagnostics.changes import applied
from gradtape.render import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradtape.diagnostics import Edit

BACKUP = ".orig"
INSTALLED = {"site-packages", "dist-packages"}


class Refused(Exception):  # noqa: N818  it is an answer, not an error: what cannot be done, and the next step
    """Why a file is not edited, and what to do."""

    def __init__(self, what: str, step: str) -> None:
        super().__init__(what)
        self.step = step


class Patch(NamedTuple):
    """One file before and after its edits, as lines with their ends."""

    path: Path
    name: str
    encoding: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        inside = not Path(self.name).is_absolute() and not self.name.startswith("..")
        before, after = (f"a/{self.name}", f"b/{self.name}") if inside else (self.name, self.name)
        lines = difflib.unified_diff(self.old, self.new, before, after)
        ended = (line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n" for line in lines)
        return "".join(ended)

    @property
    def written(self) -> bytes:
        """What stands in the file afterwards."""
        return "".join(self.new).encode(self.encoding)


def patch_of(file: str, edits: Iterable[Edit]) -> Patch:
    """Read a file and apply the edits to its text.

    Raises
    ------
    Refused
        If the file is not the user's own, or is not what ran.
    """
    path = Path(file)
    name = paths.shown(file)
    if not path.is_file():
        raise Refused(f"{file} is no file that could be edited", "make the edit where the code comes from")
    if is_installed(path):
        raise Refused(
            f"{name} belongs to an installed package", "report it to the package, or copy the code into your own"
        )
    raw = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    lines = io.StringIO(raw.decode(encoding), newline="").readlines()
    if [_bare(line) for line in lines] != [_bare(line) for line in sources.lines(file)]:
        raise Refused(f"{name} changed while it ran", "run the command again")
    ends = [line[len(_bare(line)) :] for line in lines]
    end = max(("\n", "\r\n", "\r"), key=ends.count)
    new = applied(lines, {e.line: e.replace_with for e in edits}, end)
    return Patch(path, name, encoding, tuple(lines), tuple(new))


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def is_installed(path: Path) -> bool:
    """Whether a file belongs to Python or to an installed package, so that nobody's edit should end up there."""
    resolved = path.resolve()
    if INSTALLED.intersection(resolved.parts):
        return True
    ours = Path(__file__).resolve().parent.parent
    return any(resolved.is_relative_to(p) for p in (ours, Path(sysconfig.get_path("stdlib")).resolve()))


def write(patches: Sequence[Patch]) -> list[tuple[Patch, str]]:
    """Write the files; return for each the command that takes the edits back.

    Raises
    ------
    Refused
        Before anything is written, if one of the files could be lost.
    """
    ways = [_way_back(patch) for patch in patches]
    for patch, (_, backup) in zip(patches, ways, strict=True):
        if backup is not None:
            shutil.copy2(patch.path, backup)
        _replace(patch)
    return [(patch, command) for patch, (command, _) in zip(patches, ways, strict=True)]


def _way_back(patch: Patch) -> tuple[str, Path | None]:
    """Return the command that restores a file, and where to keep a copy, None where git has one."""
    target = patch.path.resolve()
    kept_from_all = not target.stat().st_mode & 0o222  # which does not stop root, and should
    if kept_from_all or not os.access(target, os.W_OK) or not os.access(target.parent, os.W_OK):
        raise Refused(
            f"{patch.name} cannot be written", "make the file and its folder writable, or apply the diff elsewhere"
        )
    if _clean_in_git(target):
        return f"git checkout -- {patch.name}", None
    backup = patch.path.with_name(patch.path.name + BACKUP)
    if backup.exists():
        raise Refused(
            f"{patch.name} has changes that git does not know, and {patch.name}{BACKUP} is there already",
            f"commit {patch.name}, or move {patch.name}{BACKUP} away",
        )
    return f"mv {patch.name}{BACKUP} {patch.name}", backup


def _clean_in_git(path: Path) -> bool:
    """Whether git has the file exactly as it is."""
    git = shutil.which("git")
    if git is None:
        return False
    asked = [git, "-C", str(path.parent)]
    known = subprocess.run([*asked, "ls-files", "--error-unmatch", path.name], capture_output=True, check=False)  # noqa: S603
    if known.returncode:
        return False
    state = subprocess.run(  # noqa: S603
        [*asked, "status", "--porcelain", "--", path.name], capture_output=True, check=False
    )
    return state.returncode == 0 and not state.stdout.strip()


def _replace(patch: Patch) -> None:
    """Put the new text in the place of the old in one step, with the mode of the file, through links."""
    target = patch.path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(patch.written)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, name)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def show(patches: Iterable[Patch]) -> None:
    """Write the diffs to standard output; into a pipe or file byte for byte, for who applies them."""
    sys.stdout.flush()
    raw = None if sys.stdout.isatty() else getattr(sys.stdout, "buffer", None)
    for patch in patches:
        if raw is None:
            sys.stdout.write(patch.diff)
        else:
            raw.write(patch.diff.encode(patch.encoding.removesuffix("-sig")))
            raw.flush()
