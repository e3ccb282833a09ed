"""Edits where a program of JAX's calls what SciPy has and JAX has not: integrals, equations, tables, functions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.outside import foreign
from gradtape.explain.edits.pen import function_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.diagnostics import Suggestion
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen


def instead(case: Case) -> Suggestion | None:
    """Let JAX do what a function of SciPy's was to do with a traced value."""
    pen, file = case.pen, case.file
    if pen.dialect != "jax" or case.context.question.failure is None:
        return None
    for call in dict.fromkeys(_near(case)):
        full = scopes.stands_for(call.func, file) or ""
        way = WAYS.get(full) or (_by_differences if full.startswith("scipy.special.") else None)
        found = way(case, pen, call) if way is not None and not foreign.in_jax(call, file) else None
        if found is not None:
            return found
    return None


def _near(case: Case) -> Iterator[ast.Call]:
    """Yield the calls around the place, those that a function around it is handed to, and what made what is called."""
    node, tree = case.node, syntax.parse_file(case.file)
    yield from (n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.Call))
    name = getattr(case.function, "name", None)
    for call in (n for n in (ast.walk(tree) if tree is not None else ()) if isinstance(n, ast.Call)):
        if name and any(isinstance(a, ast.Name) and a.id == name for a in call.args):
            yield call
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from (v for v in syntax.values_given_to(node.func.id, case.at) if isinstance(v, ast.Call))


def _handed(call: ast.Call, file: str) -> ast.AST | None:
    """Return the function that a call gets first, where the file has it."""
    given = call.args[0] if call.args else None
    own = [f for f in syntax.functions_in(file) if isinstance(given, ast.Name) and f.name == given.id]
    return given if isinstance(given, ast.Lambda) else own[0] if len(own) == 1 else None


def _with_helper(pen: Pen, file: str, helper: str, name: str) -> tuple[str, Changes]:
    """Return what a helper is called in the file, and the changes that write it out below the imports."""
    new = scopes.free_name(file, name)
    text = pen.say(helper).replace(name, new)
    return new, (*pen.imports, *builders.add_import(file, text))


# -- integrals and equations ------------------------------------------------------------------------------------------

INTEGRATED = '''

def integrated(function, low, high, args=(), points=64):
    """Integrate by Gauss and Legendre's rule, which JAX differentiates; `quad` gives an error beside the value."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    half = (high - low) / 2
    values = jax.vmap(lambda t: function(t, *args))(low + half * (jnp.asarray(nodes) + 1))
    return half * jnp.sum(jnp.asarray(weights) * values), 0.0

'''.rstrip()


def _integral(case: Case, pen: Pen, call: ast.Call) -> Suggestion | None:
    """Integrate over a bounded stretch by a sum."""
    body, file = _handed(call, case.file) or next(iter(call.args), None), case.file
    bounds = [n for a in call.args[1:3] for n in ast.walk(a)]
    if body is None or len(call.args) < 3 or any("inf" in syntax.text_of(n) for n in bounds if isinstance(n, ast.expr)):
        return None
    if any(k.arg != "args" for k in call.keywords):
        return None
    if isinstance(body, ast.expr) and not isinstance(body, ast.Lambda) and function_name(body, file) is None:
        return None
    new, more = _with_helper(pen, file, INTEGRATED, "integrated")
    return builders.sketch(
        *builders.rename_call(call, file, new), *foreign.in_jax_numpy(pen, body, file), *pen.imports, *more
    )


SOLVED = '''

def solved(function, span, start, t_eval=None, args=()):
    """Solve an equation by `jax.experimental.ode`, which JAX differentiates, in the form of SciPy's `solve_ivp`."""
    times = jnp.asarray(span if t_eval is None else t_eval, float)
    rates = lambda y, t: jnp.asarray(function(t, y, *args))
    y = jax.experimental.ode.odeint(rates, jnp.asarray(start, float), times).T
    return types.SimpleNamespace(t=times, y=y, success=True)

'''.rstrip()


def _equation(case: Case, pen: Pen, call: ast.Call) -> Suggestion | None:
    body, file = _handed(call, case.file), case.file
    known = {"t_eval", "args", "rtol", "atol", "method"}
    if body is None or len(call.args) != 3 or not {k.arg for k in call.keywords} <= known:
        return None
    dropped = [
        c
        for k in call.keywords
        if k.arg in {"rtol", "atol", "method"}
        for c in builders.drop_argument(call, file, k.arg or "")
    ]
    new, more = _with_helper(pen, file, SOLVED, "solved")
    inside = foreign.in_jax_numpy(pen, body, file)
    imports = builders.add_import(file, "import types\n\nimport jax.experimental.ode")
    return builders.sketch(*builders.rename_call(call, file, new), *dropped, *inside, *pen.imports, *imports, *more)


# -- tables -----------------------------------------------------------------------------------------------------------


def _table(case: Case, pen: Pen, call: ast.Call) -> Suggestion | None:
    """Look up between the points of a table by `jnp.interp`."""
    file, given = case.file, {k.arg: k.value for k in call.keywords}
    kind, beyond = given.pop("kind", None), given.pop("fill_value", None)
    given.pop("bounds_error", None)
    if len(call.args) != 2 or given or (kind is not None and syntax.text_of(kind).strip("'\"") != "linear"):
        return None
    further = beyond is not None and syntax.text_of(beyond).strip("'\"") == "extrapolate"
    if beyond is not None and not further:
        return None
    places, values = (builders.written(a, file) for a in call.args)
    name = scopes.free_name(file, "at")
    rest = ', left="extrapolate", right="extrapolate"' if further else ""
    text = f"lambda {name}: {pen.call('interp', name, places, values + rest)}"
    return builders.likely(*builders.replace(call, file, text), *pen.imports)


