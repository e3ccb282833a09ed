import gradtape as gt
import numpy as np

rate, n = gt.Variable([3.0, 5.0]), gt.Variable([0.2, 0.7])
with gt.GradientTape() as tape:
    counts = np.random.poisson(rate)  #~ GT306
    hits = np.random.binomial(10, n)  #~ GT306
    loss = (gt.constant(counts * 1.0) + gt.constant(hits * 1.0)).sum()
tape.gradient(loss, [rate, n])
