"""The words of each framework: how its users write what a help tells them to do. One row per framework."""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """What a framework's users write; `{x}` stands for an expression, `{f}` for the name of a function.

    Parameters
    ----------
    name : str
        What the framework is called.
    module : str
        The name under which it is usually imported.
    array : str
        What its arrays are called.
    watch : str
        The statement that makes a framework follow a tensor.
    recording : str
        Where operations are recorded.
    where : str
        The function that chooses between two values.
    stop : str
        The function that ends a path on purpose.
    straight_through : str
        The expression that keeps the value of `{f}({x})` and lets the gradient pass.
    """

    name: str
    module: str
    array: str
    watch: str
    recording: str
    where: str
    stop: str
    straight_through: str


DIALECTS: dict[str, Dialect] = {
    "gradtape": Dialect(
        "gradtape",
        "gt",
        "tensor",
        "tape.watch({x})",
        "inside the `with` block of the tape",
        "np.where",
        "gt.stop_gradient",
        "gt.straight_through({f}, {x})",
    ),
    "tensorflow": Dialect(
        "TensorFlow",
        "tf",
        "tensor",
        "tape.watch({x})",
        "inside the `with` block of the tape",
        "tf.where",
        "tf.stop_gradient",
        "{x} + tf.stop_gradient({f}({x}) - {x})",
    ),
    "torch": Dialect(
        "PyTorch",
        "torch",
        "tensor",
        "{x}.requires_grad_()",
        "while gradients are on",
        "torch.where",
        "{x}.detach()",
        "{x} + ({f}({x}) - {x}).detach()",
    ),
    "jax": Dialect(
        "JAX",
        "jax",
        "array",
        "an argument that is differentiated (`argnums`)",
        "inside the function that is differentiated",
        "jnp.where",
        "jax.lax.stop_gradient",
        "{x} + jax.lax.stop_gradient({f}({x}) - {x})",
    ),
}
