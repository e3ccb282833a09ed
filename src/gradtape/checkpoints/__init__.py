"""Checkpoints: a nested structure with everything that a training run is made of, in a file, and back.

Modules, optimizers, random generators, arrays, numbers and text; npz without pickle, or safetensors. A run that goes on
from a checkpoint gives bit for bit the numbers of one that never stopped.

Examples
--------
>>> import pathlib, tempfile
>>> import numpy as np
>>> import gradtape as gt
>>> model = {"w": gt.Variable([1.0, 2.0]), "b": gt.Variable(0.0)}
>>> optimizer = gt.optim.Adam()
>>> random = np.random.default_rng(0)
>>> folder = tempfile.TemporaryDirectory()
>>> path = pathlib.Path(folder.name) / "run.npz"
>>> gt.checkpoints.save(path, {"model": model, "optimizer": optimizer, "random": random, "epoch": 3})
>>> state = gt.checkpoints.load(path, {"model": model, "optimizer": optimizer, "random": random, "epoch": 0})
>>> state["epoch"]
3
>>> folder.cleanup()
"""

from gradtape.checkpoints.manager import CheckpointManager
from gradtape.checkpoints.saving import load, save
from gradtape.errors import CheckpointError

__all__ = ["CheckpointError", "CheckpointManager", "load", "save"]
