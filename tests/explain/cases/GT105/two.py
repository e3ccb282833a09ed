import gradtape as gt
import numpy as np

body, first, second = gt.Variable(1.0), gt.Variable(2.0), gt.Variable(3.0)
with gt.GradientTape() as tape:
    features = np.round(body)  #~ GT302
    one, other = features * first, features * second  #~ GT105
    loss = one**2
tape.gradient(loss, [body, first, second])
