"""Edits around functions of libraries that no framework sees into: SciPy, OpenCV, plots, what takes plain arrays."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import defined_in, parts, simple_name
from gradtape.explain.edits.pen import function_name
from gradtape.explain.names import MATH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

OWN = {
    "gradtape": {"gradtape", "numpy"},
    "torch": {"torch"},
    "tensorflow": {"tensorflow", "keras", "gradtape"},
    "jax": {"jax"},
}
"""The packages whose functions each framework follows, by dialect."""

IN_JAX = {
    "special": (
        "bernoulli beta betainc betaln digamma entr erf erfc erfinv exp1 expi expit expn factorial gamma gammainc "
        "gammaincc gammaln hyp1f1 hyp2f1 i0 i0e i1 i1e kl_div log_ndtr log_softmax logit logsumexp multigammaln ndtr "
        "ndtri poch polygamma rel_entr softmax spence xlog1py xlogy zeta"
    ),
    "linalg": (
        "block_diag cho_factor cho_solve cholesky det eigh expm hilbert inv lu lu_factor lu_solve pascal polar qr "
        "schur solve solve_triangular sqrtm svd toeplitz"
    ),
    "stats": (
        "bernoulli beta betabinom binom cauchy chi2 dirichlet expon gamma gennorm geom laplace logistic multinomial "
        "multivariate_normal nbinom norm pareto poisson t truncnorm uniform vonmises wrapcauchy"
    ),
    "signal": "convolve convolve2d correlate correlate2d csd detrend fftconvolve istft stft welch",
    "fft": "dct dctn idct idctn",
    "integrate": "trapezoid",
    "ndimage": "map_coordinates",
}
"""The functions and distributions of SciPy's that `jax.scipy` has, by module."""


ON_OUR_TAPE = {
    "optimize": (
        "bisect brenth brentq curve_fit fixed_point fsolve least_squares minimize minimize_scalar newton ridder root "
        "root_scalar toms748"
    ),
    "integrate": "dblquad fixed_quad nquad odeint quad quad_vec solve_ivp tplquad",
}
"""What `gradtape.scipy` has of the functions of SciPy's that are given functions, by module."""


def on_our_tape(call: ast.expr, file: str) -> str:
    """Return our name of such a function where it is called; empty for any other expression."""
    full = scopes.stands_for(call.func, file) if isinstance(call, ast.Call) else None
    top, module, name = (*(full or "").split("."), "", "")[:3]
    return f"gradtape.{full}" if top == "scipy" and name in ON_OUR_TAPE.get(module, "").split() else ""


def calls_given(function: str, file: str) -> list[ast.Call]:
    """Return the calls of a file that are given a function by its name."""
    tree = syntax.parse_file(file)
    calls = [n for n in syntax.nodes_of(tree) if isinstance(n, ast.Call)] if tree is not None else []
    return [call for call in calls if any(syntax.text_of(a) == function for a in call.args)]


def renamed(call: ast.Call, name: str, pen: Pen) -> Changes:
    """Call a function of `gradtape.scipy` instead, by the name that the file has for its module, or else by ours."""
    module = ".".join(name.split(".")[:3])
    known = scopes.imported_as(pen.file, module, pen.at)
    text = f"{known}{name.removeprefix(module)}" if known is not None else pen.say(f"gt.{name.partition('.')[2]}")
    return (*builders.rename_call(call, pen.file, text), *pen.imports)


