"""Questions as `explain` wants them: the graph up to the question, its ends with their names, the numbers behind it."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from gradtape.diagnostics import Site, syntax
from gradtape.explain import engine
from gradtape.explain.graph import BreakKind, End, Failure, Question
from gradtape.explain.report import Status
from gradtape.explain.search import backward_cone
from gradtape.recorders.crossings import Call
from gradtape.recorders.pulls import suspicious
from gradtape.recorders.summaries import summary
from gradtape.recorders.torch import failures, hooks, numbers, private
from gradtape.recorders.torch.frames import NOWHERE
from gradtape.recorders.torch.graph import Builder, differentiable
from gradtape.recorders.torch.memory import WRAPPED
from gradtape.recorders.torch.names import Names, receiver, text_before_dot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    from torch import Tensor

    from gradtape.diagnostics import Span
    from gradtape.explain.graph import Operation, Run
    from gradtape.explain.report import GradientReport
    from gradtape.recorders.torch.asked import Asked
    from gradtape.recorders.torch.autograd import Steps, Walk
    from gradtape.recorders.torch.desk import Desk
    from gradtape.recorders.torch.hooks import Acting

MOST_SOURCES = 60
"""Of how many sources one failing call is explained."""


class Questions:
    """The questions that one call asks: they share the graph, the names and the backward pass.

    Parameters
    ----------
    desk : Desk
    asked : Asked
    steps : Steps or None
        What the nodes did, where the backward pass was listened to.
    frame : FrameType or None
        Where names are looked up.
    """

    def __init__(self, desk: Desk, asked: Asked, steps: Steps | None, frame: FrameType | None) -> None:
        self.desk = desk
        self.asked = asked
        self.steps = steps
        self._frame = frame

    @cached_property
    def names(self) -> Names:
        """The names that the program has for tensors now."""
        found = Names(self._frame)
        self._frame = None
        return found

    @cached_property
    def builder(self) -> Builder:
        """The graph up to now, not yet linked through plain Python."""
        return Builder(self.desk.memory, self.names, self.desk.refused, hooks=[a.hook for a in self._acting])

    @cached_property
    def _acting(self) -> tuple[Acting, ...]:
        """The hooks that turned a gradient into something else in this backward pass."""
        return hooks.acting(self.steps, self.desk.memory) if self.steps is not None else ()

    @cached_property
    def values(self) -> Mapping[int, Tensor]:
        """The values that are still at hand."""
        return self.desk.memory.kept()

    @cached_property
    def pulls(self) -> Any:
        """The backward pass, as far as it was listened to."""
        return numbers.pulls(self.steps, self.builder, self.values, self._acting) if self.steps is not None else ()

    # -- the ends -------------------------------------------------------------------------------------------------

    @cached_property
    def targets(self) -> tuple[End, ...]:
        """The targets, under the names that the call gives them."""
        span = self.asked.site.span
        if self.asked.kind == "torch.func":
            return (self._result_of_transform(span),)
        if self.asked.kind == "autograd.grad":
            texts = argument_names(span, 0, "outputs", [None] * len(self.asked.roots), self.names)
        elif self.asked.kind in {"error", "optimizer.step"}:
            texts = [self.builder.name_of(root) or self._made_as(root) or "a value" for root in self.asked.roots]
        else:
            texts = [text_before_dot(span, "the target")] * len(self.asked.roots)
        return tuple(
            End(
                text,
                frozenset({root}),
                "tensor",
                _dtype(dtype),
                differentiable(dtype),
                made=self.builder.producers.get(root),
            )
            for text, root, dtype in zip(texts, self.asked.roots, self.asked.dtypes, strict=True)
        )

    def _result_of_transform(self, span: Span) -> End:
        """Return all that the function of a transform gave as one target: the program has one name for it."""
        asked, made = self.asked, [self.builder.producers.get(root) for root in self.asked.roots]
        kinds = [dtype for dtype in asked.dtypes if differentiable(dtype)] or list(asked.dtypes)
        return End(
            _transformed(span),
            frozenset(asked.roots),
            "tensor",
            _dtype(kinds[0]) if kinds else "",
            any(map(differentiable, asked.dtypes)),
            made=next((operation for operation in made if operation is not None), None),
        )

    def _made_as(self, number: int) -> str | None:
        made = self.builder.producers.get(number)
        return self._named_by_making(made) if made is not None else None

    def source(self, tensor: Tensor, name: str | None = None) -> End:
        """Describe a source."""
        ids = self.builder.ids(tensor)
        entry = self.desk.memory.meet(tensor)
        parameter = isinstance(tensor, torch.nn.Parameter)
        made = self._made(entry.tensor_id)
        path = self.desk.paths.get(entry.tensor_id, "")
        known = self.names.of(private.unwrapped(tensor))
        if path and (known is None or known.isidentifier()):  # `model.head.weight` tells more than the `p` of a loop
            known = path
        text = known or name or (self._named_by_making(made) if made is not None else None)
        shown = self.values.get(entry.id)
        transformed = self.asked.kind == "torch.func"  # which asks for the gradient of whatever it is given
        return End(
            text or "the tensor",
            ids,
            "variable" if parameter else "tensor",
            _dtype(tensor.dtype),
            differentiable(tensor.dtype),
            watched=transformed or (tensor.requires_grad and tensor.is_leaf),
            trainable=transformed or tensor.requires_grad or not parameter,
            made=made,
            path=path,
            leaf=tensor.is_leaf or tensor.retains_grad,
            value=summary(numbers.array(shown)) if shown is not None else None,
        )

    def _made(self, number: int) -> Operation | None:
        """Return what made a value, in the program's own text."""
        made = self.builder.producers.get(number)
        while made is not None and made.site == Site(*NOWHERE[0]):
            made = self.builder.producers.get(made.inputs[0]) if made.name == WRAPPED.name else None
        return made

    def _named_by_making(self, made: Any) -> str | None:
        span = made.site.span
        statement = syntax.statement_at(span)
        value = getattr(statement, "value", None)
        names = syntax.assigned_names(span)
        if names and value is not None and syntax.span_of(value, span.file) == span:
            return names[0]
        text = span.text
        return text if 0 < len(text) <= 60 and "\n" not in text else next(iter(names), None)

    # -- questions ------------------------------------------------------------------------------------------------

    def run(self, sources: Sequence[Tensor]) -> Run:
        """Return the graph, linked through plain Python for these sources."""
        roots = {number for tensor in sources for number in self.builder.ids(tensor)}
        return self.builder.run(roots, Call(self.asked.site, self.asked.seq))

    @cached_property
    def _linked_run(self) -> Run:
        """The graph, linked through what left since the question before: a part of a gradient may be lost."""
        earlier = max((asked.seq for asked in self.desk.asked if asked.seq < self.asked.seq), default=0)
        exits = self.builder.unsaid_exits(earlier)
        if not exits:
            return self._plain_run
        roots = {number for tensor in self.builder.leaves.values() for number in self.builder.ids(tensor)}
        return self.builder.run(roots, Call(self.asked.site, self.asked.seq), exits=exits)

    @cached_property
    def _plain_run(self) -> Run:
        return self.builder.run((), Call(self.asked.site, self.asked.seq))

    def about(
        self,
        tensor: Tensor,
        status: Status,
        name: str | None = None,
        gradient: Tensor | None = None,
        failure: Failure | None = None,
    ) -> Iterator[GradientReport]:
        """Explain the gradient of one source; `failure` says why one that flowed is not there any more."""
        stands_for_nothing = status is Status.ZERO and self.asked.kind == "torch.func"
        run = (
            self.run([tensor])
            if status is Status.NONE or stands_for_nothing
            else self._linked_run
            if status is Status.OK
            else self._plain_run
        )
        source = self.source(tensor, name)
        found = gradient if gradient is not None else tensor.grad if tensor.is_leaf or tensor.retains_grad else None
        size = summary(numbers.array(found)) if found is not None else None
        pulls = self.pulls if size is not None and suspicious(size) else ()
        if status is Status.NAN:
            run = replace(run, values=numbers.summaries(self.values, self._everything))
        elif pulls:
            run = replace(run, values=numbers.summaries(self.values, backward_cone(run, self.asked.roots)))
        question = Question(
            run,
            self.asked.kind,
            self.asked.site,
            self.targets,
            source,
            status,
            gradient=size,
            pulls=pulls,
            failure=failure,
            dialect="torch",
        )
        yield engine.explain(question)

    @cached_property
    def _everything(self) -> set[int]:
        return {operation.output for operation in self.builder.operations} | {
            number for operation in self.builder.operations for number in operation.inputs
        }

    def about_error(
        self, error: BaseException, walk: Walk, targets: Sequence[Tensor], sources: Sequence[Tensor]
    ) -> Iterator[GradientReport]:
        """Explain an error that a backward pass raised; `sources` are those that were asked for, if any were."""
        text = failures.one_line(error)
        failure = failures.of_backward(error, self.asked, walk, self.builder, self.desk.freed, targets[0])
        chosen = list(walk.leaves.values())
        names: list[str] = []
        if sources:
            chosen = list(sources)
            names = argument_names(self.asked.site.span, 1, "inputs", sources, self.names)
        if private.UNUSED.search(text):
            unused = [not walk.reaches(tensor) for tensor in chosen]
            names = [name for name, is_ in zip(names, unused, strict=True) if is_]
            chosen = [tensor for tensor, is_ in zip(chosen, unused, strict=True) if is_]
        elif private.NO_GRAPH.search(text) and not sources:
            chosen = self._without_graph()
        for place, tensor in enumerate(chosen[:MOST_SOURCES]):
            yield self._failed(tensor, failure, names[place] if names else None)

    def _failed(self, tensor: Tensor, failure: Failure, name: str | None = None) -> GradientReport:
        run = self.run([tensor])
        question = Question(
            run,
            self.asked.kind,
            self.asked.site,
            self.targets,
            self.source(tensor, name),
            Status.ERROR,
            failure=failure,
            dialect="torch",
        )
        return engine.explain(question)

    def _without_graph(self) -> list[Tensor]:
        """Return whose gradients a target could not give that hangs on nothing.

        Every leaf that a broken way leads from; else what the program means to train and never marked.
        """
        leaves = list(self.builder.leaves.values())
        cone = self._cone(leaves)
        marked = [tensor for tensor in leaves if not cone.isdisjoint(self.builder.ids(tensor))]
        return marked or self._unmarked(cone) or leaves

    def _cone(self, tensors: Sequence[Tensor]) -> set[int]:
        return backward_cone(self.run(tensors), self.asked.roots)

    def _unmarked(self, cone: set[int]) -> list[Tensor]:
        """Return what the program means to train before the target: parameters, and tensors whose `.grad` it reads."""
        found = []
        for entry in list(self.desk.memory.known.values()):
            tensor = entry.ref()
            if (
                tensor is None
                or tensor.requires_grad
                or not differentiable(tensor.dtype)
                or cone.isdisjoint(self.builder.ids(tensor))
            ):
                continue
            name = self.names.of(tensor)
            trained = isinstance(tensor, torch.nn.Parameter) or self._is_step(entry.id)
            if trained or (name is not None and _grad_is_read(self.asked.site.span.file, name)):
                found.append(tensor)
        return found

    def _is_step(self, number: int) -> bool:
        """Whether a value was computed from a leaf and from a gradient: what a step of training gives."""
        made = self.builder.producers.get(number)
        leaves = self.desk.memory.leaves
        if made is None or not any(self.builder.first.get(i, i) in leaves for i in made.inputs):
            return False
        before = backward_cone(self._plain_run, made.inputs)
        producers = self.builder.producers
        return any(i in producers and producers[i].function == "gradient" for i in before)

    def about_number(self, text: str) -> Iterator[GradientReport]:
        """Explain that `backward()` was called on a plain number: from which leaves it was made."""
        span = self.asked.site.span
        node = receiver(span)
        if node is None:
            return
        target = End(text_before_dot(span, "the target"), frozenset({-(10**9)}), "number", "float", differentiable=True)
        leaves = list(self.builder.leaves.values())
        ids = {number for tensor in leaves for number in self.builder.ids(tensor)}
        run = self.builder.run(ids, Call(self.asked.site, self.asked.seq, receiver=node), (target,))
        cone = backward_cone(run, target.ids)
        for tensor in [t for t in leaves if not cone.isdisjoint(self.builder.ids(t))][:MOST_SOURCES]:
            question = Question(
                run,
                self.asked.kind,
                self.asked.site,
                (target,),
                self.source(tensor),
                Status.ERROR,
                failure=Failure("", text),
                dialect="torch",
            )
            yield engine.explain(question)

    def about_operation(self, failure: Failure, inputs: Sequence[int]) -> Iterator[GradientReport]:
        """Explain an error that an operation raised, for the leaves that it hangs on."""
        by_id = {number: tensor for tensor in self.builder.leaves.values() for number in self.builder.ids(tensor)}
        if failure.kind == BreakKind.GRADIENTS_OFF:
            failure = failures.of_inference(failure, inputs, self.builder)
        refused = self.desk.memory.held(inputs[0]) if failure.kind == "nonleaf-grad-read" and inputs else None
        if refused is not None:
            self.targets = ()  # nothing was asked of it yet
            yield self._failed(refused, failure, _only_given(self.asked.site.span))
            return
        cone = backward_cone(self._plain_run, [number for number in inputs if number])
        tensors = {id(by_id[number]): by_id[number] for number in cone if number in by_id}
        for tensor in list(tensors.values())[:MOST_SOURCES]:
            yield self._failed(tensor, failure)
        if failure.kind == "integer-source" or (private.OF_A_BATCH.search(failure.text) and not tensors):
            yield self._never_made(failure)

    def _never_made(self, failure: Failure) -> GradientReport:
        """Tell of a tensor that PyTorch refused to make, or of a value that has no number of its own."""
        span, whole = self.asked.site.span, failure.kind == "integer-source"
        name = next(iter(syntax.assigned_names(span)), None) or text_before_dot(span, "the tensor")
        source = End(name, frozenset(), "tensor", "int64" if whole else "float32", differentiable=not whole)
        question = Question(
            self._plain_run,
            self.asked.kind,
            self.asked.site,
            () if whole else self.targets,
            source,
            Status.ERROR,
            failure=failure,
            dialect="torch",
        )
        return engine.explain(question)


