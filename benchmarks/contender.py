"""One who takes part: a library in a process of its own, in this environment or in another."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peers import WITH_CORE

FOLDER = Path(__file__).parent
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """The library cannot run the workload, or gave something else than NumPy by hand."""


def environment() -> dict[str, str]:
    """Return the surroundings of a worker: this checkout, and one thread for everybody."""
    paths = [str(FOLDER), str(FOLDER.parent / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(paths)}


def who(python: str) -> list[str]:
    """Return who can take part in an environment."""
    code = "import json, peers; print(json.dumps(peers.installed()))"
    done = subprocess.run([python, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


@dataclass
class Contender:
    """A worker, and what it was asked last."""

    name: str
    python: str
    process: Any = field(init=False)
    version: str = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [self.python, str(FOLDER / "worker.py"), self.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment() | {"GRADTAPE_CORE": str(int(self.name == WITH_CORE))},
        )  # fmt: skip
        self.version = self.ask("version")

    def ask(self, method: str, *arguments: Any) -> Any:
        """Let the worker do something.

        Raises
        ------
        Refused
            If it could not.
        """
        try:
            pickle.dump((method, arguments), self.process.stdin)
            self.process.stdin.flush()
            done, answer = pickle.load(self.process.stdout)  # noqa: S301 - our own worker's
        except (EOFError, BrokenPipeError):
            raise Refused(f"its process ended with status {self.process.wait()}") from None
        if not done:
            raise Refused(answer)
        return answer

    def close(self) -> None:
        """Let the process end."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
