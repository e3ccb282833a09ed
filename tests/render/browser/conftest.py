"""A headless Chromium for pages; without one these tests are skipped, except in `make test-browser`."""

import os
import shutil

import pytest

WANTED = os.environ.get("GRADTAPE_BROWSER") == "required"
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
HELP = "install Chromium and its driver (on Debian: apt-get install chromium chromium-driver) and selenium"


def tools():
    try:
        from selenium import webdriver
    except ImportError:
        return None
    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    return (webdriver, browser, driver) if browser and driver else None


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    found = tools()
    if found is None:
        if WANTED:
            pytest.fail(f"there is no browser to test with; help: {HELP}")
        pytest.skip(f"no browser: {HELP}")
    webdriver, browser, driver = found
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()


class Page:
    """A page in the browser, with what a reader does to it."""

    def __init__(self, browser, file):
        self.browser = browser
        self.file = file

    def open(self, width=1500, height=900, dark=False):
        self.resize(width, height)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})
        self.browser.get_log("browser")
        self.browser.get(self.file.as_uri())
        self.settle()
        return self

    def resize(self, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def settle(self):
        """Wait until what was asked for is drawn."""
        self.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def js(self, text, *arguments):
        value = self.browser.execute_script(text, *arguments)
        self.settle()
        return value

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def one(self, selector):
        return self.browser.find_element("css selector", selector)

    def click(self, selector):
        self.one(selector).click()
        self.settle()

    def text(self, selector):
        return self.one(selector).get_attribute("textContent")

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()
            self.settle()

    def complaints(self):
        return [entry["message"] for entry in self.browser.get_log("browser")]


@pytest.fixture
def page_of(chromium, reports, tmp_path):
    """Run a program, and open its page: `page_of(PROGRAM)`."""
    from gradtape.render import page

    def make(program, **how):
        file = tmp_path / "why.html"
        file.write_text(page.page(reports(program), page.About("train.py")), encoding="utf-8")
        opened = Page(chromium, file).open(**how)
        assert opened.complaints() == []
        return opened

    return make
