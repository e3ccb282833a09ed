"""Kernels of the rows in `ops/image`."""
