"""Rows of SciPy's linear algebra: factorizations, matrix functions, banded and structured systems."""
