"""What each function of PyTorch is for a recorder: what it computes, what has no derivative, what it does besides.

One row per function, looked up by its name once and kept by the function itself.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, NamedTuple, TypeVar

from gradtape.explain.graph import BreakKind, Own

T = TypeVar("T")


class Role(Enum):
    """What a recorder does when a function is called."""

    IGNORED = auto()
    """Asks for a shape, a dtype, a flag: nothing that a gradient could flow through."""
    OPERATION = auto()
    ARRAY = auto()
    """Gives the value as an ndarray."""
    NUMBER = auto()
    """Gives the value as a Python number."""
    BRANCH = auto()
    MODE = auto()
    """Turns gradients on or off."""
    READ_GRAD = auto()
    SET_GRAD = auto()
    """Gives a tensor another gradient, or none."""
    MARK = auto()
    """Turns `requires_grad` on or off."""
    ALIAS = auto()
    """Gives the same memory without its history: writing to the one changes the other."""
    SET_DATA = auto()
    BACKWARD = auto()
    GRAD = auto()
    HOOK = auto()
    """Lets a function change the gradient of a tensor on its way."""
    FROM_NUMPY = auto()
    """NumPy's result, made a tensor again."""


class Function(NamedTuple):
    """One row: what a function is.

    Parameters
    ----------
    name : str
        What messages call it.
    neutral : str
        NumPy's name of what it computes, by which causes know it.
    role : Role
    kind : BreakKind or None
        Why nothing flows back through any of its inputs, whatever PyTorch does.
    reason : str
        Continues the name: "is constant between integers".
    overwrites : bool
        Whether it writes to its first argument and nothing of what was there remains.
    numbers : bool
        Whether plain numbers and arrays among its arguments are values (and not axes or sizes).
    settings : tuple of str
        The plain arguments, after the tensor, whose values causes want to know; in the order of the positions.
    view : bool
        Whether its result may be a view of its first argument.
    blind : bool
        Whether it reads nothing of its arguments but a shape and a dtype.
    template : int
        The argument of which it reads nothing but a shape, a dtype or a device; -1 if it reads all of them.
    parallel : bool
        Whether each of its results is made from the argument at the same place alone.
    own : Own or None
        The derivative that the program gave it, if it is not PyTorch's.
    """

    name: str
    neutral: str
    role: Role = Role.OPERATION
    kind: BreakKind | None = None
    reason: str = ""
    overwrites: bool = False
    numbers: bool = False
    settings: tuple[str, ...] = ()
    view: bool = False
    blind: bool = False
    template: int = -1
    parallel: bool = False
    own: Own | None = None


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _each(names: str, value: T) -> dict[str, T]:
    return dict.fromkeys(names.split(), value)


NEUTRAL = {
    "mul": "multiply",
    "div": "divide",
    "true_divide": "divide",
    "sub": "subtract",
    "rsub": "subtract",
    "rdiv": "divide",
    "rtruediv": "divide",
    "rpow": "power",
    "pow": "power",
    "float_power": "power",
    "neg": "negative",
    "mm": "matmul",
    "bmm": "matmul",
    "mv": "matmul",
    "rmatmul": "matmul",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "acosh": "arccosh",
    "asinh": "arcsinh",
    "atanh": "arctanh",
    "clamp": "clip",
    "clamp_min": "clip",
    "clamp_max": "clip",
    "hardtanh": "clip",
    "relu6": "clip",
    "cat": "concatenate",
    "concat": "concatenate",
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "vector_norm": "norm",
    "matrix_norm": "norm",
    "floordiv": "floor_divide",
    "rfloordiv": "floor_divide",
    "remainder": "mod",
    "rmod": "mod",
    "masked_fill": "where",
    "special_expit": "sigmoid",
    "view": "reshape",
    "flatten": "reshape",
    "unsqueeze": "expand_dims",
    "permute": "transpose",
    "t": "transpose",
    "T": "transpose",
    "mT": "transpose",
    "transpose": "swapaxes",
    "expand": "broadcast_to",
    "lt": "less",
    "gt": "greater",
    "le": "less_equal",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
    "linalg_norm": "norm",
    "dropout": "dropout",
}
"""NumPy's names where PyTorch's differ."""

STEPS = {
    "floor": "is constant between integers",
    "ceil": "is constant between integers",
    "round": "is constant between half-integers",
    "trunc": "is constant between integers",
    "fix": "is constant between integers",
    "floor_divide": "is constant between multiples of the divisor",
    "floordiv": "is constant between multiples of the divisor",
    "rfloordiv": "is constant between multiples of the divisor",
    "sign": "is constant on either side of zero",
    "sgn": "is constant on either side of zero",
    "heaviside": "is constant on either side of zero",
    "hardshrink_mask": "is constant on either side of the threshold",
}

