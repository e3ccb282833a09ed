"""Optimizers, variables and gradients to compare with Keras: live, and as `tools/keras_optimizers.py` wrote down."""

import numpy as np

STEPS = 25
SNAPSHOTS = (1, 2, 3, 10, 25)
DTYPES = ("float32", "float64")

FIRST = {  # name: shape
    "kernel": (4, 3),
    "bias": (3,),
    "scale": (),
    "embedding": (6, 2),
}

SCHEDULES = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}),
    "staircase": (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5, "staircase": True},
    ),
    "inverse": ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}),
    "inverse stairs": (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5, "staircase": True},
    ),
    "piecewise": ("PiecewiseConstantDecay", {"boundaries": [4, 9], "values": [0.1, 0.02, 0.004]}),
    "polynomial": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0}),
    "polynomial cycle": (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "end_learning_rate": 0.01, "cycle": True},
    ),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "alpha": 0.1}),
    "warmup": (
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 12, "warmup_target": 0.1, "warmup_steps": 5},
    ),
    "restarts": ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "m_mul": 0.5}),
    "even restarts": (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.0, "alpha": 0.2},
    ),
}
SCHEDULE_STEPS = range(40)

RATE = {"learning_rate": 0.05}
CASES = {
    "SGD": ("SGD", RATE),
    "SGD defaults": ("SGD", {}),
    "SGD momentum": ("SGD", RATE | {"momentum": 0.9}),
    "SGD nesterov": ("SGD", RATE | {"momentum": 0.9, "nesterov": True}),
    "RMSprop": ("RMSprop", RATE),
    "RMSprop momentum": ("RMSprop", RATE | {"momentum": 0.5, "rho": 0.8}),
    "RMSprop centered": ("RMSprop", RATE | {"centered": True}),
    "RMSprop all": ("RMSprop", RATE | {"centered": True, "momentum": 0.5, "epsilon": 1e-3}),
    "Adam": ("Adam", RATE),
    "Adam defaults": ("Adam", {}),
    "Adam amsgrad": ("Adam", RATE | {"amsgrad": True, "beta_2": 0.9}),
    "AdamW": ("AdamW", RATE),
    "AdamW excluded": ("AdamW", RATE | {"weight_decay": 0.5}),
    "Adadelta": ("Adadelta", {"learning_rate": 2.5}),
    "Adagrad": ("Adagrad", RATE),
    "Adamax": ("Adamax", RATE),
    "Nadam": ("Nadam", RATE | {"epsilon": 1e-3}),
    "Ftrl": ("Ftrl", {"learning_rate": 0.5}),
    "Ftrl penalties": (
        "Ftrl",
        {
            "learning_rate": 0.4,
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.01,
            "l2_shrinkage_regularization_strength": 0.02,
            "beta": 0.1,
            "learning_rate_power": -0.7,
        },
    ),
    "Lion": ("Lion", {"learning_rate": 0.01}),
    "Adafactor": ("Adafactor", RATE),
    "Adafactor free": ("Adafactor", {"learning_rate": 1.5, "relative_step": False, "clip_threshold": 0.5}),
    "Lamb": ("Lamb", RATE),
    "Muon": ("Muon", RATE),
    "Muon plain": ("Muon", RATE | {"nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.5, "weight_decay": None}),
    "Muon excluded": ("Muon", RATE | {"exclude_layers": ["kern"], "exclude_embeddings": False}),
    "ScheduleFreeAdamW": ("ScheduleFreeAdamW", RATE | {"warmup_steps": 4}),
    "weight decay": ("SGD", RATE | {"weight_decay": 0.1, "momentum": 0.5}),
    "clipnorm": ("Adam", RATE | {"clipnorm": 0.3}),
    "clipvalue": ("Adagrad", RATE | {"clipvalue": 0.2}),
    "global_clipnorm": ("SGD", RATE | {"global_clipnorm": 0.5}),
    "average": ("SGD", RATE | {"use_ema": True, "ema_momentum": 0.7}),
    "average written": ("Adam", RATE | {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 4}),
    "loss scale": ("SGD", RATE | {"loss_scale_factor": 8.0}),
    "accumulation": ("Adam", RATE | {"gradient_accumulation_steps": 3}),
    "accumulation all": (
        "SGD",
        RATE
        | {
            "gradient_accumulation_steps": 2,
            "clipnorm": 0.2,
            "weight_decay": 0.1,
            "use_ema": True,
            "ema_overwrite_frequency": 3,
        },
    ),
    "schedule": ("Adam", {"learning_rate": "warmup"}),
    "schedule and accumulation": ("SGD", {"learning_rate": "exponential", "gradient_accumulation_steps": 2}),
    "missing": ("Adam", RATE),
}
EXCLUDED = {"AdamW excluded": ["bias", "scale"]}
FINALIZED = {"average"}

WITH_JAX = {"ScheduleFreeAdamW"}
"""Cases whose numbers are those of Keras on JAX: on TensorFlow it takes the new iterate where it says the old one,
because its `momentum_old` is the variable itself.
"""


def arguments_in(dtype, config):
    """Return a configuration for variables of a dtype.

    Keras rounds most of its Python numbers to float32 on their way to float64: with numbers that are float32 already,
    its float64 can be compared to the last digits.
    """
    if dtype == "float32":
        return config
    return {n: float(np.float32(v)) if type(v) is float else v for n, v in config.items()}


def first_values(dtype):
    """Return where the variables start: numbers that any machine computes alike."""
    return {
        name: np.asarray((((np.arange(np.prod(shape, dtype=int)) * 37 + 11) % 64) / 32 - 1).reshape(shape), dtype)
        for name, shape in FIRST.items()
    }


def gradients(case, step, dtype):
    """Return the gradients of a step; of the embedding only some rows are not zero."""
    found = {}
    for name, shape in FIRST.items():
        size = int(np.prod(shape, dtype=int))
        numbers = (((np.arange(size) * 29 + step * step * 17 + len(name) * 5) % 128) / 64 - 0.9).reshape(shape)
        if name == "embedding":
            numbers *= ((np.arange(shape[0]) + step) % 3 == 0)[:, None]
        found[name] = np.asarray(numbers, dtype)
    if case == "missing" and step % 2:
        found["kernel"] = found["scale"] = None
    return found
