"""Each code's page is its own test: the wrong program, what is said about it, the right program, the near miss."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from gradtape.diagnostics import CODES
from gradtape.explain import Explanation, Status
from gradtape.render import json_form, plain

from .programs import marked_lines, run_program, unmarked

PAGES = Path(str(resources.files("gradtape.explain") / "pages"))
WITH_PROGRAM = [code for code in CODES if code.slug != "not-explained"]


def blocks(number: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (PAGES / f"{number}.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("code", CODES, ids=str)
def test_every_code_has_a_page_that_names_it(code):
    assert (PAGES / f"{code.number}.md").read_text(encoding="utf-8").startswith(f"# {code.number} {code.slug}\n")


def test_every_page_belongs_to_a_code():
    assert sorted(p.stem for p in PAGES.glob("*.md")) == sorted(c.number for c in CODES)


def find(code, source, folder):
    reports = run_program(unmarked(source), folder)
    return reports, [f for r in reports for f in r.findings if f.code == code]


@pytest.mark.parametrize("code", WITH_PROGRAM, ids=str)
def test_the_wrong_program_gets_this_code_at_the_marked_line(code, tmp_path, request):
    wrong = blocks(code.number)[0]
    reports, found = find(code, wrong, tmp_path)
    assert [f.diagnostic.primary.span.line for f in found] == [marked_lines(wrong)[code.number]], reports
    assert all(f.code == code for r in reports for f in r.findings), "another cause is told as well"
    rendered = normal(plain.explanation(Explanation(reports)), tmp_path)
    page = PAGES / f"{code.number}.md"
    text = page.read_text(encoding="utf-8")
    blessed = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    if request.config.getoption("--bless"):
        page.write_text(text.replace(blessed[0], f"```text\n{rendered}```"), encoding="utf-8")
    else:
        assert blessed[1] == rendered


@pytest.mark.parametrize("form", ["json", "unicode"])
@pytest.mark.parametrize("code", WITH_PROGRAM, ids=str)
def test_the_other_forms_of_the_message_are_blessed_too(code, form, tmp_path, golden):
    reports, _ = find(code, blocks(code.number)[0], tmp_path)
    if form == "json":
        text = json.dumps(json_form.gradients(reports), indent=1, ensure_ascii=False) + "\n"
    else:
        text = plain.explanation(Explanation(reports), unicode=True)
    golden(f"{code.number}.{form}", normal(text, tmp_path))


@pytest.mark.parametrize("code", WITH_PROGRAM, ids=str)
def test_the_right_program_has_all_its_gradients(code, tmp_path):
    reports = run_program(blocks(code.number)[1], tmp_path)
    assert reports
    assert all(r.status in {Status.OK, Status.ZERO} and not r.findings for r in reports), reports


@pytest.mark.parametrize("code", WITH_PROGRAM, ids=str)
def test_the_near_miss_stays_silent(code, tmp_path):
    reports, found = find(code, blocks(code.number)[2], tmp_path)
    assert reports
    assert not found


def normal(text: str, folder: Path) -> str:
    return text.replace(str(folder) + "/", "").rstrip("\n") + "\n"
