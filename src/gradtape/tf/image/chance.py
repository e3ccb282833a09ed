"""Changes of images by chance, from the common generator or from a seed of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.tf.arrays import positions_of
from gradtape.tf.calls import static
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.image.colour import adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation
from gradtape.tf.image.pictures import flip_left_right, flip_up_down, picture
from gradtape.tf.random import generator_for, stateless_seed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def _between(what: str, low: Any, high: Any, generator: np.random.Generator) -> float:
    first, last = float(static(low)), float(static(high))
    if first > last:
        raise InvalidArgumentError(f"{what}: the range from {first} to {last} is empty")
    return float(generator.uniform(first, last))


def _around(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Change by a number that is not farther from 0 than `max_delta`."""

    def work(generator: np.random.Generator, image: Any, max_delta: Any) -> Any:
        return change(image, _between(change.__name__, -static(max_delta), max_delta, generator))

    work.__doc__ = f"Do `{change.__name__}` by a number drawn from `-max_delta` to `max_delta`."
    return work


def _from_to(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Change by a factor from `lower` to `upper`."""

    def work(generator: np.random.Generator, image: Any, lower: Any, upper: Any) -> Any:
        return change(image, _between(change.__name__, lower, upper, generator))

    work.__doc__ = f"Do `{change.__name__}` by a factor drawn from `lower` to `upper`."
    return work


def _perhaps(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Change with the probability 1/2."""

    def work(generator: np.random.Generator, image: Any) -> Any:
        return change(image) if generator.random() < 0.5 else picture(change.__name__, image)

    work.__doc__ = f"Do `{change.__name__}` with the probability 1/2."
    return work


def _cut(generator: np.random.Generator, value: Any, size: Any) -> Any:
    """Cut a block of a size out at a place drawn by chance."""
    x = picture("random_crop", value, 1)
    wanted = [int(n) for n in positions_of(size)]
    if len(wanted) != x.ndim or any(n > m for n, m in zip(wanted, x.shape, strict=True)):
        raise InvalidArgumentError(f"random_crop: no block of {wanted} in shape {tuple(x.shape)}")
    starts = [int(generator.integers(m - n + 1)) for n, m in zip(wanted, x.shape, strict=True)]
    return x[tuple(slice(s, s + n) for s, n in zip(starts, wanted, strict=True))]


def _drawn(work: Callable[..., Any], taken: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Make the two forms of a change by chance: `seed` is optional, or a pair of whole numbers that decides alone.

    It may follow the `taken` arguments of the change by position.
    """

    def common(*args: Any, seed: Any = None, name: str | None = None, **kwargs: Any) -> Any:
        own = args[taken] if len(args) > taken else seed
        return work(generator_for(own), *args[:taken], **kwargs)

    def stateless(*args: Any, seed: Any = None, name: str | None = None, **kwargs: Any) -> Any:
        own = args[taken] if len(args) > taken else seed
        if own is None:
            raise TypeError("a stateless function of `tf.image` needs a `seed` of two whole numbers")
        return work(generator_for(stateless_seed(own)), *args[:taken], **kwargs)

    common.__doc__ = f"{work.__doc__}"
    stateless.__doc__ = f"{work.__doc__} The same `seed` draws the same."
    return common, stateless


random_brightness, stateless_random_brightness = _drawn(_around(adjust_brightness), 2)
random_hue, stateless_random_hue = _drawn(_around(adjust_hue), 2)
random_contrast, stateless_random_contrast = _drawn(_from_to(adjust_contrast), 3)
random_saturation, stateless_random_saturation = _drawn(_from_to(adjust_saturation), 3)
random_flip_left_right, stateless_random_flip_left_right = _drawn(_perhaps(flip_left_right), 1)
random_flip_up_down, stateless_random_flip_up_down = _drawn(_perhaps(flip_up_down), 1)
random_crop, stateless_random_crop = _drawn(_cut, 2)
