"""Kernels of the rows in `ops/signal`."""
