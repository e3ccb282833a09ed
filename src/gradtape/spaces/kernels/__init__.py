"""What runs on NumPy's arrays where a row is no function of NumPy, or where there is a faster door into it.

A file here has the name of the file of rows in `ops`: the rows of `ops/linalg.py` find their kernels in
`kernels/linalg.py`, under the row's name in its `KERNELS`. A file is imported when the first of its rows runs.
"""
