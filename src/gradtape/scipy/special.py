"""The special functions of `scipy.special`, on tensors."""

from gradtape.scipy.publish import publish

__getattr__ = publish(globals(), "special", "special")
