"""The row of what JPEG loses: it rounds, so nothing flows back."""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.model import Zero
from gradtape.ops.registry import op

op(
    "jpeg_losses",
    "image, quality=95",
    numpy=None,
    image=Zero("rounds the waves that blocks of the image are made of, and is constant between two steps"),
    cases=(case((9, 10, 3), quality=60), case((8, 8, 1), quality=90)),
)
