import gradtape as gt
from gradtape.scipy import special

level, w = gt.constant(0.3), gt.Variable(2.0)
with gt.GradientTape() as tape:
    loss = w * gt.stop_gradient(special.ncfdtrinc(3.0, 5.0, level, 1.1))
tape.gradient(loss, w)
