"""The model of `muscle_tendon.py` with each reason mended: every gradient flows, and the fit follows the measurement.

What changed: the angle stays as it is, the slack length stays a tensor, the stiffness may be trained, the damping is
always part of the force, and the fatigue is used.
"""

import numpy as np

import gradtape as gt

TRUE = {
    "strength": 1.3,
    "optimal": 1.0,
    "width": 0.45,
    "pennation": 0.35,
    "slack": 0.95,
    "stiffness": 2.0,
    "damping": 0.4,
    "fatigue": 0.03,
}
TIME = np.linspace(0.0, 6.0, 24)
LENGTH = 2.0 + 0.3 * np.sin(1.7 * TIME)
SPEED = 0.51 * np.cos(1.7 * TIME)
EXCITATION = 0.55 + 0.4 * np.sin(0.8 * TIME)

strength = gt.Variable(1.0, name="strength")
optimal = gt.Variable(1.1, name="optimal")
width = gt.Variable(0.5, name="width")
pennation = gt.Variable(0.3, name="pennation")
slack = gt.Variable(0.9, name="slack")
stiffness = gt.Variable(1.5, name="stiffness")
damping = gt.Variable(0.1, name="damping")
fatigue = gt.Variable(0.0, name="fatigue")
parameters = [strength, optimal, width, pennation, slack, stiffness, damping, fatigue]


def fibre_force(length, strength, optimal, width):
    """The active force at full excitation: a bell over the length."""
    stretch = (length - optimal) / width
    return strength * np.exp(-(stretch**2))


def tendon_force(length, slack, stiffness):
    """The force of the stretched tendon: zero up to the slack length, then quadratic, without a corner between."""
    strain = (length - slack) / slack
    taut = np.log1p(np.exp(12.0 * strain)) / 12.0
    return stiffness * taut**2


def model(strength, optimal, width, pennation, slack, stiffness, damping, fatigue):
    """Predict the force at every moment; numbers in, numbers out; variables in, tensors out."""
    fibre = (LENGTH - 1.05 * slack) / np.cos(pennation)
    active = EXCITATION * fibre_force(fibre, strength, optimal, width) * (1.0 - fatigue * TIME)
    return active * np.cos(pennation) + tendon_force(LENGTH - 1.0, slack, stiffness) + damping * SPEED


forces = model(**TRUE)
for step in range(60):
    with gt.GradientTape() as tape:
        predicted = model(strength, optimal, width, pennation, slack, stiffness, damping, fatigue)
        loss = np.mean((predicted - forces) ** 2)
    slopes = tape.gradient(loss, [strength, optimal, width, pennation, slack, stiffness, damping, fatigue])
    for parameter, slope in zip(parameters, slopes, strict=True):
        parameter.assign_sub(0.2 * slope)
    if step % 20 == 19:
        print(f"step {step + 1}: loss {float(loss):.5f}")

for parameter in parameters:
    print(f"{parameter.name:<10} {float(parameter):6.3f}   true {TRUE[parameter.name]:6.3f}")
