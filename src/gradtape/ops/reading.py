"""What rules read of their arguments, seen in their instructions: it decides what a tape keeps."""

from __future__ import annotations

import dis
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Need:
    """How much of an array a rule reads, in numbers: more needs more."""

    NOTHING = 0
    SPEC = 1
    VALUE = 2


def returned(fn: Callable[..., Any]) -> tuple[str, Any]:
    """Tell of a rule that does nothing but return something what that is.

    Returns
    -------
    tuple
        `("constant", value)`, `("argument", position)`, or `("", None)` if it computes something.
    """
    if not isinstance(fn, FunctionType):
        return "", None
    told = [i for i in dis.get_instructions(fn.__code__) if i.opname not in {"RESUME", "COPY_FREE_VARS"}]
    if [i.opname for i in told] == ["RETURN_CONST"]:
        return "constant", told[0].argval
    if len(told) == 2 and told[1].opname == "RETURN_VALUE":
        if told[0].opname.startswith("LOAD_CONST"):
            return "constant", told[0].argval
        if told[0].opname.startswith("LOAD_FAST") and isinstance(told[0].argval, str):
            return "argument", fn.__code__.co_varnames.index(told[0].argval)
    return "", None


SPEC_ATTRIBUTES: Final = {"shape", "dtype", "ndim", "size"}


def needs(fn: Callable[..., Any], inputs: int, takes_cotangent: bool) -> tuple[int, ...]:
    """Find out what a rule reads of `(y, *inputs)` from the instructions that load its arguments."""
    if not isinstance(fn, FunctionType):
        return (Need.VALUE,) * (inputs + 1)
    code = fn.__code__
    names = list(code.co_varnames[: code.co_argcount])[2 if takes_cotangent else 1 :][: inputs + 1]
    if len(names) < inputs + 1:
        raise TypeError(f"a rule of {inputs} inputs takes (xp, {'g, ' if takes_cotangent else ''}y, ...): {code}")
    found = dict.fromkeys(names, Need.NOTHING)
    for name, need in _loads(code):
        if name in found:
            found[name] = max(found[name], need)
    return tuple(found.values())


def _loads(code: CodeType) -> Iterable[tuple[str, int]]:
    """Yield every local that the code loads, and whether the next instruction only asks for a `Spec`'s attribute."""
    instructions = list(dis.get_instructions(code))
    for here, after in zip(instructions, [*instructions[1:], None], strict=True):
        # later versions join two instructions in one, `STORE_FAST_LOAD_FAST`: all names of such a pair count as loaded
        if "LOAD_FAST" not in here.opname and not here.opname.startswith(("LOAD_DEREF", "LOAD_CLOSURE")):
            continue
        names = here.argval if isinstance(here.argval, tuple) else (here.argval,)
        only_spec = after is not None and after.opname == "LOAD_ATTR" and after.argval in SPEC_ATTRIBUTES
        for name in names:
            yield name, Need.SPEC if only_spec and name == names[-1] else Need.VALUE
