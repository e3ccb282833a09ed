"""Nearest codes: `vq`."""

from gradtape.scipy.cluster import vq

__all__ = ["vq"]
