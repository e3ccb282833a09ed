"""Raw NumPy: the kernels that run a user's operations, and the namespace of an ordinary sweep. No dispatch here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.errors import MissingLibraryError
from gradtape.ops import registry
from gradtape.spaces.kernels.indexing import add_at, add_taken
from gradtape.spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Composite, Op


def kernel(op: Op) -> Callable[..., Any]:
    """Return the function that computes an operation on NumPy's arrays.

    It stands under the row's name in the file of `spaces/kernels` that has the name of the row's file; a row without
    one is the function of NumPy or SciPy that it names.

    Raises
    ------
    MissingLibraryError
        If the row is SciPy's and SciPy is not installed.
    LookupError
        If the row names no function and there is no kernel for it.
    """
    try:
        made = kernels_of(op.room).get(op.name)
    except ModuleNotFoundError as error:
        raise missing_library(op, error) from None
    if made is not None:
        return made
    if op.numpy is not None:
        return attrgetter(op.numpy)(np)  # type: ignore[no-any-return]
    if op.scipy is None:
        raise LookupError(f"row {op.name} names no function of NumPy or SciPy, and spaces/kernels has none for it")
    try:
        return scipy_function(op.scipy)
    except ModuleNotFoundError as error:
        raise missing_library(op, error) from None


@cache
def kernels_of(room: str) -> dict[str, Callable[..., Any]]:
    """Return the kernels of a file of rows, none if all of its rows are functions of NumPy or SciPy."""
    from importlib.util import find_spec  # as long to import as two files of rows

    place = f"{__package__}.kernels.{room}"
    parent = place.rpartition(".")[0]
    if find_spec(parent) is None or find_spec(place) is None:
        return {}
    return import_module(place).KERNELS  # type: ignore[no-any-return]


def scipy_function(name: str) -> Callable[..., Any]:
    """Return a function of SciPy by its name without the library's: `special.erf`, `stats.norm.pdf`."""
    module, _, rest = name.partition(".")
    found: Any = import_module(f"scipy.{module}")
    for part in rest.split("."):
        if not hasattr(found, part):
            import_module(f"{found.__name__}.{part}")
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def missing_library(op: Op, error: ModuleNotFoundError) -> Exception:
    """Say which library an operation needs and how to get it; any other failed import stays what it is."""
    if (error.name or "").partition(".")[0] != "scipy":
        return error
    made = MissingLibraryError(f"{op.name} is computed by SciPy, which is not installed")
    made.add_note("install it: `pip install 'gradtape[scipy]'`")
    return made


FASTER: dict[Any, Callable[..., Any]] = {}
"""What stands in the namespace for a function of NumPy, where somebody knows a faster way to it: the compiled core."""


def in_one_list(op: Op) -> Callable[..., Any]:
    """Return the kernel as the namespace offers it: a variadic one takes a list."""
    function = kernel(op) if op.room else op.kernel
    return (lambda arrays, **params: function(*arrays, **params)) if op.variadic else FASTER.get(function, function)


registry.resolve_kernels_with(kernel)


def kernel_of_composite(row: Composite) -> Callable[..., Any]:
    """Return the kernel of a composite that has one; it stands in the file of the function's name."""
    return kernels_of(row.fn.__module__.removeprefix("gradtape.ops."))[row.name]


xp = Space(in_one_list, kernel_of_composite)
"""The namespace of an ordinary reverse sweep."""
xp.swapaxes = np.ndarray.swapaxes  # a composite, for which NumPy has one call
xp.add_at = add_at
xp.add_taken = add_taken

IN_PLACE = ("add_at", "add_taken")
"""Names that only this namespace has, for `Rule.into`."""
