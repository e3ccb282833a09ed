"""Makes docs/gallery: the page and the picture of an example, and how the page looks in a browser where there is one.

    python tools/gallery.py [--check]

`--check` compares what the folder tells with what the example gives now, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "docs" / "gallery"
EXAMPLE = "examples/muscle_tendon.py"
NAME = "muscle_tendon"
SIZE = (1440, 880)
HELP = "for pictures of the page install Chromium, its driver and selenium"


def make(folder: Path) -> None:
    """Write the page and the picture of the example into a folder."""
    command = [
        sys.executable,
        "-m",
        "gradtape",
        "why",
        "--html",
        f"{folder / NAME}.html",
        "--svg",
        f"{folder / NAME}.svg",
    ]
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    subprocess.run(  # noqa: S603  our own command
        [*command, EXAMPLE], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def facts(page: Path) -> list[tuple[str, str, list[str]]]:
    """Return what a page tells: per gradient its name, its status, and the codes and operations of its findings."""
    data = json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)[1])
    told = []
    for gradient in data["gradients"]:
        tape = data["tapes"][gradient["tape"]]
        found = [f"{data['codes'][k]} at {tape['names'][tape['name'][row]]}" for k, row in gradient["findings"]]
        told.append((gradient["name"], gradient["status"], found))
    return told


def photograph(page: Path) -> None:
    """Take pictures of a page, light and dark, with the first break chosen."""
    try:
        from selenium import webdriver
    except ImportError:
        webdriver = None
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if webdriver is None or browser is None or driver is None:
        print(f"no pictures of the page were taken; {HELP}", file=sys.stderr)
        return
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    with tempfile.TemporaryDirectory() as profile:
        switches = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        for switch in (*switches.split(), "disable-component-update", "disable-sync", "hide-scrollbars"):
            options.add_argument(f"--{switch}")
        options.add_argument(f"--user-data-dir={profile}")
        started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        try:
            size = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
            started.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            for theme in ("light", "dark"):
                wish = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
                started.execute_cdp_cmd("Emulation.setEmulatedMedia", wish)
                started.get(page.as_uri())
                started.execute_script("goToRow(0, model.breakRows.find((row) => !model.isValue(row)));")
                started.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
                started.save_screenshot(str(page.with_name(f"page_{theme}.png")))
        finally:
            started.quit()


def main() -> int:
    """Make the gallery, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    page = GALLERY / f"{NAME}.html"
    if not parser.parse_args().check:
        make(GALLERY)
        photograph(page)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        stale = facts(page) != facts(Path(folder) / page.name)
    print(
        "docs/gallery is not what the example gives now; help: make gallery" if stale else "docs/gallery is up to date"
    )
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