DISCRETE = {
    **_each(
        "argmax argmin",
        "gives a position, and positions are integers",
    ),
    **_each(
        "argsort searchsorted bucketize nonzero argwhere",
        "gives positions, which are integers",
    ),
    **_each(
        "lt gt le ge eq ne less greater less_equal greater_equal equal not_equal",
        "gives truth values, which cannot move a little",
    ),
    **_each(
        "isnan isinf isfinite isclose logical_and logical_or logical_not logical_xor any all",
        "gives truth values, which cannot move a little",
    ),
    **_each(
        "histc bincount histogram histogramdd count_nonzero unique",
        "counts, and counts are integers",
    ),
    "one_hot": "takes positions, which are integers",
}

SAMPLES = ("multinomial", "bernoulli", "poisson", "binomial", "normal", "_standard_gamma_sample")

CASTS = _names("long int short byte char bool to type type_as")
"""Functions that turn into integers on purpose."""

REBUILDS = _names(
    "tensor as_tensor asarray new_tensor linspace logspace arange range full full_like new_full "
    "scalar_tensor Tensor Parameter Buffer from_numpy sparse_coo_tensor FloatTensor DoubleTensor"
)
"""Functions that make a new tensor from values."""

SHAPE_ONLY = _names(
    "zeros_like ones_like empty_like rand_like randn_like randint_like new_zeros new_ones new_empty empty "
    "zeros ones eye rand randn randint randperm"
)
"""Functions that read nothing but a shape and a dtype."""

TEMPLATES = {
    **_each("full_like new_full new_tensor", 0),
    **_each("expand_as view_as reshape_as resize_as type_as", 1),
}
"""Which argument lends a function nothing but its shape, dtype or device."""

REFLECTED = _names("radd rsub rmul rdiv rtruediv rpow rfloordiv rmatmul")
"""Operators that were asked of their right operand, which they get first: `2 - t`."""

OVERWRITING = _names(
    "zero uniform exponential geometric cauchy log_normal random kaiming_uniform kaiming_normal "
    "xavier_uniform xavier_normal trunc_normal orthogonal sparse constant zeros ones eye dirac copy fill"
)
"""Functions that write to their first argument, and nothing of what was there remains."""

ARITHMETIC = _names(
    "add radd sub rsub mul rmul div rdiv rtruediv true_divide pow rpow floordiv rfloordiv floor_divide "
    "remainder fmod setitem fill masked_fill where maximum minimum copy lerp addcmul addcdiv atan2 clamp "
    "matmul rmatmul full full_like new_full float_power subtract multiply divide index_fill mse_loss "
    "l1_loss"
) | (REBUILDS - {"Parameter", "arange", "range"})
"""Functions among whose arguments plain numbers and arrays are values."""

VIEWS = _names(
    "getitem view reshape flatten transpose t T mT H mH permute squeeze unsqueeze chunk split select "
    "narrow expand expand_as unbind diagonal unfold real imag view_as movedim swapaxes swapdims detach "
    "contiguous to as_strided data unflatten ravel __iter__"
)

PARALLEL = _names("broadcast_tensors meshgrid atleast_1d atleast_2d atleast_3d")

AXIS = ("axis",)
SETTINGS: dict[str, tuple[str, ...]] = {
    **_each(
        "sum mean std var prod amax amin max min softmax log_softmax",
        AXIS,
    ),
    **_each(
        "logsumexp cumsum cumprod cat stack median argmax argmin glu",
        AXIS,
    ),
    "norm": ("p", "axis"),
    "vector_norm": ("p", "axis"),
    "normalize": ("p", "axis", "eps"),
    "pow": ("exponent",),
    "clamp": ("min", "max"),
    "clamp_min": ("min",),
    "clamp_max": ("max",),
    "hardtanh": ("min", "max"),
    "leaky_relu": ("negative_slope",),
    "masked_fill": ("mask", "value"),
    "dropout": ("p",),
    "grid_sample": ("grid", "mode"),
}
"""The plain arguments that causes want to know, in the order of their positions after the tensor."""

GETTERS: dict[str, Role] = {
    "data": Role.ALIAS,
    "grad": Role.READ_GRAD,
    **_each(
        "T mT H mH real imag",
        Role.OPERATION,
    ),
}
"""Attributes whose reading matters; every other one is ignored."""

SETTERS: dict[str, Role] = {"data": Role.SET_DATA, "requires_grad": Role.MARK, "grad": Role.SET_GRAD}

