"""Kernels of the rows in `ops/ndimage`."""
