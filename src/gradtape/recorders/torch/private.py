"""Every name of PyTorch's that is not part of its public interface, and the words of its errors: in this file alone.

A name that a version of PyTorch does not have is None, and what hangs on it is left out; the probes say so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TESTED = ("2.13",)
"""The versions whose every hook is covered by our tests."""

HOME = str(Path(torch.__file__).parent)

KEY = "gradtape"
"""Under which name a node of the autograd graph keeps the ids of its results in its `metadata`."""


def _named(module: Any, *path: str) -> Any:
    for name in path:
        module = getattr(module, name, None)
    return module


contextlib: Any = _named(torch.utils, "_contextlib")
"""The module whose `context_decorator` makes functions of `@torch.no_grad()` and its like."""

DECORATED = frozenset({"decorate_context", "generator_context"})
"""The names of the functions that `context_decorator` puts around the user's; `func` in them is the user's own."""

LOADING = frozenset({"_load_from_state_dict"})
"""The names of the functions that copy numbers into the parameters of a module."""

BackwardFunction: Any = _named(torch.autograd.function, "BackwardCFunction")
"""The node of a custom function; its `_get_user_fn` gives the user's `backward`."""

set_grad_enabled: Any = _named(torch, "_C", "_set_grad_enabled")

_transforms: Any = _named(torch, "_C", "_are_functorch_transforms_active")


def is_transformed() -> bool:
    """Whether a function of `torch.func` is running: its tensors stand for values and have none of their own."""
    return _transforms is not None and bool(_transforms())


_functorch: Any = _named(torch, "_C", "_functorch")


