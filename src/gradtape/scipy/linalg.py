"""The linear algebra of `scipy.linalg`, on tensors."""

from gradtape.scipy.publish import publish

__getattr__ = publish(globals(), "linalg", "lapack")
