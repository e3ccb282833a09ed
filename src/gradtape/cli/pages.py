"""The pages that `gradtape explain` prints: `explain/pages/GTnnn.md` in the package, so that they are there offline."""

from __future__ import annotations

from importlib.resources import files

from gradtape.diagnostics import BY_NUMBER, BY_SLUG, CODES, Code


def find(word: str) -> Code | None:
    """Return the code that a number or a slug means, in any case; None if there is none."""
    return BY_NUMBER.get(word.upper()) or BY_SLUG.get(word.lower()) or BY_NUMBER.get(f"GT{word}")


def page(code: Code) -> str:
    """Return the page of a code; its title where no page was written."""
    place = files("gradtape.explain").joinpath("pages", f"{code.number}.md")
    return place.read_text(encoding="utf-8") if place.is_file() else f"# {code}\n\n{code.title}\n"


def listing() -> str:
    """Return all codes, one per line."""
    widest = max(len(code.slug) for code in CODES)
    return "\n".join(f"{code.number}  {code.slug:<{widest}}  {code.title}" for code in CODES)
