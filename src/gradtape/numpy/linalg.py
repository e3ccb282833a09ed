"""NumPy's linear algebra, called directly; its errors are NumPy's own."""

from numpy.linalg import LinAlgError

from gradtape.numpy import publish

__all__ = ["LinAlgError"]
publish.functions_of_numpy(globals(), "linalg")
