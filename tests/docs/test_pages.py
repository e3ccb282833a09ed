"""Every code block of the documentation has run, and printed what stands below it; every name in it exists."""

import logging
import re

import pytest

import gradtape as gt

from .blocks import ROOT, Page, blocks, shortened

DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in DOCS.rglob("*.md")
    if not {"decisions", "gallery", "generated", "_build"} & set(page.relative_to(DOCS).parts)
)
FRAMEWORKS = {
    "tensorflow",
    "keras",
    "torch",
    "jax",
    "optax",
    "autograd",
    "sklearn",
    "matplotlib",
    "scipy",
    "safetensors",
}


@pytest.fixture(autouse=True)
def logging_as_before():
    """A page may set up logging, as its reader does."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def named(page):
    return str(page.relative_to(DOCS))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_page_runs_and_prints_what_it_says(page, tmp_path, request):
    text = page.read_text(encoding="utf-8")
    for library in FRAMEWORKS:
        if any(re.search(rf"^(import|from) {library}\b", b.text, re.MULTILINE) for b in blocks(text)):
            pytest.importorskip(library)
    ran = Page(text, tmp_path)
    ran.run()
    if request.config.getoption("--bless"):
        page.write_text(ran.blessed(), encoding="utf-8")
        return
    for start, end, printed in ran.printed:
        assert printed.rstrip("\n") == text[start:end].rstrip("\n"), f"{named(page)} (pytest --bless accepts it)"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_names_in_the_text_exist(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for dotted in set(re.findall(r"`(?:gt|gradtape)\.((?!py\b)\w+(?:\.\w+)*)", text)):
        found = gt
        for name in dotted.split("."):
            found = getattr(found, name)


def test_a_text_that_nothing_printed_is_noticed(tmp_path):
    ran = Page("```python\nprint(1)\n```\n\n```text\n2\n```\n", tmp_path)
    ran.run()
    assert [printed for _, _, printed in ran.printed] == ["1\n"]
    assert "\n1\n" in ran.blessed()


@pytest.mark.parametrize(
    "page", ["```text\n2\n```\n", "```sh\nls\n```\n", "```console\n$ ls\n```\n", "```python\n# a.py\nx\n```\n"]
)
def test_a_block_that_cannot_be_run_is_refused(page, tmp_path):
    with pytest.raises(AssertionError):
        Page(page, tmp_path).run()


def test_lines_may_be_left_out():
    assert shortened("a\nb\nc\n", "a\n...\nc\n") == "a\n...\nc\n"
    assert shortened("a\nb\nd\n", "a\n...\nc\n") == "a\nb\nd\n"
    assert shortened("1 passed in 2 s\n", "1 passed in ...\n") == "1 passed in ...\n"
    assert shortened("1 failed in 2 s\n", "1 passed in ...\n") == "1 failed in 2 s\n"
