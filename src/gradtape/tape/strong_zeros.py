"""Zero times infinity is zero: a cotangent that is exactly zero stops, whatever the derivative behind it is.

The ordinary sweep does not pay for this. Only when a gradient comes out non-finite although the target is finite is the
sweep run once more with these products, so `where(x > 0, log(x), 0)` has gradient 0 at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.ops import Multilinear, Partial
from gradtape.spaces.batched import Batched

if TYPE_CHECKING:
    from gradtape.ops import Rule


USUAL = (np.ndarray, np.generic)


def pull(rule: Rule, xp: Any, g: Any, residuals: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Apply a rule so that zero entries of the cotangent contribute nothing."""
    if isinstance(rule, Partial):
        partial = rule.fn(xp, *residuals, **params)
        if isinstance(g, USUAL):
            product = g * partial
            if (bool(g) if g.ndim == 0 else g.all()) or np.isfinite(product).all():
                return product  # no zero meets what is not finite
        zero = xp.equal(g, 0.0)
        # the partial is replaced before the product, so that no NaN is made that a second derivative would meet again
        return g * xp.where(zero, 0.0, partial)
    if isinstance(rule, Multilinear):
        return _pull_multilinear(rule, xp, g, residuals, params)
    return rule.fn(xp, g, *residuals, **params)


def _pull_multilinear(rule: Rule, xp: Any, g: Any, residuals: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Use finite factors wherever no non-zero cotangent meets a non-finite factor.

    Which entries of the result such a meeting reaches is found with the same rule, run on indicators.
    """
    plain = rule.fn(xp, g, *residuals, **params)
    if np.isfinite(_value(plain)).all():
        return plain
    finite = tuple(xp.where(xp.isfinite(r), r, 0.0) if _is_array(r) else r for r in residuals)
    touched = tuple(_indicator(r, ~np.isfinite(_value(r))) if _is_array(r) else r for r in residuals)
    meets = rule.fn(xp, _indicator(g, _value(g) != 0), *touched, **params)
    return xp.where(xp.greater(meets, 0.0), plain, rule.fn(xp, g, *finite, **params))


def _is_array(value: Any) -> bool:
    return isinstance(value, Node | np.ndarray | np.generic | Batched)


def _value(value: Any) -> Any:
    array = value.array if isinstance(value, Batched) else value
    return array._value if isinstance(array, Node) else array


def _indicator(value: Any, where: Any) -> Any:
    array = where.astype(float)
    return Batched(array, value.space, batched=value.batched) if isinstance(value, Batched) else array
