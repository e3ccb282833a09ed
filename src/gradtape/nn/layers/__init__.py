"""Layers with Keras's names and defaults; one file per kind. They are also names of `gradtape.nn`."""

from __future__ import annotations

from typing import Any

import gradtape.nn as _nn

_KINDS = tuple(module for module in _nn.CLASSES if module.startswith("layers.") or module == "layer")
__all__ = sorted(name for module in _KINDS for name in _nn.CLASSES[module])  # noqa: PLE0605
FUNCTIONS = ("deserialize", "serialize")
"""What there is besides layers."""


def __getattr__(name: str) -> Any:
    """Find a layer where it is."""
    if name in __all__ or name in _nn.ALIASES:
        return getattr(_nn, name)
    if name in FUNCTIONS:
        from gradtape.nn import configuration

        return getattr(configuration, name)
    raise AttributeError(f"gradtape.nn.layers has no {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *FUNCTIONS])
