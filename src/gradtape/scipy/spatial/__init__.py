"""Distances and rotations: `distance` and `transform`."""

from gradtape.scipy.publish import publish
from gradtape.scipy.spatial import distance, transform

__all__ = ["distance", "transform"]
__getattr__ = publish(globals(), "spatial", "spatial")