def _only_given(span: Span) -> str | None:
    """Return the one tensor that a call is given in a list, as it stands there: `f(x)` of `SGD([f(x)])`."""
    node = syntax.expression_at(span)
    given = node.args[0] if isinstance(node, ast.Call) and node.args else None
    only = given.elts[0] if isinstance(given, ast.List) and len(given.elts) == 1 else None
    return syntax.text_of(only) if only is not None and not isinstance(only, ast.Starred | ast.Dict) else None


def _transformed(span: Span) -> str:
    """Return what a transformed function computes: `f` of `torch.func.grad(f)(x)` and of `jvp(f, (x,), (v,))`."""
    node = syntax.expression_at(span)
    transform = node.func if isinstance(node, ast.Call) else None
    if isinstance(node, ast.Call) and transform is not None and syntax.text_of(transform).rpartition(".")[2] in AT_ONCE:
        transform = node
    if isinstance(transform, ast.Call) and transform.args:
        text = syntax.text_of(transform.args[0])
        return text if len(text) <= MOST_TEXT and "\n" not in text else "the function"
    return "the result"


AT_ONCE = {"jvp", "linearize"}
"""Functions of `torch.func` that take a function together with its arguments, and answer at once."""


def transformed_names(span: Span, tensors: Sequence[Tensor], names: Names) -> list[str]:
    """Return what a call of a transformed function calls the tensors whose gradient it gives."""
    node = syntax.expression_at(span)
    alone = isinstance(node, ast.Call) and isinstance(node.func, ast.Call) and len(node.args) == len(tensors) == 1
    text = syntax.text_of(node.args[0]) if alone and isinstance(node, ast.Call) and not node.keywords else ""
    if not text or len(text) > MOST_TEXT or "\n" in text:
        text = "the argument"
    plain = [text] if len(tensors) == 1 else [f"part {place + 1} of the arguments" for place in range(len(tensors))]
    return [names.of(tensor) or short for tensor, short in zip(tensors, plain, strict=True)]