def solved_in_jax(call: ast.Call, file: str, pen: Pen) -> Changes:
    """Let `jax.experimental.ode.odeint` solve what SciPy's was asked to; its function gets arrays of JAX's."""
    named = {k.arg for k in call.keywords} <= {"args"}
    if scopes.stands_for(call.func, file) != "scipy.integrate.odeint" or len(call.args) != 3 or not named:
        return ()
    function, start, _ = call.args
    own = [f for f in syntax.functions_in(file) if f.name == syntax.text_of(function)]
    body: ast.AST | None = function if isinstance(function, ast.Lambda) else own[0] if len(own) == 1 else None
    given = call.keywords[0].value if call.keywords else None
    if body is None or (given is not None and not isinstance(given, ast.Tuple)):
        return ()
    changes: list[Change] = [*builders.rename_call(call, file, "jax.experimental.ode.odeint")]
    if isinstance(start, ast.List):
        changes += builders.replace(start, file, pen.say("jnp.array({x})", x=builders.written(start, file)))
    elif isinstance(start, ast.Constant):
        changes += builders.as_float(start, file)
    if isinstance(given, ast.Tuple):
        text = ", ".join(builders.written(e, file) for e in given.elts)
        changes.append(Change(syntax.span_of(call.keywords[0], file), text))
    listed = [n.value for n in ast.walk(body) if isinstance(n, ast.Return) and isinstance(n.value, ast.List)]
    for value in [*listed, *([body.body] if isinstance(body, ast.Lambda) and isinstance(body.body, ast.List) else [])]:
        span = syntax.span_of(value, file)
        changes += [
            insertion(file, span.line, span.column, pen.say("jnp.array(")),
            insertion(file, span.end_line, span.end_column, ")"),
        ]
    return (*changes, *builders.add_import(file, "import jax.experimental.ode"))


DENSITIES = {"cdf", "isf", "logcdf", "logpdf", "logpmf", "logsf", "pdf", "pmf", "ppf", "sf"}
"""What it can ask a distribution."""


def in_jax(call: ast.Call, file: str) -> str:
    """Return the name below `jax.scipy` of what a call of SciPy's calls; empty if JAX does not have it."""
    full = scopes.stands_for(call.func, file) or ""
    first, _, rest = full.partition(".")
    module, _, name = rest.partition(".")
    own, _, method = name.partition(".")
    if first != "scipy" or own not in IN_JAX.get(module, "").split():
        return ""
    fits = method in DENSITIES if module == "stats" else not method
    return f"{module}.{name}" if fits else ""


BY_DIFFERENCES = '''

class ByDifferences(torch.autograd.Function):
    """A function of plain arrays, differentiated by differences: write its own derivative here if there is one."""

    @staticmethod
    def forward(ctx, x, function):
        ctx.save_for_backward(x)
        ctx.function = lambda value: torch.as_tensor(function(value.detach().double().cpu().numpy()))
        return ctx.function(x).to(x)

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        at, came = x.detach().double().flatten(), grad_output.double().cpu()
        slopes = torch.zeros_like(at)
        for k in range(len(at)):
            step = torch.zeros_like(at)
            step[k] = 1e-4 * max(1.0, abs(at[k].item()))
            ahead, behind = ((at + sign * step).reshape(x.shape) for sign in (1, -1))
            slopes[k] = ((ctx.function(ahead) - ctx.function(behind)) * came).sum() / (2 * step[k])
        return slopes.reshape(x.shape).to(x), None

'''.rstrip()
"""A derivative for any function of one array, whatever library computes it; one call more per number and side."""


def is_foreign(call: ast.Call, file: str, pen: Pen) -> bool:
    """Whether a call goes to a function of a library that the framework neither follows nor has itself."""
    full = scopes.stands_for(call.func, file)
    if full is None:
        return _is_made_by_numbers(call.func, file)
    if pen.dialect == "jax" and in_jax(call, file):
        return False
    top = full.partition(".")[0]
    name = function_name(call.func, file)
    if top in OWN.get(pen.dialect, ()) or (name is not None and pen.knows(name)):
        return False
    source = getattr(sys.modules.get(top), "__file__", None) or ""
    return top in sys.stdlib_module_names or "site-packages" in source or "dist-packages" in source


OF_NUMBERS = {"numpy", "scipy", "sklearn", "pandas", "cv2", "skimage", "statsmodels"}
"""Libraries whose objects compute with plain arrays: an interpolation, a tree of neighbours, a fitted model."""


def _is_made_by_numbers(function: ast.expr, file: str) -> bool:
    """Whether a function, or the object whose method it is, was made by a library that computes with plain arrays."""
    span = syntax.span_of(function, file)
    names = [function, *([function.value] if isinstance(function, ast.Attribute) else [])]
    for name in names:
        given = syntax.values_given_to(syntax.text_of(name), span) if isinstance(name, ast.Name | ast.Attribute) else []
        made = [maker(v, file) for v in given]
        if made and all(full.partition(".")[0] in OF_NUMBERS and "." in full for full in made):
            return True
    return False


