"""The page in a browser: what is chosen in one pane shows in the others, by mouse and by keyboard, light and dark."""

import json
import sys

import pytest

from tests.render.programs import EVIL, HELPER, LOOP, SMALL, TWO_FILES

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

HUGE = """\
import numpy as np, gradtape as gt

w, k = gt.Variable(0.5), gt.Variable(1.5)
functions = [np.sin, np.cos, np.tanh, np.arctan, np.exp, np.negative, np.abs]
draws = np.random.default_rng(0).integers(0, 7, 9990).tolist()
with gt.GradientTape() as tape:
    h = w * 1.0
    for draw in draws:
        h = functions[draw](h) * 0.5 if draw == 4 else functions[draw](h)
    loss = h * np.round(k)
g = tape.gradient(loss, [w, k])
"""


def rows(page):
    return page.js("return [...document.querySelectorAll('.row')].map((r) => r.getAttribute('aria-label'))")


def test_it_shows_findings_source_and_tape(page_of):
    page = page_of(SMALL)
    assert len(page.all(".card")) == 3
    assert len(page.all("#file-0 .line")) == len(SMALL.splitlines())
    shown = rows(page)
    assert any(label.startswith("floor, line 8, np.floor(w * 2.0), break: is constant") for label in shown)
    drawn = "document.getElementById('lanes').getContext('2d').getImageData(0, 0, 60, 200).data"
    assert page.js(f"return {drawn}.some((value) => value)")


def test_nothing_is_asked_of_the_network(page_of):
    page = page_of(SMALL)
    assert page.js("return performance.getEntriesByType('resource').map((r) => r.name)") == []


def test_a_finding_leads_to_its_row_and_its_line(page_of):
    page = page_of(SMALL)
    page.click(".card a[data-row]")
    assert page.text(".row.chosen .operation") == "floor"
    assert page.text("#source .line.chosen code") == "    steps = np.floor(w * 2.0)"
    details = page.text("#details")
    assert "result(3,), values not kept" in details
    assert "is constant between integers" in details
    assert page.text("#said").startswith("floor, line 8")


def test_a_row_leads_to_its_line_and_an_input_to_its_row(page_of):
    page = page_of(SMALL)
    page.js("[...document.querySelectorAll('.row')].find((r) => r.textContent.startsWith('sum')).click()")
    assert page.text("#source .line.chosen .n") == "10"
    assert "from power (10)" in page.text("#details")
    page.click("#details .to")
    assert page.text(".row.chosen .operation") == "power"


def test_a_line_marks_its_operations(page_of):
    page = page_of(SMALL)
    page.click("#f0L10")
    names = page.js("return [...document.querySelectorAll('.row.marked .operation')].map((r) => r.textContent)")
    assert sorted(names) == ["divide", "multiply", "power", "sum"]
    assert page.text("#matches") == "4 operations"
    page.click("#f0L1")
    assert page.all(".row.marked") == []
    assert page.text("#f0L8 .count") == "2"


def test_a_gradient_is_picked_and_let_go(page_of):
    page = page_of(SMALL)
    everything = page.js("return [...model.edgeColour].filter((c) => c >= 0).length")
    page.click("[data-gradient='1']")
    alone = page.js("return [...new Set(model.edgeColour)].sort()")
    assert set(alone) <= {-1, 1}
    assert page.one("[data-gradient='1']").get_attribute("aria-pressed") == "true"
    page.click("[data-gradient='1']")
    assert page.js("return [...model.edgeColour].filter((c) => c >= 0).length") == everything


def test_the_route_is_shown_up_to_the_break(page_of):
    page = page_of(SMALL)
    page.click("[data-gradient='0']")
    told = page.js(
        "return model.tape.name.map((n, row) => [model.tape.names[n], model.rowColour[row], model.alive[row]])"
    )
    alive = {name for name, colour, alive in told if colour == 0 and alive}
    dead = {name for name, colour, alive in told if colour == 0 and not alive}
    assert "floor" in dead
    assert {"w", "multiply"} <= alive
    assert "sum" in dead


def test_hovering_shows_the_route_through_an_operation(page_of):
    page = page_of(SMALL)
    from selenium.webdriver.common.action_chains import ActionChains

    row = next(r for r in page.all(".row") if "floor" in r.text)
    ActionChains(page.browser).move_to_element(row).perform()
    page.settle()
    names = page.js("return [...drawing.focusRows].map((r) => model.nameOf(r))")
    assert {"w", "floor", "sum"} <= set(names)
    assert "unused" not in names


def test_the_mark_of_a_break_leads_to_its_finding(page_of):
    page = page_of(SMALL, width=390)
    page.js("showPane('tape'); drawing.reach(model.breakRows.at(-1))")
    page.js("document.querySelector('.row [data-finding=\"0\"]').click()")
    assert page.js("return document.body.dataset.pane") == "findings"
    assert page.js("return document.activeElement.id") == "finding-0"
    page.click("#finding-0 a[data-row]")
    assert page.text(".row.chosen .operation") == "floor"


