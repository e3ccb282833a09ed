"""Boxes: drawn into images, and chosen among those that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.arrays import gather, positions_of
from gradtape.tf.calls import operands, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.image.pictures import floating, picture

COLOURS = (
    (1, 1, 0, 1),
    (0, 0, 1, 1),
    (1, 0, 0, 1),
    (0, 1, 0, 1),
    (0.5, 0, 0.5, 1),
    (0.5, 0.5, 0, 1),
    (0.5, 0, 0, 1),
    (0, 0, 0.5, 1),
    (0, 1, 1, 1),
    (1, 0, 1, 1),
)
"""What TensorFlow draws with unless told."""


def draw_bounding_boxes(images: Any, boxes: Any, colors: Any = None, name: str | None = None) -> Any:
    """Draw the edges of boxes; the gradient reaches the pixels that are left, and the colours.

    Parameters
    ----------
    images : array_like
        Of shape (batch, height, width, channels).
    boxes : array_like
        Of shape (batch, count, 4): `(y1, x1, y2, x2)` in shares of the image. Nothing flows back to them.
    colors : array_like, optional
        Of shape (number, channels); boxes take them in turn.
    """
    x = floating(picture("draw_bounding_boxes", images, 4))
    places = positions_of(boxes)
    if places.ndim != 3 or places.shape[0] != x.shape[0] or places.shape[2] != 4:
        raise InvalidArgumentError(
            f"draw_bounding_boxes: boxes of shape {places.shape} for images of shape {tuple(x.shape)}; they are "
            "(batch, count, 4)"
        )
    paint = np.array(COLOURS)[:, : x.shape[-1]] if colors is None else colors
    paint = tensor(operands(x, paint)[1])
    number = np.full(x.shape[:3], -1)
    for image, its in zip(number, places, strict=True):
        for k, box in enumerate(its):
            _frame(image, box, k % paint.shape[0])
    drawn = gather(paint, np.maximum(number, 0))
    return row("where")((number >= 0)[..., None], drawn, x)


def _frame(image: Any, box: Any, colour: int) -> None:
    """Write the number of a colour along the edges of a box, as far as they are in the image."""
    high, wide = image.shape
    top, left, bottom, right = (int(v) for v in box * np.array([high - 1, wide - 1, high - 1, wide - 1]))
    if top > bottom or left > right or top >= high or bottom < 0 or left >= wide or right < 0:
        return
    rows = slice(max(top, 0), min(bottom, high - 1) + 1)
    columns = slice(max(left, 0), min(right, wide - 1) + 1)
    for line in (top, bottom):
        if 0 <= line < high:
            image[line, columns] = colour
    for line in (left, right):
        if 0 <= line < wide:
            image[rows, line] = colour


def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Any:
    """Return the positions of the best boxes, without those that overlap a better one; nothing flows back."""
    corners, marks = map(tensor, operands(tensor(boxes), scores))
    return row("non_max_suppression")(
        corners,
        marks,
        count=int(static(max_output_size)),
        threshold=float(static(iou_threshold)),
        least=float(static(score_threshold)),
    )


def non_max_suppression_overlaps(
    overlaps: Any,
    scores: Any,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: str | None = None,
) -> Any:
    """Do what `non_max_suppression` does, with the overlaps of each two boxes."""
    shared, marks = map(tensor, operands(tensor(overlaps), scores))
    return row("non_max_suppression_overlaps")(
        shared,
        marks,
        count=int(static(max_output_size)),
        threshold=float(static(overlap_threshold)),
        least=float(static(score_threshold)),
    )


def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    soft_nms_sigma: float = 0.0,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Return the positions of `non_max_suppression` and the scores there, to which the gradient flows back."""
    if soft_nms_sigma:
        raise NotImplementedError(
            "non_max_suppression_with_scores: falling scores (`soft_nms_sigma`) are not in this version"
        )
    kept = non_max_suppression(boxes, scores, max_output_size, iou_threshold, score_threshold)
    return kept, gather(tensor(scores), kept)
