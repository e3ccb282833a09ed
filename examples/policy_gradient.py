"""A pole on a cart learns to stand: a policy gradient, and why its samples must not be differentiated.

The expected return changes with the policy because other actions become likelier. An action that was drawn is a whole
number: the way from the policy's weights to the reward ends there, and a tape rightly finds no gradient on it.
REINFORCE weighs the gradient of the log-probability of what was drawn with the return that followed (Williams, "Simple
statistical gradient-following algorithms for connectionist reinforcement learning", Machine Learning 8, 1992). The cart
is that of Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve difficult learning control
problems", IEEE Transactions on Systems, Man, and Cybernetics 13, 1983.
"""

import numpy as np
from _program import run

import gradtape as gt

GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
DISCOUNT = 0.99


def move(state, action):
    """Push carts to the left (0) or right (1) for a fiftieth of a second; state: place, speed, angle, its speed."""
    place, speed, angle, turning = state.T
    force = np.where(action == 1, FORCE, -FORCE)
    sine, cosine, mass = np.sin(angle), np.cos(angle), CART + POLE
    push = (force + POLE * HALF_LENGTH * turning**2 * sine) / mass
    bending = (GRAVITY * sine - cosine * push) / (HALF_LENGTH * (4.0 / 3.0 - POLE * cosine**2 / mass))
    pulling = push - POLE * HALF_LENGTH * bending * cosine / mass
    new = [place + SECONDS * speed, speed + SECONDS * pulling, angle + SECONDS * turning, turning + SECONDS * bending]
    return np.stack(new, axis=1)


def stands(state):
    return (np.abs(state[:, 0]) < 2.4) & (np.abs(state[:, 2]) < np.deg2rad(12.0))


def start(rng):
    return {
        "w0": gt.Variable(rng.standard_normal((4, 16)) / 2.0),
        "b0": gt.Variable(np.zeros(16)),
        "w1": gt.Variable(rng.standard_normal((16, 2)) * 0.1),
        "b1": gt.Variable(np.zeros(2)),
    }


def log_probabilities(policy, state):
    """Return the logarithms of the probabilities of both actions."""
    scores = np.tanh(state @ policy["w0"] + policy["b0"]) @ policy["w1"] + policy["b1"]
    return scores - np.log(np.sum(np.exp(scores), axis=-1, keepdims=True))


def play(policy, rng, carts, steps):
    """Let carts run side by side; return states, actions and who stood, with the time in front."""
    policy = {name: w.numpy() for name, w in policy.items()}  # playing is no part of what is differentiated
    state = rng.uniform(-0.05, 0.05, (carts, 4))
    states, actions, alive = [], [], []
    up = np.ones(carts, bool)
    for _ in range(steps):
        right = np.exp(log_probabilities(policy, state)[:, 1])
        action = (rng.random(carts) < right).astype(int)
        states.append(state)
        actions.append(action)
        alive.append(up)
        state = np.where(up[:, None], move(state, action), state)
        up = up & stands(state)
        if not up.any():
            break
    return np.array(states), np.array(actions), np.array(alive, float)


def advantages(alive):
    """Return what followed each action, discounted, in units of its spread; time steps alive are the reward."""
    returns = np.zeros_like(alive)
    after = np.zeros(alive.shape[1])
    for t in reversed(range(len(alive))):
        after = alive[t] * (1.0 + DISCOUNT * after)
        returns[t] = after
    some = returns[alive == 1]
    return alive * (returns - some.mean()) / (some.std() + 1e-8)


def learn(policy, rng, rounds, carts, steps):
    optimizer = gt.optim.Adam(0.02)
    stood = []
    for _ in range(rounds):
        states, actions, alive = play(policy, rng, carts, steps)
        weight = advantages(alive)
        with gt.GradientTape() as tape:
            logs = log_probabilities(policy, states)
            drawn = np.take_along_axis(logs, actions[..., None], axis=-1)[..., 0]
            loss = -np.sum(weight * drawn) / np.sum(alive)
        optimizer.apply(tape.gradient(loss, policy), policy)
        stood.append(float(alive.sum(0).mean()))
    return stood


def wrong(policy, rng):
    """Differentiate the reward of drawn actions; return what the tape says to it."""
    state = rng.uniform(-0.05, 0.05, (8, 4))
    with gt.GradientTape() as tape:
        right = np.exp(log_probabilities(policy, state)[:, 1])
        action = rng.random(8) < right
        loss = np.sum(np.abs(move(state, action)[:, 2]))
    return tape.why(loss, policy["w1"])


def main(small=False, seed=0):
    rounds, carts, steps = (40, 16, 200) if small else (150, 32, 500)
    policy, rng = start(np.random.default_rng(seed)), np.random.default_rng(seed + 1)
    reason = wrong(policy, rng)
    print("differentiating the reward of drawn actions:")
    print(reason)
    stood = learn(policy, rng, rounds, carts, steps)
    late = np.mean(stood[-5:])
    print(f"REINFORCE: carts stand for {stood[0]:.0f} of {steps} steps at first, for {late:.0f} after {rounds} rounds")
    states, _, alive = play(policy, np.random.default_rng(2), 4, steps)
    return {"stood": stood, "steps": steps, "states": states, "alive": alive, "reason": reason}


def draw(plt, result):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.4))
    left.plot(result["stood"])
    left.axhline(result["steps"], color="k", lw=0.6)
    left.set(xlabel="round", ylabel="steps", title="How long the pole stands")
    time = SECONDS * np.arange(len(result["states"]))
    for k in range(result["states"].shape[1]):
        up = result["alive"][:, k] == 1
        right.plot(time[up], np.rad2deg(result["states"][up, k, 2]), lw=1)
    right.set(xlabel="time (s)", ylabel="angle (degrees)", title="Four poles after training")
    return figure


if __name__ == "__main__":
    run(main, draw)
