"""The kernel of the row in `ops/signal/waves.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import signal

if TYPE_CHECKING:
    from collections.abc import Callable


def _square(t: Any, duty: Any) -> Any:
    """Keep single precision, which SciPy's function widens."""
    wave = signal.square(t, duty)
    return wave.astype(t.dtype) if getattr(t, "dtype", wave.dtype).kind == "f" else wave


KERNELS: dict[str, Callable[..., Any]] = {
    "square_wave": _square,
}
