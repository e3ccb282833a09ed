"""What a row of the table is: an operation, and for each of its arguments a rule or one of the kinds of nothing.

A rule is written once, against a namespace `xp` that offers every operation of the table under its own name:

`Partial(lambda xp, y, *inputs: ...)`
    The partial derivative of an elementwise operation. Broadcasting and summing back are the sweep's work.
`Linear(lambda xp, g, y, *inputs, **params: ...)`
    The transpose of an operation that is linear in all its `Linear` arguments together (`add`, `concatenate`, `sum`).
`Multilinear(lambda xp, g, y, *inputs, **params: ...)`
    The transpose of an operation that is linear in this argument while the others stand still (`matmul`).
`General(lambda xp, g, y, *inputs, **params: ...)`
    Any other vector-Jacobian product.

`g` is the incoming cotangent, `y` the output, the inputs are array data in the order of the call, params are metadata
by keyword. A row with several results (`parts`) gets `Cotangents` and a tuple. A rule must be linear in `g`. What it
reads decides what the tape keeps: an argument that it reads only as `x.shape`, `x.dtype`, `x.ndim` or `x.size` is kept
as a `Spec`, one that it does not read is not kept at all.

Complex numbers: a rule gives the plain product or transpose, without conjugates, so that what is right for real numbers
is right for holomorphic functions; only rows that are not holomorphic (`abs`, `real`, `conjugate`) say more. The sweep
conjugates at its two ends, which makes the gradient TensorFlow's.

Where there is no rule the argument has a status that says which nothing it is: `Zero`, `NoTangent`, `NotYet`, `Stopped`
or `Foreign`. Each carries its reason, in words that continue "`floor` ...", and the slug of the cause it becomes.
"""

from __future__ import annotations

from ast import literal_eval
from functools import cache, partial
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from gradtape.errors import NoGradientError
from gradtape.ops.domains import REAL, Case, Domain
from gradtape.ops.reading import Need, needs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REQUIRED: Final = object()
"""The default of a parameter that has none."""


class Unsupported(Exception):  # noqa: N818 - it is an answer, not a failure
    """The table has no place for one of the call's arguments; NumPy may."""


class Spec(NamedTuple):
    """The shape and dtype of an array that was not kept."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


class RealShape(tuple[int, ...]):
    """The shape of a real input of an operation with a complex result: of its cotangent, the real part counts."""

    __slots__ = ()


class Cotangents:
    """What flows back to a row with several results: `g[k]` belongs to the k-th, None where nothing arrived."""

    __slots__ = ("of",)
    __iter__ = None  # it has no end: Python would ask for one place after the other

    def __init__(self, of: dict[int, Any]) -> None:
        self.of = of

    def __getitem__(self, place: int) -> Any:
        return self.of.get(place)

    def __add__(self, other: Cotangents) -> Cotangents:
        total = dict(self.of)
        for place, g in other.of.items():
            total[place] = total[place] + g if place in total else g
        return Cotangents(total)


class Index:
    """What stands in the brackets of `x[...]`: one opaque argument, whatever it is made of."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Index(value={self.value!r})"

    def __eq__(self, other: object) -> Any:
        return self.value == other.value if isinstance(other, Index) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.value,))


SMALL_FLOATS = frozenset({"bfloat16", "float8_e4m3fn", "float8_e5m2"})
"""Floating-point dtypes that NumPy gets from another library and does not call so."""


def is_floating(dtype: Any) -> bool:
    """Whether a dtype is floating point, real or complex, of any width."""
    return dtype.kind in "fc" or dtype.name in SMALL_FLOATS


_make = tuple.__new__
"""Makes a named tuple in a third of the time of its class."""


def spec(value: Any) -> Spec:
    """Describe an array, or a Python number as the 0-d array it stands for."""
    try:
        return _make(Spec, (value.shape, value.dtype))
    except AttributeError:
        return Spec(getattr(value, "shape", ()), getattr(value, "dtype", None))


class Status:
    """Why an argument has no rule; `reason` continues the name of the operation: "is constant between integers"."""

    __slots__ = ("reason",)
    cause: ClassVar[str]

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reason!r})"


class Zero(Status):
    """The derivative is zero wherever it exists."""

    __slots__ = ()
    cause = "piecewise-constant"


class NoTangent(Status):
    """The argument or the output has no directions to move in: positions, truth values, orders."""

    __slots__ = ()
    cause = "no-derivative"


class IntegerCast(NoTangent):
    """The output has a dtype without derivatives because the call asked for one."""

    __slots__ = ()
    cause = "integer-cast"


class NotYet(Status):
    """A derivative exists and nobody wrote it: a gradient that would have to pass raises, it is never partial."""

    __slots__ = ()
    cause = "missing-rule"


class Undescribed(NotYet):
    """An external function that was given no derivative: a gradient that would have to pass raises."""

    __slots__ = ()
    cause = "opaque-callback"


class Callback(Status):
    """A function that the program handed over computed it on plain values; the result is a constant."""

    __slots__ = ()
    cause = "opaque-callback"