MOST_TEXT = 60


def _dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _grad_is_read(file: str, name: str) -> bool:
    """Whether a file reads `.grad` of a name."""
    tree = syntax.parse_file(file)
    wanted = name.rpartition(".")[2]
    return tree is not None and any(
        isinstance(node, ast.Attribute)
        and node.attr == "grad"
        and syntax.text_of(node.value).rpartition(".")[2] == wanted
        for node in ast.walk(tree)
    )


def argument_names(
    span: Span, position: int, keyword: str, tensors: Sequence[Tensor | None], names: Names
) -> list[str]:
    """Return what a call of `autograd.grad` calls the tensors of one argument."""
    paths = [f"[{place}]" for place in range(len(tensors))]
    texts = syntax.argument_texts(span, position, keyword, [""])
    text = texts[0] if texts is not None else keyword
    try:
        node: ast.expr | None = ast.parse(text, mode="eval").body
    except SyntaxError:
        node = None
    if isinstance(node, ast.List | ast.Tuple) and len(node.elts) == len(tensors):
        spelled = [ast.unparse(element) for element in node.elts]
    elif len(tensors) == 1:
        spelled = [text]
    else:
        spelled = [text + path if len(text) < 40 else keyword + path for path in paths]
    return [
        (names.of(tensor) if tensor is not None and len(tensors) > 1 else None) or short
        for tensor, short in zip(tensors, spelled, strict=True)
    ]
