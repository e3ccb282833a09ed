"""The functions of `scipy.signal`, on tensors."""

from gradtape.scipy.publish import publish

__getattr__ = publish(globals(), "signal", "signal")