ROLES: dict[str, Role] = {
    **_each(
        "numpy __array__",
        Role.ARRAY,
    ),
    **_each(
        "item tolist __float__ __int__ __complex__ __index__",
        Role.NUMBER,
    ),
    "__bool__": Role.BRANCH,
    "is_nonzero": Role.BRANCH,
    "__array_wrap__": Role.FROM_NUMPY,
    "detach": Role.ALIAS,
    "requires_grad_": Role.MARK,
    "register_hook": Role.HOOK,
    "backward": Role.BACKWARD,
    "grad": Role.GRAD,
    "_set_grad_enabled": Role.MODE,
    "set_data": Role.SET_DATA,
    **_each(
        "size dim ndimension numel nelement stride storage_offset data_ptr element_size get_device",
        Role.IGNORED,
    ),
    **_each(
        "__len__ __repr__ __str__ __format__ __hash__ __dir__ __contains__ __reduce_ex__ __setstate__",
        Role.IGNORED,
    ),
    **_each(
        "is_floating_point is_complex is_contiguous is_tensor is_inference is_shared is_pinned is_set_to",
        Role.IGNORED,
    ),
    **_each(
        "is_same_size is_signed is_storage is_conj is_neg has_names untyped_storage storage storage_type",
        Role.IGNORED,
    ),
    **_each(
        "retain_grad register_post_accumulate_grad_hook retains_grad manual_seed get_rng_state",
        Role.IGNORED,
    ),
    **_each(
        "set_rng_state result_type can_cast promote_types broadcast_shapes share_memory_ pin_memory",
        Role.IGNORED,
    ),
    **_each(
        "_is_all_true _is_any_true _record_function_enter_new _use_count allclose",
        Role.IGNORED,
    ),
}
"""What functions are that are no plain operations, by the name of the function."""


def describe(func: Any) -> Function:
    """Say what a function of PyTorch is, from its name."""
    name = getattr(func, "__name__", None) or str(func)
    owner = getattr(func, "__self__", None)
    if name == "__get__":
        attribute = getattr(owner, "__name__", "")
        return _row(attribute, GETTERS.get(attribute, Role.IGNORED))
    if name in {"__set__", "__delete__"}:
        attribute = getattr(owner, "__name__", "")
        role = SETTERS.get(attribute, Role.IGNORED)
        return _row(attribute, role if name == "__set__" or role is Role.SET_GRAD else Role.IGNORED)
    if name.startswith("_record_function"):
        return _row(name, Role.IGNORED)
    return _row(name, ROLES.get(name, Role.OPERATION))


def _row(raw: str, role: Role) -> Function:
    plain = raw.strip("_") if raw.startswith("__") else raw
    inplace = plain.endswith("_") and not plain.startswith("_")
    plain = plain.removesuffix("_")
    kind: BreakKind | None = None
    reason = ""
    if role is Role.ALIAS:
        kind = BreakKind.STOP
    elif plain in STEPS:
        kind, reason = BreakKind.PIECEWISE_CONSTANT, STEPS[plain]
    elif plain in DISCRETE:
        kind, reason = BreakKind.NO_DERIVATIVE, DISCRETE[plain]
    elif plain in SAMPLES and not inplace:
        kind = BreakKind.SAMPLED
    elif plain in REBUILDS:
        kind = BreakKind.REBUILT
    elif raw == "__deepcopy__":
        kind = BreakKind.COPIED
    elif role is Role.SET_DATA:
        kind = BreakKind.STOP
    elif role is Role.FROM_NUMPY:
        kind = BreakKind.LEFT_AS_ARRAY
    name = ".data" if raw == "data" and role is Role.ALIAS else ".data =" if role is Role.SET_DATA else plain
    return Function(
        name,
        NEUTRAL.get(plain, plain),
        role,
        kind,
        reason,
        overwrites=(inplace and plain in OVERWRITING) or (inplace and plain == "normal"),
        numbers=plain in ARITHMETIC,
        settings=SETTINGS.get(plain, ()),
        view=plain in VIEWS,
        blind=plain in SHAPE_ONLY,
        template=TEMPLATES.get(plain, -1),
        parallel=plain in PARALLEL,
    )


PARAMETER = Function("Parameter", "parameter", kind=BreakKind.REBUILT)
"""`nn.Parameter(...)`: a new leaf from the values."""

LEGACY = Function("Tensor", "tensor", kind=BreakKind.REBUILT)
"""`torch.Tensor([...])`, `torch.FloatTensor([...])`: a new tensor of numbers that were tensors."""

COPY = Function("deepcopy", "copy", kind=BreakKind.COPIED)
"""`copy.deepcopy(...)`: a leaf of its own."""
