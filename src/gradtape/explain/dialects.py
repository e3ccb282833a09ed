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
    follow : str
        What to do so that the framework follows `{x}`, which it does not by itself.
    where : str
        The function that chooses between two values.
    stop : str
        The function that ends a path on purpose.
    straight_through : str
        The expression that keeps the value of `{f}({x})` and lets the gradient pass.
    phrases : Phrases
        What edits are written with.
    stack : str
        The function that makes one array of several and lets the gradient pass.
    write : str
        What to do instead of writing `{x}` into a plain array.
    copy : str
        The expression that copies `{x}` and lets the gradient pass.
    own_rule : str
        How a program gives a function its own derivative.
    sources : str
        What a gradient can be asked with respect to.
    draw : str
        How a random draw is written so that its parameters get a gradient.
    on_again : str
        What to do where gradients were turned off.
    inner : str
        What makes a first derivative something that can be differentiated again.
    again : str
        What to do where a tape or graph was consumed by an earlier gradient.
    scalar : str
        What to do where the target is not one number.
    smooth : str
        What stands for a function without a derivative.
    soft : str
        The function `{f}` that is smooth where another has steps; empty where the framework has none.
    keep : str
        What to do instead of taking the values out as an array.
    number : str
        What to do instead of taking the value out as a Python number.
    cannot_follow : str
        Who cannot follow a value that was taken out.
    unfollowed : str
        What the result of an operation is that took the name of something with a gradient.
    in_place : str
        What to do instead of binding the name `{x}` anew.
    watch_again : str
        What else to do, where the new value under the name `{x}` is meant.
    mark : str
        The word for what a tensor must have to get a gradient; empty where no tensor carries such a mark.
    """

    name: str
    module: str
    array: str
    watch: str
    recording: str
    follow: str
    where: str
    stop: str
    straight_through: str
    phrases: Phrases
    stack: str
    write: str
    copy: str
    own_rule: str
    sources: str
    draw: str
    on_again: str
    inner: str
    again: str
    scalar: str
    smooth: str
    soft: str
    keep: str
    number: str
    cannot_follow: str
    unfollowed: str
    in_place: str
    watch_again: str
    mark: str = ""


DIALECTS: dict[str, Dialect] = {
    "gradtape": Dialect(
        name="gradtape",
        module="gt",
        array="tensor",
        watch="tape.watch({x})",
        recording="inside the `with` block of the tape",
        follow="call `tape.watch({x})` first thing in the `with` block of the tape, or make `{x}` a `Variable`",
        where="np.where",
        stop="gt.stop_gradient",
        straight_through="gt.straight_through({f}, {x})",
        phrases=Phrases(
            functions=FUNCTIONS["gradtape"],
            passing="{x} + gt.stop_gradient({e} - {x})",
            passing_call="gt.straight_through({f}, {x})",
            still="gt.stop_gradient({x})",
            watch="{tape}.watch({x})",
            assign="{x}.assign({y})",
            subtract="{x}.assign_sub({y})",
            add="{x}.assign_add({y})",
        ),
        stack="np.stack",
        write="write into a tensor instead, `gradtape.constant(np.zeros(...))`: there `t[i] = x` stays on the tape",
        copy="np.copy({x})",
        own_rule="gradtape.external(f, vjp=...)",
        sources="a `Variable`, or a tensor that the tape watches",
        draw="write the draw as a function of noise, `mean + scale * noise`, or train with the score: "
        "`loss * log_probability`",
        on_again="move it out of the `stop_recording` block",
        inner="ask for it inside the `with` block of the outer tape",
        again="ask for all gradients in one call, or make the tape with `GradientTape(persistent=True)`",
        scalar="reduce it to one number with `np.sum(...)` or `np.mean(...)`, or use `gradtape.jacobian`",
        smooth="`gradtape.soft_argmax`, `soft_step` for a comparison, `soft_rank` for an order",
        soft="`gradtape.{f}(x, temperature=...)`",
        keep="keep the tensor: plain `np.*` functions and operators work on it and stay on the tape",
        number="use the tensor, not `float(...)`, `.item()` or a function of `math`: `np.sin(t)` stays on the tape",
        cannot_follow="the tape cannot follow it",
        unfollowed="a new tensor that no tape watches",
        in_place="change a variable in place instead: `{x}.assign(...)` or `{x}.assign_sub(...)`",
        watch_again="or call `tape.watch({x})` in each round, if the new tensor is what you mean",
    ),
    "tensorflow": Dialect(
        name="TensorFlow",
        module="tf",
        array="tensor",
        watch="tape.watch({x})",
        recording="inside the `with` block of the tape",
        follow="call `tape.watch({x})` first thing in the `with` block of the tape, or make `{x}` a `tf.Variable`",
        where="tf.where",
        stop="tf.stop_gradient",
        straight_through="{x} + tf.stop_gradient({f}({x}) - {x})",
        phrases=Phrases(
            functions=FUNCTIONS["tensorflow"],
            passing="{x} + tf.stop_gradient({e} - {x})",
            passing_call="",
            still="tf.stop_gradient({x})",
            watch="{tape}.watch({x})",
            assign="{x}.assign({y})",
            subtract="{x}.assign_sub({y})",
            add="{x}.assign_add({y})",
        ),
        stack="tf.stack",
        write="build the tensor with `tf.stack`, or use `tf.tensor_scatter_nd_update`",
        copy="tf.identity({x})",
        own_rule="tf.custom_gradient",
        sources="a `tf.Variable`, or a tensor that the tape watches",
        draw="write the draw as a function of noise, `mean + stddev * tf.random.normal(...)`, or train with the score: "
        "`loss * log_probability`",
        on_again="move it out of the `stop_recording` block",
        inner="ask for it inside the `with` block of the outer tape",
        again="ask for all gradients in one call, or make the tape with `tf.GradientTape(persistent=True)`",
        scalar="reduce it to one number with `tf.reduce_sum(...)` or `tf.reduce_mean(...)`, or use `tape.jacobian`",
        smooth="`tf.nn.softmax` weights for an argmax, `tf.sigmoid` for a comparison",
        soft="",
        keep="keep the tensor: compute with `tf.*` functions and operators, which stay on the tape",
        number="use the tensor, not `float(...)`, `.numpy()` or a function of `math`: `tf.sin(t)` stays on the tape",
        cannot_follow="the tape cannot follow it",
        unfollowed="a new tensor that no tape watches",
        in_place="change a variable in place instead: `{x}.assign(...)` or `{x}.assign_sub(...)`",
        watch_again="or call `tape.watch({x})` in each round, if the new tensor is what you mean",
    ),
    "torch": Dialect(
        name="PyTorch",
        module="torch",
        array="tensor",
        watch="{x}.requires_grad_()",
        recording="while gradients are on",
        follow="call `{x}.requires_grad_()` before the first use of `{x}`",
        where="torch.where",
        stop="{x}.detach()",
        straight_through="{x} + ({f}({x}) - {x}).detach()",
        phrases=Phrases(
            functions=FUNCTIONS["torch"],
            passing="{x} + ({e} - {x}).detach()",
            passing_call="",
            still="{x}.detach()",
            watch="{x}.requires_grad_()",
            assign="{x}.copy_({y})",
            subtract="{x} -= {y}",
            add="{x} += {y}",
        ),
        stack="torch.stack",
        write="write into a torch tensor, or build it with `torch.stack`",
        copy="{x}.clone()",
        own_rule="torch.autograd.Function",
        sources="a tensor with `requires_grad=True`",
        draw="draw with `rsample()`, which lets the gradient pass, or train with the score: `loss * log_prob(sample)`",
        on_again="move it out of `no_grad` or `inference_mode`, or compute it under `torch.enable_grad()`",
        inner="pass `create_graph=True` to it",
        again="compute the forward pass anew before each `backward()`, or detach what is carried over; "
        "`retain_graph=True` only if the same graph is really meant twice",
        scalar="reduce it to one number with `.sum()` or `.mean()`, or pass `gradient=`",
        smooth="`torch.softmax` weights for an argmax, `torch.sigmoid` for a comparison",
        soft="",
        keep="keep the tensor: compute with `torch.*` functions and operators, which stay in the graph",
        number="use the tensor, not `float(...)`, `.item()` or a function of `math`: `torch.sin(t)` stays in the graph",
        cannot_follow="the graph cannot follow it",
        unfollowed="a new tensor; the gradient stays with the one before",
        in_place="change the tensor in place instead, under `torch.no_grad()`: `{x} -= ...`",
        watch_again="or make the new tensor a leaf of its own in each round: `{x} = (...).detach().requires_grad_()`",
        mark="requires_grad",
    ),
    "jax": Dialect(
        name="JAX",
        module="jax",
        array="array",
        watch="an argument that is differentiated (`argnums`)",
        recording="inside the function that is differentiated",
        follow="make `{x}` an argument of the function that is differentiated, chosen by `argnums`",
        where="jnp.where",
        stop="jax.lax.stop_gradient",
        straight_through="{x} + jax.lax.stop_gradient({f}({x}) - {x})",
        phrases=Phrases(
            functions=FUNCTIONS["jax"],
            passing="{x} + jax.lax.stop_gradient({e} - {x})",
            passing_call="",
            still="jax.lax.stop_gradient({x})",
            watch="",
            assign="",
            subtract="",
            add="",
        ),
        stack="jnp.stack",
        write="use `a = a.at[i, j].set(x)`, or build the array with `jnp.stack`",
        copy="jnp.copy({x})",
        own_rule="jax.custom_vjp",
        sources="an argument of the function, chosen by `argnums`",
        draw="write the draw as a function of noise, `mean + scale * jax.random.normal(key, ...)`, or train with the "
        "score: `loss * log_probability`",
        on_again="move it to where gradients are on",
        inner="compute it inside the function that is differentiated again",
        again="compute the forward pass anew",
        scalar="reduce it to one number with `.sum()` or `.mean()`, return the rest with `has_aux=True`, or use "
        "`jax.jacobian`",
        smooth="`jax.nn.softmax` weights for an argmax, `jax.nn.sigmoid` for a comparison",
        soft="",
        keep="keep the array: compute with `jnp.*` functions and operators, which are traced",
        number="use the array itself, not `float(...)`, `.item()` or a function of `math`: `jnp.sin(x)` is traced",
        cannot_follow="the trace cannot follow it",
        unfollowed="a new array",
        in_place="give the new value another name, or pass it to the function that is differentiated",
        watch_again="or pass `{x}` as an argument that is differentiated",
    ),
}
