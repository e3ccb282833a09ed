import gradtape as gt
import numpy as np

a, b = gt.Variable([0.4, 1.6]), gt.Variable([2.5, 0.1])
with gt.GradientTape() as tape:
    whole = a.astype(np.int64) * 1.0  #~ GT303
    flags = b.astype(bool) * 1.0  #~ GT303
    loss = np.sum(whole + flags)
tape.gradient(loss, [a, b])
