"""Files of named arrays and one text: npz without pickle, and safetensors. Written whole or not at all."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

from gradtape.errors import CheckpointError, MissingLibraryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HEADER = "gradtape.json"
"""The entry that says what the arrays are."""

CHECKSUM = "gradtape.crc32"
"""The entry of a safetensors file's metadata by which damage is noticed."""

BROKEN = (zipfile.BadZipFile, ValueError, KeyError, EOFError, TypeError, NotImplementedError, OSError)
"""What comes out of a file that is not as it was written."""

SAFE = frozenset(
    [
        "bool",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
    ]
)
SAFE_SMALL = frozenset({"bfloat16", "float8_e4m3fn", "float8_e5m2"})
"""Dtypes that safetensors has; arrays of others are kept as their bytes."""


def dtype_to_json(dtype: np.dtype[Any]) -> Any:
    """Return what stands for a dtype in a header: the name of a small float, NumPy's description of any other."""
    return dtype.name if is_foreign(dtype) else npy.dtype_to_descr(dtype)


def dtype_from_json(told: Any) -> np.dtype[Any]:
    """Return the dtype that `dtype_to_json` described.

    Raises
    ------
    MissingLibraryError
        If it is one of ml_dtypes, which is not installed.
    """
    found: np.dtype[Any]
    if isinstance(told, list):
        found = npy.descr_to_dtype([tuple(map(_tupled, field)) for field in told])
        return found
    try:
        found = np.dtype(told)
    except TypeError:
        try:
            import ml_dtypes
        except ImportError:
            raise MissingLibraryError(
                f"the checkpoint has arrays of dtype {told}, which ml_dtypes brings: pip install 'gradtape[dtypes]'"
            ) from None
        found = np.dtype(getattr(ml_dtypes, told))
    return found


def _tupled(part: Any) -> Any:
    return tuple(map(_tupled, part)) if isinstance(part, list) else part


def is_foreign(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is none of NumPy's own."""
    return dtype.kind == "V" and dtype.names is None and dtype.type is not np.void


def as_bytes(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the bytes of an array, as an array."""
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)


def from_bytes(raw: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return an array of its own from its bytes."""
    return np.frombuffer(bytes(raw), dtype).reshape(shape).copy()


def write_npz(file: IO[bytes], header: dict[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write an npz file that `numpy.load` reads too; the header is a member of its own."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(HEADER, json.dumps(header, indent=1))
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, as_bytes(array) if is_foreign(array.dtype) else array, allow_pickle=False)


def read_npz(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the arrays of an npz file, the small floats still as bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if HEADER not in names:
            raise CheckpointError(
                f"it is an npz file of other arrays: it has no {HEADER}; `numpy.load` reads it, `checkpoints.save` did "
                "not write it"
            )
        header = json.loads(archive.read(HEADER))
        arrays = {}
        for name in sorted(names - {HEADER}):
            with archive.open(name) as member:
                arrays[name.removesuffix(".npy")] = npy.read_array(member, allow_pickle=False)
                if member.read(1):
                    raise ValueError(f"{name} is longer than its array")
    return header, arrays


def write_safetensors(file: IO[bytes], header: dict[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write a safetensors file; the header is its metadata."""
    known = SAFE | SAFE_SMALL
    plain = {
        name: np.ascontiguousarray(array).reshape(array.shape) if array.dtype.name in known else as_bytes(array)
        for name, array in arrays.items()
    }
    text = json.dumps(header)
    pieces = {name: array.reshape(-1).view(np.uint8) for name, array in plain.items()}
    file.write(_safetensors().numpy.save(plain, {HEADER: text, CHECKSUM: checksum(text, pieces)}))


def checksum(text: str, pieces: Mapping[str, Any]) -> str:
    """Return a number of all that a file says: safetensors has none of its own, zip has."""
    found = zlib.crc32(text.encode())
    for name in sorted(pieces):
        found = zlib.crc32(pieces[name], zlib.crc32(name.encode(), found))
    return f"{found:08x}"


def read_safetensors(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the arrays of a safetensors file, as bytes."""
    safetensors = _safetensors()
    try:
        arrays = {name: bytes(entry["data"]) for name, entry in safetensors.deserialize(data)}
    except safetensors.SafetensorError as error:
        raise ValueError(str(error)) from None
    length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    if HEADER not in metadata:
        raise CheckpointError(
            f"it is a safetensors file of somebody else's: its metadata has no {HEADER}; `safetensors.numpy.load_file` "
            "reads it"
        )
    if metadata.get(CHECKSUM) != checksum(metadata[HEADER], arrays):
        raise ValueError("its checksum is not that of its contents")
    return json.loads(metadata[HEADER]), arrays


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise MissingLibraryError(
            "checkpoints in the form of safetensors need safetensors: pip install 'gradtape[io]'; `.npz` needs nothing"
        ) from None
    return safetensors


WRITERS = {"npz": write_npz, "safetensors": write_safetensors}


def read(data: bytes, called: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the arrays of a file of either form, told apart by its first bytes.

    Raises
    ------
    CheckpointError
        If it is empty, cut off, damaged, or no checkpoint.
    """
    if not data:
        raise CheckpointError(f"{called} is empty; nothing was loaded")
    try:
        if data[:2] == b"PK":
            return read_npz(data)
        if data[8:9] == b"{":
            return read_safetensors(data)
    except CheckpointError as error:
        raise CheckpointError(f"{called} is no checkpoint: {error}") from None
    except BROKEN as error:
        raise CheckpointError(
            f"{called} is damaged or cut off ({type(error).__name__}: {error}); nothing was loaded. "
            "Use an older checkpoint"
        ) from error
    raise CheckpointError(f"{called} is no checkpoint: it begins with {data[:4]!r}, not as npz or safetensors do")


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file so that at every moment the path names the old file, whole, or the new one, whole.

    The new one is written under another name in the same folder, brought to the disk, and renamed.
    """
    path = Path(os.path.realpath(path))
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        mode = 0o666 & ~_umask()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk, where the system can."""
    with suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
