"""The distances of `scipy.spatial.distance`, on tensors."""

from gradtape.scipy.publish import publish

__getattr__ = publish(globals(), "spatial.distance", "spatial")
