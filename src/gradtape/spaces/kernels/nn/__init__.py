"""Kernels of the rows in `ops/nn`."""
