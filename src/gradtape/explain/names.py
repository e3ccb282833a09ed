"""How each framework calls what NumPy has a name for: what an edit needs to move an expression into the framework."""

from __future__ import annotations

PARTS = frozenset(
    {"getitem", "reshape", "transpose", "squeeze", "expand_dims", "ravel", "copy", "identity", "cast", "broadcast_to"}
)
"""What gives the elements of its argument, some of them or in another form, as an object of its own."""

_ELEMENTWISE = (
    "abs", "ceil", "cos", "cosh", "exp", "floor", "log1p", "expm1", "maximum", "minimum", "reshape", "round", "sign",
    "sin", "sinh", "sqrt", "square", "stack", "tan", "tanh", "transpose", "where", "zeros_like", "ones_like",
)  # fmt: skip
"""Names that every framework has as NumPy does."""

_MORE = (
    "add", "cumprod", "cumsum", "diag", "divide", "einsum", "max", "mean", "min", "multiply", "negative", "outer",
    "prod", "std", "subtract", "sum", "trace", "var", "linalg.det", "linalg.inv", "linalg.norm", "linalg.solve",
    "matmul", "log", "squeeze", "isfinite", "isnan", "logaddexp", "dot",
)  # fmt: skip
"""Names that PyTorch and JAX have as NumPy does."""

_NUMPY_ONLY = (
    "append", "average", "clip", "concatenate", "convolve", "cross", "diff", "expand_dims", "fabs", "flip", "hstack",
    "interp", "inner", "kron", "linalg.eigh", "linalg.eigvalsh", "linalg.pinv", "linalg.svd", "median", "moveaxis",
    "pad", "percentile", "power", "quantile", "ravel", "repeat", "roll", "sort", "swapaxes", "take", "tensordot",
    "tile", "vstack", "arccos", "arcsin", "arctan", "arctan2", "arcsinh", "arccosh", "arctanh", "log2", "log10", "exp2",
    "nanmean", "nansum", "true_divide", "absolute", "amax", "amin", "hypot", "linalg.slogdet", "linalg.cholesky",
)  # fmt: skip


_LIKE_NUMPY = (
    "append", "conj", "diff", "exp2", "flip", "hstack", "hypot", "inner", "kron", "log10", "log2", "logaddexp",
    "moveaxis", "nanmean", "nansum", "ravel", "sinc", "swapaxes", "take", "vstack",
)  # fmt: skip
"""Names that TensorFlow has among its functions with NumPy's arguments, and not among its own."""

_JAX_TOO = (
    "angle", "atleast_1d", "atleast_2d", "bartlett", "blackman", "block", "broadcast_to", "cbrt", "column_stack",
    "conj", "copysign", "corrcoef", "cov", "deg2rad", "degrees", "diagonal", "dstack", "ediff1d", "fliplr", "flipud",
    "float_power", "fmax", "fmin", "fmod", "gradient", "hamming", "hanning", "heaviside", "imag", "kaiser",
    "linalg.cond", "linalg.eigvals", "linalg.lstsq", "linalg.matrix_power", "linalg.multi_dot", "linalg.qr", "mod",
    "nan_to_num", "nanmax", "nanmin", "nanstd", "nanvar", "polyval", "positive", "ptp", "rad2deg", "radians", "real",
    "reciprocal", "remainder", "rot90", "sinc", "trapezoid", "tril", "triu", "unwrap", "vander", "vdot",
)  # fmt: skip
"""Further names that JAX has as NumPy does."""

_TORCH_TOO = (
    "atleast_1d", "atleast_2d", "broadcast_to", "column_stack", "copysign", "corrcoef", "cov", "deg2rad", "diagonal",
    "dstack", "fliplr", "flipud", "float_power", "fmax", "fmin", "fmod", "linalg.cond", "linalg.eigvals",
    "linalg.matrix_power", "linalg.multi_dot", "linalg.qr", "meshgrid", "positive", "quantile", "rad2deg", "reciprocal",
    "remainder", "rot90", "sort", "tril", "triu", "vander", "vdot",
)  # fmt: skip
"""Further names that PyTorch has, with NumPy's arguments or what `edits/to_torch.py` makes of them."""

_FOURIER = (
    "fft", "ifft", "rfft", "irfft", "fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn",
    "fftshift", "ifftshift", "fftfreq", "rfftfreq",
)  # fmt: skip


