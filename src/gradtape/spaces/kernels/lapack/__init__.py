"""Kernels of SciPy's linear algebra; they need SciPy."""
