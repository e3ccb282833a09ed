"""The vector quantisation of `scipy.cluster.vq`, on tensors."""

from gradtape.scipy.publish import publish

__getattr__ = publish(globals(), "cluster.vq", "spatial")
