"""The words of each framework: how its users write what a help tells them to do. One row per framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.names import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping


class Phrases(NamedTuple):
    """The expressions and statements that edits are written with, under the usual names of modules.

    `{x}` and `{y}` stand for expressions, `{e}` for one whose value stays, `{f}` for a function, `{c}` for a condition.

    Parameters
    ----------
    functions : mapping of str to str
        How NumPy's function of that name is called here.
    passing : str
        The value of `{e}`, with the gradient of `{x}`.
    passing_call : str
        The same for `{f}({x})`, where there is a function for it; empty otherwise.
    still : str
        A value that no gradient goes through.
    watch : str
        The statement that makes `{tape}` follow `{x}`.
    assign, subtract, add : str
        The statements that change the variable `{x}` in place.
    """

    functions: Mapping[str, str]
    passing: str
    passing_call: str
    still: str
    watch: str
    assign: str
    subtract: str
    add: str

    def call(self, function: str, *arguments: str) -> str:
        """Write a call of NumPy's function of that name; a name that is not known is the array module's own."""
        return f"{self.functions.get(function, function)}({', '.join(arguments)})"


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
    phrases : Phrases
        What edits are written with.
    """

    name: str
    module: str
    array: str
    watch: str
    recording: str
    where: str
    stop: str
    straight_through: str
    phrases: Phrases


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
        Phrases(
            FUNCTIONS["gradtape"],
            "{x} + gt.stop_gradient({e} - {x})",
            "gt.straight_through({f}, {x})",
            "gt.stop_gradient({x})",
            "{tape}.watch({x})",
            "{x}.assign({y})",
            "{x}.assign_sub({y})",
            "{x}.assign_add({y})",
        ),
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
        Phrases(
            FUNCTIONS["tensorflow"],
            "{x} + tf.stop_gradient({e} - {x})",
            "",
            "tf.stop_gradient({x})",
            "{tape}.watch({x})",
            "{x}.assign({y})",
            "{x}.assign_sub({y})",
            "{x}.assign_add({y})",
        ),
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
        Phrases(
            FUNCTIONS["torch"],
            "{x} + ({e} - {x}).detach()",
            "",
            "{x}.detach()",
            "{x}.requires_grad_()",
            "{x}.copy_({y})",
            "{x} -= {y}",
            "{x} += {y}",
        ),
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
        Phrases(
            FUNCTIONS["jax"],
            "{x} + jax.lax.stop_gradient({e} - {x})",
            "",
            "jax.lax.stop_gradient({x})",
            "",
            "",
            "",
            "",
        ),
    ),
}