IN_PIECES = '''

def in_pieces(spline):
    """Return a spline of SciPy's, with its knots and factors as they are, as a function that JAX differentiates."""
    knots, factors = jnp.asarray(spline.x), jnp.asarray(spline.c)

    def value(x):
        piece = jnp.clip(jnp.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
        return jnp.polyval(factors[:, piece], x - knots[piece])

    return value

'''.rstrip()


def _spline(case: Case, pen: Pen, call: ast.Call) -> Suggestion | None:
    """Compute what a spline of plain numbers gives from its pieces, wherever it is called on nothing but places."""
    file, node = case.file, case.node
    name = node.func if isinstance(node, ast.Call) else None
    if not isinstance(name, ast.Name) or syntax.span_of(call, file).contains(case.at):
        return None  # it is made of traced values
    tree = syntax.parse_file(file)
    reads = [n for n in (ast.walk(tree) if tree is not None else ()) if isinstance(n, ast.Name) and n.id == name.id]
    around = [builders.parent_of(n, file) for n in reads if isinstance(n.ctx, ast.Load)]
    if not all(isinstance(n, ast.Call) and len(n.args) == 1 and not n.keywords for n in around):
        return None
    new, more = _with_helper(pen, file, IN_PIECES, "in_pieces")
    return builders.sketch(*builders.replace(call, file, f"{new}({builders.written(call, file)})"), *more)


# -- any function of one number or array ------------------------------------------------------------------------------

BY_DIFFERENCES = '''

def by_differences(function, x):
    """Call a function of plain numbers, element by element; differentiated by differences."""
    like = jax.ShapeDtypeStruct(jnp.shape(x), jnp.result_type(x, float))
    return jax.pure_callback(
        lambda v: np.vectorize(function, otypes=[float])(np.asarray(v, float)).astype(like.dtype),
        like, x, vmap_method="expand_dims",
    )


by_differences = jax.custom_jvp(by_differences, nondiff_argnums=(0,))


@by_differences.defjvp
def by_differences_rule(function, given, moved):
    step = 1e-5
    rise = by_differences(lambda v: (function(v + step) - function(v - step)) / (2 * step), *given)
    return by_differences(function, *given), rise * moved[0]

'''.rstrip()
"""A function that calls back, with a derivative; write its own where there is one."""


def _by_differences(case: Case, pen: Pen, call: ast.Call) -> Suggestion | None:
    """Call back for the value, and find the derivative by differences, in the one value that is not written down."""
    file, scope = case.file, syntax.function_at(syntax.span_of(call, case.file))
    inside = [n for n in ast.walk(call) if isinstance(n, ast.expr | ast.arg)]
    inner = {n.arg for n in inside if isinstance(n, ast.arg)}
    own = {a.arg for a in ast.walk(scope) if isinstance(a, ast.arg)} if scope is not None else set()
    own |= syntax.names_in(scope, ast.Store) if scope is not None else set()
    read = (syntax.names_in(call, ast.Load) & own) - inner
    given = next((a for a in call.args if syntax.names_in(a, ast.Load) & own), None)
    calls = [n.func for n in inside if isinstance(n, ast.Call)]
    jaxs = any((scopes.stands_for(f, file) or "").startswith("jax.") for f in calls)
    if given is None or call.keywords or isinstance(given, ast.Starred):
        return None
    new, more = _with_helper(pen, file, BY_DIFFERENCES, "by_differences")
    if isinstance(given, ast.Lambda):  # of one name, which is a number
        if len(read) != 1 or jaxs:
            return None
        name = next(iter(read))
        text = f"{new}(lambda {name}: {builders.written(call, file)}, {name})"
    else:
        if any(syntax.names_in(a, ast.Load) & own for a in call.args if a is not given):
            return None
        name = scopes.free_name(file, "plain")
        plain = builders.with_part(call, given, file, name)
        text = f"{new}(lambda {name}: {plain}, {builders.written(given, file)})"
    return builders.sketch(*builders.replace(call, file, text), *more)


COMPILING = {"jit", "pmap", "vmap", "scan", "cond", "switch", "fori_loop", "while_loop", "map", "checkpoint", "remat"}
"""Transformations and loops inside of which `stop_gradient` gives no numbers yet."""


def _positions(case: Case, pen: Pen, call: ast.Call) -> Suggestion | None:
    """Find positions by the numbers alone, which have them also where they are differentiated, unless compiled."""
    tree, given = syntax.parse_file(case.file), builders.argument(call, 0, "cost_matrix")
    named = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(tree)} if tree is not None else COMPILING
    if given is None or named & COMPILING:
        return None
    text = pen.say("jax.lax.stop_gradient({x})", x=builders.written(given, case.file))
    return builders.likely(*builders.replace(given, case.file, text), *pen.imports)


WAYS: dict[str, Callable[[Case, Pen, ast.Call], Suggestion | None]] = {
    "scipy.optimize.linear_sum_assignment": _positions,
    "scipy.integrate.quad": _integral,
    "scipy.integrate.solve_ivp": _equation,
    "scipy.interpolate.interp1d": _table,
    "scipy.interpolate.CubicSpline": _spline,
    "scipy.interpolate.PchipInterpolator": _spline,
    "scipy.interpolate.Akima1DInterpolator": _spline,
    "scipy.optimize.brentq": _by_differences,
    "scipy.optimize.bisect": _by_differences,
    "scipy.optimize.newton": _by_differences,
}
"""What is done about each function of SciPy's."""
