"""Compile the engine's hot path in place: `python tools/core.py`.

It needs a C compiler and the headers of Python and NumPy. `GRADTAPE_CORE=1 pip install .` does the same for an
installation; without it, gradtape is installed as plain Python.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

HOME = Path(__file__).parents[1] / "src/gradtape/arrays"
SOURCES = sorted((HOME / "csrc").glob("*.c"))


def compile_core(folder: Path) -> Path:
    """Compile the extension into a folder, and return its file.

    Raises
    ------
    subprocess.CalledProcessError
        If the compiler refuses.
    """
    target = folder / f"_core{sysconfig.get_config_var('EXT_SUFFIX')}"
    compiler = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    import numpy as np

    flags = ["-O2", "-fPIC", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]
    flags += ["-Wno-cast-function-type", "-fvisibility=hidden", f"-I{sysconfig.get_paths()['include']}"]
    flags += ["-isystem", np.get_include()]
    subprocess.run([*compiler, *flags, *map(str, SOURCES), "-o", str(target)], check=True)  # noqa: S603
    return target


if __name__ == "__main__":
    print(compile_core(HOME), file=sys.stderr)
