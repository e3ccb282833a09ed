"""How Sphinx builds the site: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent / "src")]

import gradtape  # noqa: E402

project = "gradtape"
author = "the gradtape authors"
copyright = author
version = release = gradtape.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",  # formulas without a network
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "written_pages",
    "plain_docstrings",
]
exclude_patterns = ["_build", "_ext"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types are told as they are written; links in the text are checked

autodoc_typehints = "none"  # the docstrings say shapes and dtypes, which types do not
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True
suppress_warnings = ["ref.python"]  # `dtype` of a list of attributes is a name of several classes, and no link
default_role = "code"

html_theme = "furo"
html_title = "gradtape"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["gallery/muscle_tendon.html"]
html_theme_options = {"navigation_with_keys": True}
copybutton_prompt_text = "$ "
