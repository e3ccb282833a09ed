"""Fit a Hill-type muscle-tendon model to measured forces: half of the parameters refuse to learn. Why?

A muscle fibre pulls on a tendon at an angle, the pennation. Its force depends on its length, on how strongly it is
excited, and on how tired it is; the tendon is a spring that is slack up to a length. Eight parameters are fitted to
24 forces. `gradtape why examples/muscle_tendon.py` says which gradients are missing and at which expression each ends.
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
stiffness = gt.Variable(1.5, name="stiffness", trainable=False)
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


def in_whole_degrees(angle):
    """The angle as the protractor shows it."""
    return np.radians(np.round(np.degrees(angle)))


def model(moving=False):
    """Predict the force at every moment."""
    angle = in_whole_degrees(pennation)
    rest = float(slack)
    fibre = (LENGTH - 1.05 * rest) / np.cos(angle)
    active = EXCITATION * fibre_force(fibre, strength, optimal, width)
    force = active * np.cos(angle) + tendon_force(LENGTH - 1.0, rest, stiffness)
    if moving:
        force = force + damping * SPEED
    return force


def measured():
    """Make the forces that the experiment would have measured."""
    t = TRUE
    fibre = (LENGTH - 1.05 * t["slack"]) / np.cos(t["pennation"])
    active = EXCITATION * fibre_force(fibre, t["strength"], t["optimal"], t["width"]) * (1.0 - t["fatigue"] * TIME)
    spring = tendon_force(LENGTH - 1.0, t["slack"], t["stiffness"])
    return active * np.cos(t["pennation"]) + spring + t["damping"] * SPEED


forces = measured()
for step in range(60):
    with gt.GradientTape() as tape:
        loss = np.mean((model() - forces) ** 2)
    slopes = tape.gradient(loss, [strength, optimal, width, pennation, slack, stiffness, damping, fatigue])
    for parameter, slope in zip(parameters, slopes, strict=True):
        if slope is not None:
            parameter.assign_sub(0.2 * slope)
    if step % 20 == 19:
        print(f"step {step + 1}: loss {float(loss):.5f}")

for parameter in parameters:
    print(f"{parameter.name:<10} {float(parameter):6.3f}   true {TRUE[parameter.name]:6.3f}")
