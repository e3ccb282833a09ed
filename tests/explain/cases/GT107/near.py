import gradtape as gt
import numpy as np

table = gt.Variable(np.ones((4, 2)))
ids = gt.constant([0, 2])
with gt.GradientTape() as tape:
    loss = np.sum(table[ids])
tape.gradient(loss, table)
