"""Fit a Hill-type muscle-tendon model to measured forces: half of the parameters refuse to learn. Why?

A muscle fibre pulls on a tendon at an angle. The fibre's force depends on its length and on its activation; the tendon
is an elastic band that is slack up to a length. Seven parameters are fitted to 24 forces by gradient descent.
Run `gradtape why examples/muscle_tendon.py` to see which gradients are missing, and at which expression each one ends.
"""

import numpy as np

import gradtape as gt

# What the experiment set and what it measured (synthetic, made with the values in TRUE).
TRUE = {"strength": 1.30, "optimal": 1.00, "width": 0.45, "pennation": 0.35, "slack": 0.95, "stiffness": 2.0}
LENGTH = np.linspace(1.7, 2.3, 24)
EXCITATION = 0.55 + 0.4 * np.sin(np.linspace(0.0, 5.0, 24))

strength = gt.Variable(1.00, name="strength")
optimal = gt.Variable(1.05, name="optimal")
width = gt.Variable(0.50, name="width")
pennation = gt.Variable(0.30, name="pennation")
slack = gt.Variable(0.90, name="slack")
stiffness = gt.Variable(1.50, name="stiffness", trainable=False)
damping = gt.Variable(0.10, name="damping")
fatigue = gt.Variable(0.02, name="fatigue")
parameters = [strength, optimal, width, pennation, slack, stiffness, damping, fatigue]


def fibre_force(length, excitation, strength, optimal, width):
    """Active force: a bell over the length, on top of it what the excitation asks for."""
    stretch = (length - optimal) / width
    return strength * excitation * np.exp(-(stretch**2))


def tendon_force(length, slack, stiffness):
    """Force of the stretched tendon: zero up to the slack length, then quadratic (made smooth)."""
    strain = (length - slack) / slack
    taut = np.log1p(np.exp(12.0 * strain)) / 12.0
    return stiffness * taut**2


def degrees_on_the_protractor(angle):
    """The angle as it is read off in the laboratory, in whole degrees."""
    return np.radians(np.round(np.degrees(angle)))


def model(moving=False, minutes=0.0):
    """Predict the force at every length."""
    angle = degrees_on_the_protractor(pennation)
    rest = float(slack)  # the catalogue's number for this tendon
    tendon = rest * 1.02
    fibre = (LENGTH - tendon) / np.cos(angle)
    force = fibre_force(fibre, EXCITATION, strength, optimal, width) * np.cos(angle)
    force = force + 0.1 * tendon_force(LENGTH - fibre * np.cos(angle), rest, stiffness)
    if moving:
        force = force + damping * np.gradient(LENGTH)
    return force


def measured():
    """Make the forces that the experiment would have measured."""
    t = TRUE
    tendon = t["slack"] * 1.02
    fibre = (LENGTH - tendon) / np.cos(t["pennation"])
    force = fibre_force(fibre, EXCITATION, t["strength"], t["optimal"], t["width"]) * np.cos(t["pennation"])
    return force + 0.1 * tendon_force(tendon, t["slack"], t["stiffness"])


FORCES = measured()

for step in range(40):
    with gt.GradientTape() as tape:
        loss = np.mean((model() - FORCES) ** 2)
    gradients = tape.gradient(loss, parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is not None:
            parameter.assign_sub(0.1 * gradient)
    if step % 13 == 0:
        print(f"step {step:2d}  loss {float(loss):.5f}")

for parameter in parameters:
    true = TRUE.get(parameter.name)
    print(f"{parameter.name:<10} {float(parameter):.3f}" + (f"  (true {true:.3f})" if true is not None else ""))
