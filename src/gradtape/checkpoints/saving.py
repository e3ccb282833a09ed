"""`save` and `load`."""

from __future__ import annotations

import io
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gradtape.checkpoints.files import WRITERS, read, write_whole
from gradtape.checkpoints.fitting import Fitting
from gradtape.checkpoints.trees import Reading, Writing
from gradtape.errors import CheckpointError

if TYPE_CHECKING:
    from os import PathLike

FORMAT = "gradtape.checkpoint"
VERSION = 1
"""Of what is written. A reader knows its own and all before it."""

MALFORMED = (ValueError, KeyError, TypeError, AttributeError, StopIteration)
"""What a tree leads to that is not as it was written."""


def form_of(file: Any) -> str:
    """Return which form a path asks for by its end.

    Raises
    ------
    ValueError
        If it ends in neither `.npz` nor `.safetensors`.
    """
    form = Path(file).suffix.removeprefix(".")
    if form not in WRITERS:
        raise ValueError(f"file: a name that ends in .npz or .safetensors, not {os.fspath(file)!r}")
    return form


def save(file: str | PathLike[str] | IO[bytes], tree: Any, *, format: str | None = None) -> None:
    """Write a nested structure with state into a file, whole or not at all.

    Parameters
    ----------
    file : str, path or binary file
        A path ends in `.npz` or `.safetensors`. A file that is there is replaced only when the new one is on the disk:
        a process that is killed leaves the old one.
    tree : structure
        Dicts, lists, tuples and dataclasses of modules, optimizers, variables, arrays, random generators, numbers, text
        and None.
    format : {"npz", "safetensors"}, optional
        For a file object; npz unless given.

    Raises
    ------
    CheckpointError
        If something in the tree has no form in a file; nothing was written.
    ValueError
        If the path ends in something else.
    MissingLibraryError
        If safetensors is asked for and not installed.

    Notes
    -----
    An npz file has an array for each variable under its place in the tree (`model.layers[0].kernel`), and
    `gradtape.json`, which tells the rest. `numpy.load` reads the arrays; nothing in the file is pickled.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> import gradtape as gt
    >>> w = gt.Variable([1.0, 2.0])
    >>> optimizer = gt.optim.Adam()
    >>> step = optimizer.minimize(lambda: (w * w).sum(), [w])
    >>> file = io.BytesIO()
    >>> gt.checkpoints.save(file, {"w": w, "optimizer": optimizer, "random": np.random.default_rng(0), "epoch": 3})
    >>> sorted(gt.checkpoints.load(file)["optimizer"])
    ['iteration', 'learning_rate', 'momentum.w', 'velocity.w']
    """
    form = format or (form_of(file) if isinstance(file, str | os.PathLike) else "npz")
    if form not in WRITERS:
        raise ValueError(f"format: one of {', '.join(WRITERS)}, not {form!r}")
    writing = Writing(tree)
    header = {"format": FORMAT, "version": VERSION, "written by": f"gradtape {_version()}", "tree": writing.tree}

    def write(target: IO[bytes]) -> None:
        WRITERS[form](target, header, writing.arrays)

    if isinstance(file, str | os.PathLike):
        write_whole(Path(file), write)
    else:
        whole = io.BytesIO()  # a mistake in the middle must not leave half of it
        write(whole)
        file.write(whole.getvalue())


def load(file: str | PathLike[str] | IO[bytes], tree: Any = None) -> Any:
    """Read a checkpoint: as plain data, or into the things that it was saved from.

    Parameters
    ----------
    file : str, path or binary file
        A file is read from its beginning. Which of the forms it has is seen from its content.
    tree : structure, optional
        What `save` got, made anew: variables, modules, optimizers and random generators in it are set; an optimizer
        that is not built yet is built. Numbers, text and arrays come in the structure that is returned.

    Returns
    -------
    structure
        Like `tree`. Without it, dicts, lists and tuples of arrays, numbers and text; modules and optimizers are dicts.

    Raises
    ------
    CheckpointError
        If the file is damaged, cut off, no checkpoint or from a later version; or if names, shapes, dtypes or kinds are
        not those of `tree`. Nothing was changed then.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import io
    >>> import gradtape as gt
    >>> file = io.BytesIO()
    >>> gt.checkpoints.save(file, {"w": gt.Variable([1.0, 2.0]), "loss": 0.5})
    >>> w = gt.Variable([0.0, 0.0])
    >>> gt.checkpoints.load(file, {"w": w, "loss": None})
    {'w': Variable([1., 2.]), 'loss': 0.5}
    """
    if isinstance(file, str | os.PathLike):
        called = os.fspath(file)
        content = Path(called).read_bytes()
    else:
        called = f"the file {getattr(file, 'name', '')}".strip()
        if file.seekable():
            file.seek(0)
        content = file.read()
    header, stored = read(content, called)
    _check_header(header, called)
    try:
        reading = Reading(header["tree"], stored)
        data = reading.data(reading.tree)
    except MALFORMED as error:
        raise CheckpointError(f"{called} is damaged: {error}; nothing was loaded") from error
    return data if tree is None else Fitting(reading, tree).finish(called)


def _check_header(header: Any, called: str) -> None:
    if not isinstance(header, dict) or header.get("format") != FORMAT or not isinstance(header.get("version"), int):
        raise CheckpointError(f"{called} is no checkpoint: its header is of another form")
    if header["version"] > VERSION:
        raise CheckpointError(
            f"{called} has version {header['version']} of the format, written by {header.get('written by')}; this one "
            f"reads up to {VERSION}: install a later gradtape"
        )


def _version() -> str:
    try:
        return version("gradtape")
    except PackageNotFoundError:
        return "from a checkout"