class Sampled(NoTangent):
    """The result was drawn at random, and jumps while the argument moves."""

    __slots__ = ()
    cause = "sampled"


class Stopped(Status):
    """The path ends here because the program says so."""

    __slots__ = ()
    cause = "stop-gradient"


class Foreign(Status):
    """No row knows the function: NumPy or another library computed it on plain values."""

    __slots__ = ()
    cause = "left-through-numpy"


class Rule:
    """A derivative; its kind says what `fn` computes (see the module).

    `into`, where a rule has it, adds the cotangent to an array that the sweep owns: `into(xp, total, g, y, *inputs)`.
    It spares an array of the input's size for each of many small pieces that are taken out of one array.

    `picks`, where a rule has it, says that the operation does nothing but pick slices along the first axis, and returns
    their positions: `picks(*inputs, **params)`. With the cotangents of the slices they stand for the whole.

    `jvp`, where a `General` rule has it, gives what this argument adds to the result's tangent instead of a transpose
    of `fn`: `jvp(xp, tangent, y, *inputs, **params)`.
    """

    __slots__ = ("fn", "into", "jvp", "picks")
    takes_cotangent: ClassVar[bool] = True

    def __init__(
        self,
        fn: Callable[..., Any],
        into: Callable[..., None] | None = None,
        picks: Callable[..., Any] | None = None,
        jvp: Callable[..., Any] | None = None,
    ) -> None:
        self.fn = fn
        self.into = into
        self.picks = picks
        self.jvp = jvp

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.fn!r})"


class Partial(Rule):
    """The elementwise partial derivative."""

    __slots__ = ()
    takes_cotangent = False


class Linear(Rule):
    """The transpose of a jointly linear operation."""

    __slots__ = ()


class Multilinear(Rule):
    """The transpose of an operation linear in this argument alone."""

    __slots__ = ()


class General(Rule):
    """Any vector-Jacobian product."""

    __slots__ = ()


UNMADE: Final = ()
"""What `Op.pulls` is until a sweep has asked."""


class Op:
    """One row of the table. Made by `registry.op`; read-only afterwards, but for what others keep with it.

    `permanent` is said of the rows of the table: they hold nothing of a user's, and stay as long as the process.
    `kernel` is bound by a space, `savers` are made when an operation is first recorded, `pulls` by the first sweep
    that meets it (`tape/pulls.py`).
    """

    __slots__ = (
        "_needs",
        "aliases",
        "alone",
        "args",
        "cases",
        "connects",
        "defaults",
        "domain",
        "elementwise",
        "gauge_free",
        "given",
        "kept",
        "kernel",
        "methods",
        "name",
        "numpy",
        "params",
        "parts",
        "permanent",
        "plumbing",
        "positions",
        "pulls",
        "room",
        "rules",
        "savers",
        "scipy",
        "statuses",
        "variadic",
    )

    def __init__(
        self,
        name: str,
        call: str,
        statuses: Mapping[str, Rule | Status],
        *,
        numpy: str | None = None,
        scipy: str | None = None,
        aliases: tuple[str, ...] = (),
        methods: tuple[str, ...] = (),
        domain: Domain | tuple[Domain, ...] = REAL,
        cases: tuple[Case, ...] = (),
        elementwise: bool = False,
        parts: int = 0,
        gauge_free: Callable[..., Any] | None = None,
        plumbing: bool = False,
        room: str = "",
        given: bool = False,
    ) -> None:
        self.name = name
        self.given = given
        self.numpy = numpy
        self.scipy = scipy
        self.parts = parts
        self.gauge_free = gauge_free
        self.permanent = False
        self.plumbing = plumbing
        self.room = room
        self.aliases = aliases
        self.methods = methods
        signature = parse_call(call)
        self.variadic = "*" in call
        self.positions = tuple([n.lstrip("*~") for n, _ in signature])
        self.args: tuple[str, ...] = tuple([n for n in self.positions if n in statuses])
        self.params = tuple([(n, d) for n, d in signature if n.lstrip("*") not in statuses and n[0] != "~"])
        self.defaults = {n: d for n, d in self.params if d is not REQUIRED}
        needs_params = len(self.defaults) < len(self.params)
        self.alone = -1 if needs_params else 1 if self.variadic else len(self.args)
        if len(self.args) != len(statuses):
            missing = [n for n in statuses if n not in self.args]
            raise TypeError(f"row {name}: {missing} not in its call ({call})")
        self.statuses: tuple[Rule | Status, ...] = tuple([statuses[n] for n in self.args])
        self.rules: tuple[Rule | None, ...] = tuple(
            [s if isinstance(s, Rule) else _refusal(name, s) if isinstance(s, NotYet) else None for s in self.statuses]
        )
        self.connects = any(self.rules)
        self.elementwise = elementwise or Partial in map(type, self.statuses)
        self._needs: tuple[tuple[int, ...], ...] | None = None
        self.domain = domain if isinstance(domain, tuple) else (domain,) * len(self.args)
        self.cases = cases
        self.kernel: Callable[..., Any] = partial(_first_run, self)
        self.savers: dict[int, Callable[[Any, Any], tuple[Any, ...]]] = {}
        self.kept: dict[int, bytes | tuple[None, ...]] = {}
        self.pulls: Any = UNMADE

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    @property
    def needs(self) -> tuple[tuple[int, ...], ...]:
        """What each argument's rule reads of `(y, *inputs)`; found out when the row is first recorded."""
        if self._needs is None:
            self._needs = tuple(
                needs(s.fn, len(self.args), s.takes_cotangent) if isinstance(s, Rule) else () for s in self.statuses
            )
        return self._needs

    def status(self, position: int) -> Rule | Status:
        """Return the rule or status of the argument at a position of a call (all of a variadic row's share one)."""
        return self.statuses[0 if self.variadic else position]

    def make_saver(self, mask: int) -> Callable[[Any, Any], tuple[Any, ...]]:
        """Make the function `(y, inputs) -> residuals` for the arguments whose bits are set in `mask`.

        The residuals line up with what a rule is called with: `y` first, then the inputs. A variadic row gives its rule
        one list: of specs if it is linear in them, of values otherwise. `savers` remembers what was made, and `kept`
        how much is kept of `y` and each input, a byte for each; for nothing at all, the residuals themselves.
        """
        if self.variadic:
            made = self._variadic_saver()
        else:
            levels = self._levels(mask)
            self.kept[mask] = bytes(levels) if any(levels) else (None,) * len(levels)
            made = _make_saver(levels)
        self.savers[mask] = made
        return made

    def _levels(self, mask: int) -> tuple[int, ...]:
        asked = [n for k, n in enumerate(self.needs) if n and mask >> k & 1]
        if not asked:
            return (Need.NOTHING,) * (len(self.args) + 1)
        y, *inputs = (max(column) for column in zip(*asked, strict=True))
        if self.parts:
            y = Need.VALUE
        elif any(isinstance(s, General) for s in self.statuses) or not self._runs_on_tangents(mask, inputs):
            y = max(y, Need.SPEC)  # forward mode transposes the rule, and has to know the shape of its cotangent
        return (y, *inputs)

    def _runs_on_tangents(self, mask: int, kept: list[int]) -> bool:
        """Whether what is kept for the reverse rules is enough to run the operation itself on tangents."""
        for k, status in enumerate(self.statuses):
            if not mask >> k & 1 or not isinstance(status, Linear | Multilinear):
                continue
            together = isinstance(status, Linear)
            for other, need in enumerate(kept):
                zero = together and isinstance(self.statuses[other], Linear)
                enough = Need.NOTHING if zero and self.elementwise else Need.SPEC if zero else Need.VALUE
                if other != k and need < enough:
                    return False
        return True

    def _variadic_saver(self) -> Callable[[Any, Any], tuple[Any, ...]]:
        if isinstance(self.rules[0], Linear) or isinstance(self.statuses[0], NotYet):
            return lambda _y, inputs: (None, [spec(v) for v in inputs])
        return lambda y, inputs: (y, inputs)


