"""What a target depends on in the place of the source that was asked for: one file per way to find it.

Three things prove it: the source was made from something that the target depends on (`row = W[0]`); the target depends
on another object that the same line made, or that goes by the same name; or none of a whole list of variables is used
while others are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.instead.anew import made_anew
from gradtape.explain.instead.copies import copied
from gradtape.explain.instead.origin import ignored, original
from gradtape.explain.instead.others import another_list, cloned, kindred, namesakes

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.instead.used import Used


def used_instead(context: Context) -> Used | None:
    """Return what the target depends on in the place of the source, if that is proven."""
    anew = () if namesakes(context) else (made_anew,)
    found = (copied, original, *anew, another_list, ignored, cloned, kindred)
    return next((used for look in found if (used := look(context)) is not None), None)