def unwrapped(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor that one of `torch.func` stands for, all of a batch with it in front; any other as it is."""
    places: list[int] = []
    while _functorch is not None:
        if _functorch.is_gradtrackingtensor(tensor):
            tensor = _functorch.get_unwrapped(tensor)
        elif _functorch.is_batchedtensor(tensor):
            places.append(_functorch.maybe_get_bdim(tensor))
            tensor = _functorch.get_unwrapped(tensor)
        else:
            break
    for moved, place in enumerate(reversed(places)):
        if place + moved:
            with outside_transforms():
                tensor = tensor.movedim(place + moved, 0)
    return tensor


def inside(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the tensor that one of the innermost function of `torch.func` stands for, None for any other."""
    if not is_transformed() or not (_functorch.is_gradtrackingtensor(tensor) or _functorch.is_batchedtensor(tensor)):
        return None
    inner: torch.Tensor = _functorch.get_unwrapped(tensor)
    return inner


transforms: Any = _named(torch, "_functorch", "eager_transforms")
"""The module whose `_autograd_grad` asks for the gradients of `torch.func`, and asks nothing where nothing flows."""

outside_transforms: Any = _named(torch, "_C", "_DisableFuncTorch")
"""Lets operations on ordinary tensors run as if no function of `torch.func` were running."""


def tensors_in(values: Any) -> list[torch.Tensor]:
    """Return the tensors in lists, tuples, dicts and what else PyTorch looks into, in its order."""
    return [leaf for leaf in torch.utils._pytree.tree_leaves(values) if isinstance(leaf, torch.Tensor)]


def is_nested_transform(tensor: torch.Tensor) -> bool:
    """Whether a tensor belongs to a transform inside another: what it gives is differentiated again."""
    once = _functorch.get_unwrapped(tensor) if _functorch.is_gradtrackingtensor(tensor) else tensor
    return bool(_functorch.is_gradtrackingtensor(once))


foreach_norm: Any = _named(torch, "_foreach_norm")
"""Norms of many tensors in one call."""


def bytes_of(tensor: torch.Tensor) -> int:
    """Return how much room a tensor takes; of a sparse one at the most."""
    return int(tensor.nbytes if tensor.layout is torch.strided else tensor.numel() * tensor.itemsize)


def _held(tensor: torch.Tensor) -> torch.Tensor:
    """Return the numbers that a tensor holds, whatever its layout."""
    if tensor.is_nested:
        return torch.cat([part.flatten() for part in tensor.unbind()])
    if tensor.layout is torch.strided:
        return tensor
    return tensor.coalesce().values() if tensor.is_sparse else tensor.to_dense()


def _counts(tensor: torch.Tensor) -> bool:
    return bool(tensor.numel())


def max_abs(gradients: list[torch.Tensor]) -> list[float]:
    """Return the largest size of an element of each gradient, NaN where one is not a number; one wait for a device."""
    with torch.no_grad():
        dense = [_held(g) for g in gradients]
        if foreach_norm is not None and len({(g.device, g.dtype) for g in dense}) == 1 and all(map(_counts, dense)):
            return [float(x) for x in torch.stack(foreach_norm(dense, float("inf"))).tolist()]
        sizes = [torch.linalg.vector_norm(g, float("inf")) if g.numel() else g.new_zeros(()) for g in dense]
        if len({s.device for s in sizes}) == 1:
            return [float(x) for x in torch.stack([s.to(torch.float64) for s in sizes]).tolist()]
        return [float(s) for s in sizes]


def edges(node: Any) -> tuple[tuple[Any, int], ...]:
    """Return the nodes that a node hands gradients to, with the number of the result that each belongs to."""
    return tuple(node.next_functions)


def leaf_of(node: Any) -> torch.Tensor | None:
    """Return the leaf that a node accumulates a gradient into, None for any other node."""
    return getattr(node, "variable", None)


def rule_of(node: Any) -> Any:
    """Return the user's own `backward` of the node of a custom function."""
    return getattr(getattr(node, "_forward_cls", None), "backward", None)


def has_taker(leaf: torch.Tensor) -> bool:
    """Whether a leaf has a hook that may take its gradient away as soon as it is there."""
    return bool(getattr(leaf, "_post_accumulate_grad_hooks", None))


def module_hooks(cls: type, frame: Any) -> list[Any]:
    """Return the user's hooks that are called for what a custom function of PyTorch's gives to its arguments.

    That function stands before and behind a module that has hooks; it is applied where `frame` runs.
    """
    holder = frame.f_locals.get("self") if cls.__name__ == "BackwardHookFunction" and frame is not None else None
    if holder is None or frame.f_back is None:
        return []
    before = frame.f_back.f_code.co_name == "setup_input_hook"
    return list(getattr(holder, "user_hooks" if before else "user_pre_hooks", None) or ())


def saved_names(node: Any) -> Iterator[str]:
    """Yield the attributes of a node that hold values saved for the backward pass."""
    return (name for name in dir(node) if name.startswith("_saved_") or name == "saved_tensors")


def overwritten(node: Any) -> str:
    """Return the name of a saved value that was overwritten after the node kept it, empty if none was."""
    for name in saved_names(node):
        try:
            getattr(node, name)
        except RuntimeError as error:
            if OVERWRITTEN.search(str(error)):
                return name.removeprefix("_saved_")
        except Exception:  # noqa: BLE001, S112  attributes that cannot be read are no answer
            continue
    return ""


def without_derivative(text: str, nodes: Sequence[Any]) -> int | None:
    """Return which node stands for a derivative that nobody wrote: it says so itself, or the error names it."""
    found = NO_DERIVATIVE.search(text)
    named = (found[1] or "").partition(":")[0].replace("_", "") if found is not None else ""
    for place, node in enumerate(nodes):
        name = str(node.name())
        function = name.rpartition("Backward")[0].lower()
        if "NotImplemented" in name or (named and function.endswith(named)):
            return place
    return None


def base_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the tensor that a view looks into, None for what is no view."""
    return tensor._base if tensor._is_view() else None


def is_shared(tensor: torch.Tensor) -> bool:
    """Whether a tensor lies in memory that several processes see, as what the workers of a data loader give."""
    with torch._C.DisableTorchFunction():
        try:
            return tensor.layout is torch.strided and tensor.untyped_storage().is_shared()
        except (RuntimeError, NotImplementedError):  # it has no memory of its own, as under `torch.func`
            return False


def version_of(tensor: torch.Tensor) -> int:
    """Return how often a tensor was written to; -1 where PyTorch does not count."""
    try:
        version: int = tensor._version
    except RuntimeError:  # made in inference mode
        return -1
    return version


NO_GRAPH = re.compile(r"does not require grad and does not have a grad_fn")
UNUSED = re.compile(r"appears? to not have been used in the graph|not have been used in the graph")
NOT_MARKED = re.compile(r"One of the differentiated Tensors does not require grad")
SECOND_TIME = re.compile(
    r"backward through the graph a second time|directly access saved tensors after they have already"
)
OVERWRITTEN = re.compile(r"modified by an inplace operation|has been modified in-?place")
LEAF_WRITTEN = re.compile(
    r"leaf Variable that requires grad is being used in an in-?place operation"
    r"|leaf Variable that requires grad has been moved into the graph"
    r"|is a view and (?:its base or another view of its base has been|is being) modified inplace"
    r"|view was created in no_grad mode|output of a function that returns multiple views"
)
NOT_SCALAR = re.compile(r"grad can be implicitly created only for (?:real )?scalar outputs|must be one real number")
INTEGERS = re.compile(r"[Oo]nly Tensors of floating point(?: and complex)? dtype can require gradients")
NO_DERIVATIVE = re.compile(r"derivative for '?([\w: ]+)'? is not implemented|not implemented.*derivative")
ARRAY_OF_GRAPH = re.compile(r"Can't call numpy\(\) on Tensor that requires grad")
NOT_A_LEAF = re.compile(r"can't optimize a non-leaf Tensor")
INFERENCE = re.compile(
    r"Inference tensors cannot be saved for backward|[Ii]nplace update to inference tensor outside InferenceMode"
    r"|Setting requires_grad=True on inference tensor outside InferenceMode"
)
WRONG_RULE = re.compile(r"returned an incorrect number of gradients|returned an invalid gradient at index")
OF_A_BATCH = re.compile(
    r"vmap: It looks like you're (?:either \(1\) calling \.item|attempting to use a Tensor in some)"
)
NO_TENSOR = re.compile(r"'(?:float|int|complex|bool|ndarray|numpy\.\w+)' object has no attribute 'backward'")
UNUSED_AT = re.compile(r"index (\d+)")
