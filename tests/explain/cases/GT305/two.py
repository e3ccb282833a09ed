import gradtape as gt
from gradtape.scipy import special

p, f = gt.Variable(0.3), gt.Variable(1.1)
with gt.GradientTape() as tape:
    offset = special.ncfdtrinc(3.0, 5.0, p, f)  #~ GT305
    freedom = special.ncfdtridfd(3.0, 0.4, 1.2, f)  #~ GT305
    loss = offset * freedom
try:
    tape.gradient(loss, [p, f])
except NotImplementedError:
    pass
