"""Interpolators of `scipy.interpolate`, differentiable in the data, in the places of the data and where they are read.

Examples
--------
>>> import gradtape as gt
>>> import gradtape.scipy as gsp
>>> heights = gt.Variable([0.0, 1.0, 4.0, 9.0])
>>> with gt.GradientTape() as tape:
...     y = gsp.interpolate.CubicSpline([0.0, 1.0, 2.0, 3.0], heights)(1.5)
>>> y, tape.gradient(y, heights)
(Tensor(2.25), Tensor([-0.0625,  0.5625,  0.5625, -0.0625]))
"""

from gradtape.scipy.interpolate.cubics import (
    Akima1DInterpolator,
    CubicHermiteSpline,
    CubicSpline,
    PchipInterpolator,
    pchip_interpolate,
)
from gradtape.scipy.interpolate.grids import RectBivariateSpline, RegularGridInterpolator, interpn
from gradtape.scipy.interpolate.lines import BarycentricInterpolator, barycentric_interpolate, interp1d
from gradtape.scipy.interpolate.piecewise import PPoly
from gradtape.scipy.interpolate.scattered import RBFInterpolator
from gradtape.scipy.interpolate.splines import BSpline, InterpolatedUnivariateSpline, make_interp_spline, splev, splrep
from gradtape.scipy.publish import publish

__all__ = [
    "Akima1DInterpolator",
    "BSpline",
    "BarycentricInterpolator",
    "CubicHermiteSpline",
    "CubicSpline",
    "InterpolatedUnivariateSpline",
    "PPoly",
    "PchipInterpolator",
    "RBFInterpolator",
    "RectBivariateSpline",
    "RegularGridInterpolator",
    "barycentric_interpolate",
    "interp1d",
    "interpn",
    "make_interp_spline",
    "pchip_interpolate",
    "splev",
    "splrep",
]
__getattr__ = publish(globals(), "interpolate")
