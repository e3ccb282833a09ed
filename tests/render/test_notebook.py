"""What a notebook shows, without a notebook."""

import re

import gradtape as gt
from gradtape.render.assets import asset, colours
from tests.render.programs import EVIL, LOOP, SMALL
from tests.render.test_page import Reader


def told_by(reports, program):
    from gradtape.explain.report import Explanation

    return Explanation(reports(program))


def test_an_explanation_is_shown_with_messages_and_picture(reports):
    for program in (SMALL, EVIL, LOOP):
        made = told_by(reports, program)._repr_html_()
        reader = Reader(made)
        assert not reader.errors
        assert not reader.named("script", "link", "img", "iframe")
        assert reader.named("svg")
        assert "no gradient flows from" in reader.text()


def test_its_style_holds_for_it_alone(reports):
    made = told_by(reports, SMALL)._repr_html_()
    own, picture = re.findall(r"<style>(.*?)</style>", made, re.DOTALL)
    depth = 0
    for line in own.splitlines():
        if depth == 0 and "{" in line and not line.startswith("/*"):
            assert ".gradtape" in line
        depth += line.count("{") - line.count("}")
    assert depth == 0
    for line in picture.splitlines():
        assert not line or line == "}" or line.startswith((".gradtape-picture ", "@media"))


def test_a_tape_shows_its_state_and_its_first_operations():
    w = gt.Variable([1.0, 2.0], name="w")
    tape = gt.GradientTape()
    assert "not entered yet" in tape._repr_html_()
    with tape:
        y = w * w
        assert "<td>recording</td>" in tape._repr_html_()
        for _ in range(50):
            y = y + 1.0
    reader = Reader(tape._repr_html_())
    assert not reader.errors
    text = reader.text()
    assert "closed" in text
    assert "w (2,) float64" in text
    assert "multiply" in text
    assert "48 more rounds, 48 operations" in text
    tape.gradient(y, w)
    assert "gave its gradients at line" in tape._repr_html_()


def test_a_long_tape_is_cut():
    w = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        eval("+".join(f"w * {k}.0" for k in range(60)), {"w": w})  # noqa: S307  60 different places in one line
    assert "more lines" in Reader(tape._repr_html_()).text()


def test_an_explanation_can_be_saved_as_page_and_as_picture(reports, tmp_path):
    import pytest

    told = told_by(reports, SMALL)
    told.save(tmp_path / "why.html")
    told.save(str(tmp_path / "why.svg"))
    assert (tmp_path / "why.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "why.svg").read_text(encoding="utf-8").startswith("<svg ")
    with pytest.raises(ValueError, match=r"ends in neither .html nor .svg; name it `why.html`"):
        told.save(tmp_path / "why.png")


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_can_be_read_on_every_ground_it_stands_on():
    known = colours()
    words = ["ink", "muted", "link", "bad", "good", "warn"]
    grounds = ["paper", "ground", "raised"]
    pairs = [(word, ground) for word in words for ground in grounds]
    pairs += [("quiet", "paper"), ("quiet", "raised"), ("ink", "chosen"), ("ink", "mark-ground"), ("muted", "chosen")]
    pairs += [("bad", "bad-ground"), ("good", "good-ground"), ("warn", "warn-ground")]
    low = [
        (word, ground, theme, round(contrast(known[word][k], known[ground][k]), 2))
        for word, ground in pairs
        for k, theme in enumerate(("light", "dark"))
        if contrast(known[word][k], known[ground][k]) < (4.0 if word == "quiet" else 4.5)
    ]
    assert low == []


def test_the_lines_of_the_tape_can_be_told_from_the_ground():
    known = colours()
    for k in range(8):
        for theme in (0, 1):
            assert contrast(known[f"g{k}"][theme], known["paper"][theme]) > 3
    assert contrast("#000000", "#ffffff") == 21


def test_every_colour_that_is_used_is_there():
    names = set(re.findall(r"^--([\w-]+):", asset("colours.css"), re.MULTILINE))
    for sheet in ("words.css", "page.css", "notebook.css"):
        assert set(re.findall(r"var\(--([\w-]+)\)", asset(sheet))) <= names
    assert set(re.findall(r'colour\("([\w-]+)"\)', asset("strokes.js"))) <= names
