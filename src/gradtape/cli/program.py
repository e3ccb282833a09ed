"""Finds what is to be run, as Python would: a file, a module (`-m`), a folder or archive with a `__main__.py`."""

from __future__ import annotations

import io
import os
import sys
import tokenize
from difflib import get_close_matches
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import is_zipfile

from gradtape.diagnostics import sources

if TYPE_CHECKING:
    from types import CodeType


class NotFoundError(Exception):
    """There is nothing to run; the second argument says what to do about it."""


class Program(NamedTuple):
    """What Python puts into `__main__`, `sys.argv[0]` and `sys.path[0]` for a program, and how to get its code."""

    file: str
    argv0: str
    folder: str
    spec: ModuleSpec | None = None
    """None for a plain file, as Python has it."""

    def code(self) -> CodeType:
        """Compile the program; a file's text is kept, so that messages show what ran and not what is there later.

        Raises
        ------
        SyntaxError
            As Python raises it.
        """
        if self.spec is not None:
            code = self.spec.loader.get_code(self.spec.name)  # type: ignore[union-attr]
            if code is None:
                raise ImportError(f"no code object is available for {self.spec.name}")
            return code  # type: ignore[no-any-return]
        text = Path(self.file).read_bytes()
        _check_characters(text, self.file)
        sources.keep(self.file, text)
        return compile(text, self.file, "exec", dont_inherit=True)

    def names(self) -> dict[str, object]:
        """Return what stands in `__main__` before the first line runs."""
        spec = self.spec
        annotations: dict[str, object] | None = (
            {} if "__annotations__" in vars(sys.modules["__main__"]) else None
        )  # as this Python has it
        names = {
            "__name__": "__main__",
            "__file__": self.file,
            "__loader__": SourceFileLoader("__main__", self.file) if spec is None else spec.loader,
            "__spec__": spec,
            "__package__": None if spec is None else spec.parent,
            "__cached__": None if spec is None else spec.cached,
            "__builtins__": sys.modules["builtins"],
            "__annotations__": annotations,
        }
        return {name: value for name, value in names.items() if name != "__annotations__" or value is not None}


def _check_characters(text: bytes, file: str) -> None:
    """Refuse bytes that are no text in the words that Python has for a file; for bytes alone it has others."""
    if b"\0" in text:
        before = text[: text.index(b"\0")]
        line = before.count(b"\n") + 1
        shown = before.rpartition(b"\n")[2].decode(errors="replace")
        raise SyntaxError("source code cannot contain null bytes", (file, line, None, shown))
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text).readline)
    except SyntaxError:  # a wrong encoding in the first lines, or bytes in them that are none
        encoding = "utf-8"
    if encoding.startswith("utf-8"):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            line, byte = text[: error.start].count(b"\n") + 1, text[error.start]
            where = f"Non-UTF-8 code starting with '\\x{byte:02x}' in file {file} on line {line}"
            raise SyntaxError(
                f"{where}, but no encoding declared; see https://peps.python.org/pep-0263/ for details"
            ) from None


def find(name: str, *, module: bool) -> Program:
    """Find a program.

    Parameters
    ----------
    name : str
        A path, or with `module` the dotted name of a module. The packages around a module are imported.

    Raises
    ------
    NotFoundError
        If there is nothing to run by that name.
    """
    return _module(name) if module else _path(name)


def beside(name: str, *, module: bool) -> str:
    """Return the folder whose modules a program can import first."""
    path = Path(name)
    return str(Path.cwd() if module else (path if path.is_dir() or _is_archive(path) else path.parent).resolve())


def _is_archive(path: Path) -> bool:
    return path.is_file() and is_zipfile(path)  # what is read of a pipe is gone


def _module(name: str) -> Program:
    if name.startswith("."):
        raise NotFoundError(f"-m {name} is a relative name", "write the whole one: `-m package.module`")
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(f"{name}.__main__")
            if spec is None:
                raise NotFoundError(
                    f"{name} is a package without a `__main__`", f"name one of its modules: `-m {name}.train`, say"
                )
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # a module that the package around it imports
        spec = None
    if spec is None or spec.loader is None or not hasattr(spec.loader, "get_code"):
        step = "-m takes a module's dotted name, as Python's own -m does; a file is named without it"
        raise NotFoundError(f"there is no module {name}", step)
    origin = str(spec.origin)
    return Program(origin, origin, str(Path.cwd()), spec)


def _path(name: str) -> Program:
    path = Path(name)
    full = str(path.absolute())
    if path.is_dir() or _is_archive(path):
        spec = PathFinder.find_spec("__main__", [full])
        if spec is None or spec.origin is None:
            what = "folder" if path.is_dir() else "archive"
            raise NotFoundError(
                f"{name} is {'a' if path.is_dir() else 'an'} {what} without a `__main__.py`",
                "name the Python file in it that asks for gradients",
            )
        return Program(spec.origin, name, full, spec)
    if not path.exists():
        near = get_close_matches(path.name, [p.name for p in path.parent.glob("*.py")], n=1)
        step = (
            f"the nearest in that folder is {path.parent / near[0]}"
            if near
            else "check the path; it is taken from the current folder"
        )
        raise NotFoundError(f"there is no script {name}", step)
    if not os.access(path, os.R_OK):
        raise NotFoundError(f"{name} cannot be read", "check who may read the file")
    return Program(full, name, beside(name, module=False))
