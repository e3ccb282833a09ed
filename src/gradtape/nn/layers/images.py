"""What the layers share whose input is a batch of lines, images or volumes with channels."""

from __future__ import annotations

from typing import Any, ClassVar

from gradtape.nn.layer import Layer
from gradtape.nn.windows import Layout, channels_first, one_of, same_pairs


class ImageLayer(Layer):
    """A layer of inputs of shape (batch, *lengths, channels), or with the channels first.

    A subclass has a `rank`: how many lengths there are.
    """

    rank: ClassVar[int] = 2
    casts_integers: ClassVar[bool] = True
    first = False
    """Whether the channels are the second axis."""

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = data_format
        self.first = channels_first(type(self).__name__, data_format)

    def checked(self, inputs: Any) -> Any:
        """Insist on the number of axes."""
        if getattr(inputs, "ndim", None) != self.rank + 2:
            lengths = ("length", "height, width", "depth, height, width")[self.rank - 1]
            wanted = f"(batch, channels, {lengths})" if self.first else f"(batch, {lengths}, channels)"
            self.refuse(
                f"the input has {self.rank + 2} axes, {wanted}; got shape {tuple(getattr(inputs, 'shape', ()))}",
                "one image needs a batch around it: `x[None]`; one without channels needs them: `x[..., None]`",
            )
        return inputs

    def channels(self, shape: Any) -> int:
        """Return how many channels a shape has."""
        return int(shape[1 if self.first else -1])

    @property
    def lie(self) -> Layout:
        """How the axes lie."""
        return Layout(self.rank, self.first, (0,))

    def pairs(
        self, padding: str, lengths: Any, size: tuple[int, ...], strides: Any, dilations: Any
    ) -> tuple[tuple[int, int], ...]:
        """Write a padding out, as pairs of numbers of zeros."""
        if padding == "valid":
            return ((0, 0),) * self.rank
        if padding == "causal":
            return tuple(((k - 1) * d, 0) for k, d in zip(size, dilations, strict=True))
        return same_pairs(lengths, size, strides, dilations)

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.checked(args[0])
        super()._build_for(args, kwargs)


def padding_of(layer: str, padding: Any, rank: int) -> str:
    """Read the word for a padding."""
    return one_of(layer, "padding", padding, ("valid", "same", "causal") if rank == 1 else ("valid", "same"))