def _all(module: str, *groups: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{module}.{name}" for group in groups for name in group}


FUNCTIONS: dict[str, dict[str, str]] = {
    "gradtape": _all("np", _ELEMENTWISE, _MORE, _NUMPY_ONLY)
    | {
        "softmax": "gt.nn.softmax",
        "log_softmax": "gt.nn.log_softmax",
        "sigmoid": "gt.nn.sigmoid",
        "log_sigmoid": "gt.nn.log_sigmoid",
        "softplus": "gt.nn.softplus",
        "logsumexp": "gt.scipy.special.logsumexp",
        "map_coordinates": "gt.scipy.ndimage.map_coordinates",
        "erf": "gt.scipy.special.erf",
        "erfc": "gt.scipy.special.erfc",
        "gammaln": "gt.scipy.special.gammaln",
        "leaky_relu": "gt.nn.leaky_relu",
    },
    "tensorflow": _all("tf", _ELEMENTWISE)
    | _all("tf.experimental.numpy", _LIKE_NUMPY)
    | {
        "absolute": "tf.abs",
        "fabs": "tf.abs",
        "add": "tf.add",
        "subtract": "tf.subtract",
        "multiply": "tf.multiply",
        "divide": "tf.divide",
        "true_divide": "tf.divide",
        "negative": "tf.negative",
        "power": "tf.pow",
        "arccos": "tf.acos",
        "arcsin": "tf.asin",
        "arctan": "tf.atan",
        "arctan2": "tf.atan2",
        "log": "tf.math.log",
        "log1p": "tf.math.log1p",
        "expm1": "tf.math.expm1",
        "sum": "tf.reduce_sum",
        "mean": "tf.reduce_mean",
        "average": "tf.reduce_mean",
        "prod": "tf.reduce_prod",
        "max": "tf.reduce_max",
        "amax": "tf.reduce_max",
        "min": "tf.reduce_min",
        "amin": "tf.reduce_min",
        "std": "tf.math.reduce_std",
        "var": "tf.math.reduce_variance",
        "cumsum": "tf.cumsum",
        "cumprod": "tf.math.cumprod",
        "concatenate": "tf.concat",
        "expand_dims": "tf.expand_dims",
        "squeeze": "tf.squeeze",
        "matmul": "tf.matmul",
        "einsum": "tf.einsum",
        "clip": "tf.clip_by_value",
        "sort": "tf.sort",
        "tile": "tf.tile",
        "roll": "tf.roll",
        "repeat": "tf.repeat",
        "diag": "tf.linalg.diag",
        "trace": "tf.linalg.trace",
        "linalg.det": "tf.linalg.det",
        "linalg.inv": "tf.linalg.inv",
        "linalg.norm": "tf.norm",
        "linalg.solve": "tf.linalg.solve",
        "linalg.eigh": "tf.linalg.eigh",
        "linalg.cholesky": "tf.linalg.cholesky",
        "isfinite": "tf.math.is_finite",
        "isnan": "tf.math.is_nan",
        "softmax": "tf.nn.softmax",
        "log_softmax": "tf.nn.log_softmax",
        "sigmoid": "tf.sigmoid",
        "log_sigmoid": "tf.math.log_sigmoid",
        "softplus": "tf.nn.softplus",
        "logsumexp": "tf.reduce_logsumexp",
        "leaky_relu": "tf.nn.leaky_relu",
        "linspace": "tf.linspace",
        "arange": "tf.range",
        "cross": "tf.linalg.cross",
        "dot": "tf.tensordot",
        "outer": "tf.tensordot",
        "tensordot": "tf.tensordot",
        "erf": "tf.math.erf",
        "erfc": "tf.math.erfc",
        "gammaln": "tf.math.lgamma",
        "arcsinh": "tf.asinh",
        "arccosh": "tf.acosh",
        "arctanh": "tf.atanh",
        "real": "tf.math.real",
        "imag": "tf.math.imag",
        "linalg.pinv": "tf.linalg.pinv",
        "linalg.slogdet": "tf.linalg.slogdet",
        "fft.rfft": "tf.signal.rfft",
        "fft.irfft": "tf.signal.irfft",
        "fft.fft": "tf.signal.fft",
        "fft.ifft": "tf.signal.ifft",
        "fft.fft2": "tf.signal.fft2d",
        "fft.ifft2": "tf.signal.ifft2d",
        "fft.fftshift": "tf.signal.fftshift",
        "fft.ifftshift": "tf.signal.ifftshift",
    },
    "torch": _all("torch", _ELEMENTWISE, _MORE)
    | {
        "absolute": "torch.abs",
        "fabs": "torch.abs",
        "power": "torch.pow",
        "true_divide": "torch.divide",
        "arccos": "torch.acos",
        "arcsin": "torch.asin",
        "arctan": "torch.atan",
        "arctan2": "torch.atan2",
        "amax": "torch.amax",
        "amin": "torch.amin",
        "concatenate": "torch.cat",
        "clip": "torch.clamp",
        "cross": "torch.linalg.cross",
        "flip": "torch.flip",
        "hypot": "torch.hypot",
        "hstack": "torch.hstack",
        "vstack": "torch.vstack",
        "inner": "torch.inner",
        "kron": "torch.kron",
        "roll": "torch.roll",
        "ravel": "torch.ravel",
        "log2": "torch.log2",
        "log10": "torch.log10",
        "linalg.eigh": "torch.linalg.eigh",
        "linalg.eigvalsh": "torch.linalg.eigvalsh",
        "linalg.slogdet": "torch.linalg.slogdet",
        "linalg.cholesky": "torch.linalg.cholesky",
        "softmax": "torch.softmax",
        "log_softmax": "torch.log_softmax",
        "sigmoid": "torch.sigmoid",
        "log_sigmoid": "torch.nn.functional.logsigmoid",
        "softplus": "torch.nn.functional.softplus",
        "logsumexp": "torch.logsumexp",
        "leaky_relu": "torch.nn.functional.leaky_relu",
        "arange": "torch.arange",
        "linspace": "torch.linspace",
        "angle": "torch.angle",
        "conj": "torch.conj",
        "real": "torch.real",
        "imag": "torch.imag",
        "erf": "torch.erf",
        "erfc": "torch.erfc",
        "gammaln": "torch.lgamma",
        "arcsinh": "torch.asinh",
        "arccosh": "torch.acosh",
        "arctanh": "torch.atanh",
        "diff": "torch.diff",
        "exp2": "torch.exp2",
        "expand_dims": "torch.unsqueeze",
        "linalg.pinv": "torch.linalg.pinv",
        "linalg.svd": "torch.linalg.svd",
        "moveaxis": "torch.movedim",
        "nan_to_num": "torch.nan_to_num",
        "nanmean": "torch.nanmean",
        "nansum": "torch.nansum",
        "sinc": "torch.sinc",
        "swapaxes": "torch.swapaxes",
        "tensordot": "torch.tensordot",
        "tile": "torch.tile",
        "trapezoid": "torch.trapezoid",
        "trapz": "torch.trapezoid",
        "hanning": "torch.signal.windows.hann",
        "hamming": "torch.signal.windows.hamming",
        "blackman": "torch.signal.windows.blackman",
        "bartlett": "torch.signal.windows.bartlett",
        "array_split": "torch.tensor_split",
        "copy": "torch.clone",
        "degrees": "torch.rad2deg",
        "dot": "torch.matmul",
        "mod": "torch.remainder",
        "percentile": "torch.quantile",
        "radians": "torch.deg2rad",
        "repeat": "torch.repeat_interleave",
        "split": "torch.tensor_split",
    }
    | _all("torch", _TORCH_TOO)
    | {f"fft.{name}": f"torch.fft.{name}" for name in _FOURIER},
    "jax": _all("jnp", _ELEMENTWISE, _MORE, _NUMPY_ONLY, _JAX_TOO)
    | {
        "softmax": "jax.nn.softmax",
        "log_softmax": "jax.nn.log_softmax",
        "sigmoid": "jax.nn.sigmoid",
        "log_sigmoid": "jax.nn.log_sigmoid",
        "softplus": "jax.nn.softplus",
        "logsumexp": "jax.nn.logsumexp",
        "map_coordinates": "jax.scipy.ndimage.map_coordinates",
        "leaky_relu": "jax.nn.leaky_relu",
        "arange": "jnp.arange",
        "linspace": "jnp.linspace",
        "trapz": "jnp.trapezoid",
        "erf": "jax.scipy.special.erf",
        "erfc": "jax.scipy.special.erfc",
        "gamma": "jax.scipy.special.gamma",
        "gammaln": "jax.scipy.special.gammaln",
    }
    | {f"fft.{name}": f"jnp.fft.{name}" for name in _FOURIER},
}
"""By framework and NumPy's name (`softmax` and its kin where NumPy has none), under the usual names of modules."""

MATH = {
    "pow": "power",
    "fabs": "abs",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "dist": "linalg.norm",
    "lgamma": "gammaln",
}
"""Functions of `math` that NumPy calls otherwise."""
