"""The functions of `scipy.ndimage`, on tensors.

Examples
--------
>>> import gradtape as gt
>>> import gradtape.scipy as gsp
>>> place = gt.Variable(1.5)
>>> with gt.GradientTape() as tape:
...     y = gsp.ndimage.map_coordinates([0.0, 1.0, 4.0, 9.0], [[place]], order=1)
>>> y, tape.gradient(y, place)
(Tensor([2.5]), Tensor(3.))
"""

from gradtape.scipy.ndimage.filters import (
    convolve,
    convolve1d,
    correlate,
    correlate1d,
    gaussian_filter,
    gaussian_filter1d,
    gaussian_gradient_magnitude,
    gaussian_laplace,
    laplace,
    maximum_filter,
    median_filter,
    minimum_filter,
    percentile_filter,
    prewitt,
    rank_filter,
    sobel,
    uniform_filter,
    uniform_filter1d,
)
from gradtape.scipy.ndimage.geometry import (
    affine_transform,
    map_coordinates,
    rotate,
    shift,
    spline_filter,
    spline_filter1d,
    zoom,
)
from gradtape.scipy.ndimage.labels import (
    center_of_mass,
    maximum,
    mean,
    minimum,
    standard_deviation,
    sum_labels,
    variance,
)
from gradtape.scipy.ndimage.morphology import (
    grey_closing,
    grey_dilation,
    grey_erosion,
    grey_opening,
    maximum_filter1d,
    minimum_filter1d,
    morphological_gradient,
)
from gradtape.scipy.publish import publish

__all__ = [
    "affine_transform",
    "center_of_mass",
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "grey_closing",
    "grey_dilation",
    "grey_erosion",
    "grey_opening",
    "laplace",
    "map_coordinates",
    "maximum",
    "maximum_filter",
    "maximum_filter1d",
    "mean",
    "median_filter",
    "minimum",
    "minimum_filter",
    "minimum_filter1d",
    "morphological_gradient",
    "percentile_filter",
    "prewitt",
    "rank_filter",
    "rotate",
    "shift",
    "sobel",
    "spline_filter",
    "spline_filter1d",
    "standard_deviation",
    "sum",
    "sum_labels",
    "uniform_filter",
    "uniform_filter1d",
    "variance",
    "zoom",
]
sum = sum_labels
__getattr__ = publish(globals(), "ndimage", "ndimage")
