"""What the site makes of the code: rules as they are written, and docstrings as Sphinx reads them."""

import importlib.util
import sys

import pytest

import gradtape.numpy as gnp

from .blocks import ROOT


@pytest.fixture(scope="module")
def extensions():
    folder = str(ROOT / "docs" / "_ext")
    sys.path.insert(0, folder)
    yield {name: importlib.import_module(name) for name in ("plain_docstrings", "rules_as_written", "written_pages")}
    sys.path.remove(folder)


def test_a_rule_is_shown_as_it_stands_in_the_table(extensions):
    shown = extensions["rules_as_written"].derivatives
    assert shown(gnp.sin.row) == ["x: `cos(x)`"]
    assert shown(gnp.multiply.row) == ["a: `b`", "b: `a`"]
    assert shown(gnp.power.row)[0] == "a: Differentiable, element by element."  # a function beside the row computes it
    assert shown(gnp.floor.row)[0].startswith("x: No gradient: the function is constant between integers")


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("of shape (batch, *spatial)", r"of shape (batch, \*spatial)"),
        ("`f(*args)` and **bold** and 2 * x", "`f(*args)` and **bold** and 2 * x"),
        (">>> f(*args)", ">>> f(*args)"),
        ("`Variable`s and `a` and *x", r"`Variable`\ s and `a` and \*x"),
        ("``x``s", "``x``s"),
        ("*arrays : array_like", "*arrays : array_like"),
    ],
)
def test_only_plain_docstrings_are_escaped(extensions, line, escaped):
    assert extensions["plain_docstrings"].escaped(line) == escaped


def test_every_code_and_every_public_module_gets_a_page(extensions, tmp_path):
    pages = extensions["written_pages"]
    pages.write_causes(tmp_path / "causes")
    assert "#~" not in (tmp_path / "causes" / "GT302.md").read_text(encoding="utf-8")
    index = (tmp_path / "causes" / "index.md").read_text(encoding="utf-8")
    assert all(index.count(f"[{code}](") == 1 for code in pages.CODES)
    assert {"gradtape", "gradtape.numpy", "gradtape.testing"} <= set(pages.modules())
