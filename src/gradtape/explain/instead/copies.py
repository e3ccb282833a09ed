"""A copy of the source that learned by itself, and that the target was computed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.instead.stepped import stepped_copy
from gradtape.explain.instead.used import Used

if TYPE_CHECKING:
    from gradtape.explain.cause import Context


def copied(context: Context) -> Used | None:
    """Look for a copy of the source that learned by itself, and that the target was computed with."""
    found = stepped_copy(context)
    if found is None:
        return None
    computed = ((context.made_at(target), "the target is computed here") for target in context.question.targets[:1])
    label, help_ = of_copy(context)
    return Used(found.ids, found.copied.site.span, label, tuple(computed), help_)


def of_copy(context: Context) -> tuple[str, str]:
    """Say that a target was computed with a copy, and what to do."""
    target = context.question.target_name
    return (
        f"a copy of what was asked for is made here, and `{target}` is computed with the copy",
        f"compute `{target}` without the copy, or ask for the gradient in the copy",
    )