def test_the_tape_can_be_walked_with_the_keyboard(page_of):
    from selenium.webdriver.common.keys import Keys

    page = page_of(LOOP)
    page.js("document.getElementById('scroller').focus()")
    page.press(Keys.HOME, Keys.DOWN, Keys.DOWN, Keys.ENTER)
    assert page.js("return drawing.chosen") >= 0
    assert page.one("#scroller").get_attribute("aria-activedescendant") == "item-2"
    assert page.all("#item-2")
    page.press(Keys.ESCAPE)
    assert page.js("return drawing.chosen") == -1
    page.press("n")
    assert page.text(".row.chosen .operation") == "round"
    fold = page.js("return [...model.items].findIndex((i) => i < 0)")
    before = page.js("return model.items.length")
    page.js("document.getElementById('scroller').focus(); drawing.active = arguments[0]", fold)
    page.press(Keys.RIGHT)
    assert page.js("return model.items.length") == before + 98 * 3
    page.press(Keys.LEFT)
    assert page.js("return model.items.length") == before


def test_the_source_can_be_walked_with_the_keyboard(page_of):
    from selenium.webdriver.common.keys import Keys

    page = page_of(SMALL)
    page.js("document.querySelector('.file.shown').focus()")
    page.press(Keys.HOME, *[Keys.DOWN] * 7)
    assert page.text(".line.current .n") == "8"
    assert page.text("#said").startswith("line 8: ")
    page.press(Keys.ENTER)
    assert page.text("#said") == "line 8: 2 operations"


def test_search_goes_through_operations_and_lines(page_of):
    from selenium.webdriver.common.keys import Keys

    page = page_of(LOOP)
    page.press("/")
    page.press(*"tanh")
    assert page.text("#matches") == "100 operations, 1 line"
    assert page.text("#source .line.found .n") == "9"
    page.press(Keys.ENTER, Keys.ENTER)
    assert page.text("#matches") == "2 of 100"
    assert page.text(".row.chosen .operation") == "tanh"
    page.press(Keys.ESCAPE)
    assert page.text("#matches") == ""
    assert page.all(".line.found") == []


def test_rounds_of_a_loop_are_folded_and_can_be_opened(page_of):
    page = page_of(LOOP)
    assert "98 more rounds of lines 9 to 10, 294 operations" in page.text(".row.fold")
    assert len(page.all(".row")) < 30
    page.click("#unfold")
    assert page.js("return model.items.length") == 300 + 5 + 1
    page.click("#unfold")
    assert page.js("return model.items.length") < 30


def test_a_row_inside_a_fold_is_opened_when_it_is_asked_for(page_of):
    page = page_of(LOOP)
    page.js("goToRow(0, 150)")
    assert page.js("return model.items[model.place[150]]") == 150
    assert page.all(".row.chosen")


def ground(page):
    return page.js("return getComputedStyle(document.body).backgroundColor")


def test_light_and_dark_follow_the_system_and_the_switch(page_of):
    page = page_of(SMALL)
    light = ground(page)
    page.open(dark=True)
    dark = ground(page)
    assert light != dark
    assert page.one("#theme").get_attribute("aria-label") == "colours: as the system has them"
    page.click("#theme")
    assert ground(page) == light
    page.click("#theme")
    assert ground(page) == dark
    page.open(dark=False)
    assert ground(page) == dark  # it is remembered
    page.click("#theme")
    assert ground(page) == light
    page.js("localStorage.clear()")


def test_canvas_and_words_change_colour_together(page_of):
    page = page_of(SMALL)
    light = page.js("return drawing.palette.g[0]")
    page.js("setTheme('dark')")
    assert page.js("return drawing.palette.g[0]") != light
    page.js("localStorage.clear()")


@pytest.mark.parametrize("width", [320, 390, 600, 1000, 1500, 2500])
@pytest.mark.parametrize("program", [SMALL, EVIL], ids=["small", "evil"])
def test_nothing_sticks_out_at_any_width(page_of, width, program):
    page = page_of(program, width=width)
    for pane in ("findings", "source", "tape"):
        page.js("showPane(arguments[0])", pane)
        assert page.js("return document.documentElement.scrollWidth - innerWidth") <= 0
        panes = "return [...document.querySelectorAll('.pane')]"
        shown = page.js(f"{panes}.filter((p) => p.clientWidth).map((p) => p.id)")
        assert shown == ([pane] if width < 700 else ["findings", "source", "tape"])
        assert page.js(f"{panes}.filter((p) => p.scrollWidth > p.clientWidth + 1).map((p) => p.id)") == []


def test_on_a_phone_a_link_brings_the_pane_that_it_leads_to(page_of):
    page = page_of(SMALL, width=390)
    page.click(".card a[data-row]")
    assert page.js("return document.body.dataset.pane") == "tape"
    page.click("#details .place a")
    assert page.js("return document.body.dataset.pane") == "source"
    page.click("nav [data-pane='findings']")
    assert page.js("return document.body.dataset.pane") == "findings"


