"""Kernels of the special functions, where SciPy has none."""
