"""Functions of the user's that TensorFlow calls back: what goes in, what comes out, and what leaves inside."""

from __future__ import annotations

import threading
from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.recorders.tensorflow import backward, frames, private

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.hooks import Operations
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names

PY_FUNCTION = "EagerPyFunc"


def install(
    memory: Memory,
    names: Names,
    patches: Patches,
    operations: Operations,
    called_back: Callable[[], AbstractContextManager[None]],
) -> None:
    """Follow values through `numpy_function` and `py_function`, run them in `called_back`; listen in every thread."""
    numpy, eager = names.script_ops.py_func_common, names.script_ops.EagerFunc
    patches.set(names.script_ops, "py_func_common", _numpy_function(memory, called_back, numpy))
    patches.set(eager, "__call__", _py_function(memory, called_back, eager.__call__, operations))
    patches.set(threading.Thread, "run", _in_thread(threading.Thread.run, operations))


def _numpy_function(memory: Memory, called_back: Any, call: Any) -> Any:
    @wraps(call)
    def called(func: Any, inp: Any, Tout: Any, *args: Any, **options: Any) -> Any:  # noqa: N803
        begin = memory.clock()
        with called_back():
            result = call(func, inp, Tout, *args, **options)
        if not memory.hidden:
            results = result if isinstance(result, list | tuple) else [result]
            ins = [n for n in map(backward.id_of, inp or ()) if n >= 0]
            made = [(n, r.dtype.is_floating or r.dtype.is_complex) for r in results if (n := backward.id_of(r)) >= 0]
            name = getattr(func, "__name__", "") or "numpy_function"
            memory.happened(
                "callback", private.NO_TENSOR, frames.stack(_getframe(1)), (begin, name, ins, made), len(made)
            )
        return result

    return called


def _py_function(memory: Memory, called_back: Any, call: Any, operations: Operations) -> Any:
    @wraps(call)
    def called(function: Any, device: Any, token: Any, args: Any) -> Any:
        operations.listen_once(users=False)
        ins = [backward.id_of(a) for a in args]
        places = frames.stack(_getframe(1))
        begin = memory.happened("given", private.NO_TENSOR, places, ins).seq if not memory.hidden else 0
        with called_back():
            outputs = call(function, device, token, args)
        if not memory.hidden:
            results = outputs if isinstance(outputs, list | tuple) else [outputs]
            outs = [backward.id_of(r) for r in results]
            memory.happened("inside", private.NO_TENSOR, places, (begin, ins, outs))
        return outputs

    return called


def _in_thread(run: Any, operations: Operations) -> Any:
    @wraps(run)
    def ran(thread: threading.Thread) -> None:
        operations.listen_once()
        run(thread)

    return ran