def test_a_program_that_holds_markup_does_nothing(page_of):
    page = page_of(EVIL)
    page.click(".card a[data-row]")
    page.js("search('script')")
    assert (
        page.js("return document.querySelectorAll('img, #source b, #source script, #tape b, #tape script').length") == 0
    )
    assert "</script><script>alert(1)</script>" in page.text("#f0L3 code")
    assert page.complaints() == []


def test_everything_that_can_be_pressed_has_a_name(page_of):
    page = page_of(SMALL)
    page.click(".card a[data-row]")
    tree = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    nameless = []
    seen = set()
    for node in tree:
        role = node.get("role", {}).get("value")
        seen.add(role)
        named = node.get("name", {}).get("value", "").strip()
        if role in {"button", "link", "option", "tab", "searchbox", "listbox", "textbox", "tabpanel"} and not named:
            nameless.append(json.dumps(node)[:200])
    assert nameless == []
    assert {"button", "link", "option", "tab", "listbox", "searchbox", "banner", "main", "table"} <= seen


def test_ten_thousand_operations_stay_smooth(page_of, record_property):
    page = page_of(HUGE)
    count = page.js("model.openAll(true); drawing.changed(); return model.count")
    assert count > 10_000
    assert len(page.all(".row")) < 120
    told = page.browser.execute_async_script("""
        const done = arguments[0], box = drawing.scroller, took = [];
        const draw = drawing.draw.bind(drawing);
        drawing.draw = () => { const start = performance.now(); draw(); took.push(performance.now() - start); };
        let step = 0;
        const next = () => {
            box.scrollTop = step * 400;
            if (step++ < 120) requestAnimationFrame(next);
            else done({ took: took.sort((a, b) => a - b), nodes: document.querySelectorAll('.row').length });
        };
        next();
    """)
    median = told["took"][len(told["took"]) // 2]
    load = page.js("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    record_property("milliseconds to draw a view, median", round(median, 1))
    record_property("milliseconds to load", round(load))
    print(f"load {load:.0f} ms, draw {median:.1f} ms in the median, {told['took'][-1]:.1f} ms at most")
    assert told["nodes"] < 120
    assert median < 100  # 16 would be smooth; the machine that tests may be busy
    assert load < 10_000


def test_the_whole_of_a_long_tape_can_be_seen_at_once(page_of):
    page = page_of(HUGE)
    page.press("0")
    assert page.js("const s = document.getElementById('scroller'); return s.scrollHeight - s.clientHeight") <= 1
    assert page.all(".row") == []
    seen = page.js("return [drawing.drawn.first, drawing.drawn.last, model.items.length]")
    assert seen[0] == 0
    assert seen[1] == seen[2]
    for _ in range(7):
        page.press("+")
    assert page.all(".row")


def test_the_map_leads_to_every_part(page_of):
    page = page_of(HUGE)
    from selenium.webdriver.common.action_chains import ActionChains

    strip = page.one("#map")
    ActionChains(page.browser).move_to_element_with_offset(strip, 0, strip.size["height"] // 2 - 3).click().perform()
    page.settle()
    low = page.js("return drawing.drawn.last / model.items.length")
    ActionChains(page.browser).move_to_element_with_offset(strip, 0, 3 - strip.size["height"] // 2).click().perform()
    page.settle()
    assert low > 0.95
    assert page.js("return drawing.drawn.first") < 60


@pytest.fixture
def helper(tmp_path, monkeypatch):
    (tmp_path / "helper_of_a_page.py").write_text(HELPER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("helper_of_a_page", None)


@pytest.mark.usefixtures("helper")
def test_files_are_tabs_and_a_row_brings_its_file(page_of):
    from selenium.webdriver.common.keys import Keys

    page = page_of(TWO_FILES)
    assert page.text(".file.shown #f0L8 code") == "def ask(f):"
    page.js("nextBreak(1)")
    assert page.text("[role=tab][aria-selected=true]") == "helper_of_a_page.py"
    assert page.text(".line.chosen code") == "    return np.round(x)"
    page.js("document.querySelector('[role=tab][aria-selected=true]').focus()")
    page.press(Keys.LEFT)
    assert page.text("[role=tab][aria-selected=true]") == "train.py"
    assert page.all(".file.shown")[0].get_attribute("id") == "file-0"


@pytest.mark.usefixtures("helper")
def test_each_run_has_its_tape(page_of):
    page = page_of(TWO_FILES)
    assert "round" in [
        page.js("return model.nameOf(arguments[0])", row) for row in range(page.js("return model.count"))
    ]
    page.js("const w = document.getElementById('which'); w.value = '1'; w.dispatchEvent(new Event('change'))")
    names = page.js("return [...Array(model.count).keys()].map((row) => model.nameOf(row))")
    assert "sin" in names
    assert "round" not in names
    page.click("[data-gradient='0']")  # a gradient of the first tape brings it back
    assert page.js("return document.getElementById('which').value") == "0"
