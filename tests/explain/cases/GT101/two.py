import gradtape as gt
import numpy as np

signal = gt.constant([0.2, 1.7, 2.4])
with gt.GradientTape() as tape:  #~ GT101
    steps = np.floor(signal)  #~ GT302
    energy = np.sum(steps**2)
tape.gradient(energy, signal)
