"""Sphinx: how the pages of this folder become the documentation site.

``sphinx-build -W notebooks build/site`` makes it; nothing in the site is loaded from another host, so that it is read from a folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

import wsnotebook

sys.path.insert(0, str(Path(__file__).parent))  # tablepages, beside this file

project = "wsnotebook"
author = "the authors of wsnotebook"
version = release = wsnotebook.__version__
html_title = f"wsnotebook {version}"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "tablepages"]
exclude_patterns = ["images", "**/.ipynb_checkpoints"]

html_theme = "furo"
html_copy_source = False
html_show_copyright = False

# Saved notebooks have no outputs: the build runs them, and again only where they have changed.
nb_execution_mode = "cache"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_in_temp = True  # what they save is not for this folder
nb_merge_streams = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # the two scripts would be loaded from a CDN
nb_mime_priority_overrides = [
    ("html", "text/html", 0),  # a panel's last state in place of a widget that needs a kernel
    ("html", "application/vnd.jupyter.widget-view+json", None),
]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # a signature with its types fills a screen; the text says what an argument is
napoleon_numpy_docstring = False
napoleon_use_rtype = False


def keep_colon(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon, in the text of a property, for its type."""
    if what in ("attribute", "property") and lines and ": " in lines[0]:
        lines[0] = f": {lines[0]}"  # an empty type, and then all of the text


def setup(app: Sphinx) -> None:
    """Register it before napoleon, whose priority is 500: what Sphinx calls."""
    app.connect("autodoc-process-docstring", keep_colon, priority=400)