_default = cache(literal_eval)  # a thousand rows have a dozen defaults


def parse_call(text: str) -> tuple[tuple[str, Any], ...]:
    """Read `"a, axis=None, ~dtype=None, keepdims=False"` into pairs of a name and its default.

    `*arrays` marks a sequence of arrays, `~dtype` an argument of NumPy's function that the doors deal with: it keeps
    its position in the call and is no parameter of the operation.
    """
    pairs = []
    for part in text.split(", "):
        name, _, default = part.strip().partition("=")
        if name:
            pairs.append((name, _default(default) if default else REQUIRED))
    return tuple(pairs)


resolve: list[Callable[[Op], Callable[..., Any]]] = []
"""How a row finds its kernel: set by the space that runs the users' operations, which this room does not know."""


def _first_run(op: Op, *args: Any, **params: Any) -> Any:
    """Find the kernel when an operation runs for the first time; its library is imported no earlier."""
    op.kernel = resolve[0](op)
    return op.kernel(*args, **params)


def _refusal(name: str, status: NotYet) -> Rule:
    """Make the rule that stands where none was written: what flows here would otherwise be lost without a word."""

    def refuse(*_args: Any, **_params: Any) -> Any:
        error = NoGradientError(f"{name} {status.reason}")
        error.add_note("give the derivative yourself: `gradtape.external(f, vjp=...)`")
        raise error

    return General(refuse)


def _make_saver(levels: tuple[int, ...]) -> Callable[[Any, Any], tuple[Any, ...]]:
    """Write the tuple out once instead of deciding per call: it runs for every recorded operation."""
    if not any(levels):
        nothing = (None,) * len(levels)
        return lambda _y, _inputs: nothing
    parts = []
    for place, level in zip(["y", *(f"v[{k}]" for k in range(len(levels) - 1))], levels, strict=True):
        parts.append({Need.NOTHING: "None", Need.SPEC: f"spec({place})", Need.VALUE: place}[level])
    made: Callable[[Any, Any], tuple[Any, ...]] = eval(f"lambda y, v: ({', '.join(parts)},)", {"spec": spec})  # noqa: S307
    return made