def maker(value: ast.expr, file: str) -> str:
    """Return the full name of what made an object: `sklearn.linear_model.Ridge` for `Ridge().fit(x, y)`."""
    while (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and isinstance(value.func.value, ast.Call)
    ):
        value = value.func.value
    return scopes.stands_for(value.func, file) or "" if isinstance(value, ast.Call) else ""


def is_of_python(call: ast.Call, file: str) -> bool:
    """Whether a call goes to Python's own library, and what it gives is used: `json.dumps(...)`."""
    top = (scopes.stands_for(call.func, file) or "").partition(".")[0]
    return top in sys.stdlib_module_names and not isinstance(builders.parent_of(call, file), ast.Expr)


def calls_with(nodes: Iterable[ast.AST], names: set[str], file: str, pen: Pen) -> list[ast.Call]:
    """Return the calls of foreign functions in some code that are given one of these names."""
    return [
        node
        for root in nodes
        for node in parts(root)
        if isinstance(node, ast.Call)
        and is_foreign(node, file, pen)
        and any(names & syntax.names_in(a, ast.Load) for a in (*node.args, *(k.value for k in node.keywords)))
    ]


def by_differences(call: ast.Call, value: ast.expr, text: str, file: str, pen: Pen) -> Changes:
    """Give a call of a foreign function a derivative by differences in one argument, for which `text` stands."""
    outer = builders.parent_of(call, file)
    several = isinstance(outer, ast.Assign) and isinstance(outer.targets[0], ast.Tuple)
    if pen.dialect != "torch" or value not in call.args or several or isinstance(outer, ast.Subscript | ast.Attribute):
        return ()  # of which a part, or a method, is wanted
    plain = scopes.free_name(file, "plain")
    whole, inner = builders.written(call, file), syntax.span_of(value, file)
    span = syntax.span_of(call, file)
    if span.line != inner.line or span.end_line != inner.end_line:
        return ()
    start = inner.column - span.column
    inside = whole[:start] + plain + whole[start + len(builders.written(value, file)) :]
    new = scopes.free_name(file, "ByDifferences")
    return (
        *builders.add_import(file, BY_DIFFERENCES.replace("ByDifferences", new)),
        *builders.replace(call, file, f"{new}.apply({text}, lambda {plain}: {inside})"),
    )


def detached(call: ast.Call, names: set[str], file: str) -> Changes:
    """Hand a foreign function the value without its history, as it cannot take more."""
    given = [a for a in call.args if syntax.text_of(a) in names]
    return tuple(c for a in given for c in builders.replace(a, file, f"{builders.operand(a, file)}.detach()"))


def in_jax_numpy(pen: Pen, body: ast.AST, file: str) -> Changes:
    """Return the changes that call `jax.numpy`, which has the names of NumPy, for NumPy and `math`."""
    found: list[Change] = []
    stack = [body]
    while stack:
        node = stack.pop()
        name = function_name(node, file) if isinstance(node, ast.Name | ast.Attribute) else None
        if name is None or not isinstance(node, ast.expr):
            stack += ast.iter_child_nodes(node)
        else:
            found.append(Change(syntax.span_of(node, file), pen.say(f"jnp.{MATH.get(name, name)}")))
    return tuple(found)


COUNTING = {"set", "Counter", "count", "index"}
"""What Python does with plain values, and no tensor has a derivative for."""


def is_counted(statement: ast.stmt | None, file: str) -> bool:
    """Whether a statement lists what Python counts in plain values, itself or in a function of the file."""
    lists = [n for n in ast.walk(statement) if isinstance(n, ast.ListComp)] if statement is not None else []
    calls = [n for each in lists for n in ast.walk(each.elt) if isinstance(n, ast.Call)]
    bodies = [body for call in calls if (body := defined_in(file, call)) is not None]
    calls += [n for body in bodies for n in ast.walk(body) if isinstance(n, ast.Call)]
    return any(simple_name(call) in COUNTING for call in calls)
