"""docs/gallery tells what the example gives, and making it twice gives the same."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tool():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "tools" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_tells_what_the_example_gives_now_and_is_made_the_same_twice(tmp_path):
    gallery = tool()
    made = []
    for name in ("once", "again"):
        folder = tmp_path / name
        folder.mkdir()
        gallery.make(folder)
        made.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {"muscle_tendon.html", "muscle_tendon.svg"}
    told = gallery.facts(gallery.GALLERY / "muscle_tendon.html")
    assert told == gallery.facts(tmp_path / "once" / "muscle_tendon.html"), "make gallery"
    assert ["pennation", "none", ["GT302 at round"]] in [list(fact) for fact in told]


def test_every_file_that_its_readme_names_is_there():
    folder = ROOT / "docs" / "gallery"
    text = (folder / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w-]+\.(?:html|svg|png)", text))
    assert named == {file.name for file in folder.iterdir()} - {"README.md"}
