"""Kernels of the rows in `ops/stats`."""
