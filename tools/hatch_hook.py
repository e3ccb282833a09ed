"""Adds the compiled hot path to a wheel if `GRADTAPE_CORE=1` asks for it; see tools/core.py."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CoreHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles before files are collected."""

    def dependencies(self) -> list[str]:
        """Ask for NumPy, whose headers the core includes, where the core is built."""
        return ["numpy>=2.0"] if os.environ.get("GRADTAPE_CORE") == "1" else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say where the file belongs; an editable installation gets it beside its source."""
        if os.environ.get("GRADTAPE_CORE") != "1" or self.target_name != "wheel":
            return
        core = runpy.run_path(str(Path(__file__).with_name("core.py")))
        editable = version == "editable"
        made = core["compile_core"](core["HOME"] if editable else Path(mkdtemp()))
        build_data["infer_tag"], build_data["pure_python"] = True, False
        if not editable:
            build_data["force_include"][str(made)] = f"gradtape/arrays/{made.name}"
