"""Sphinx configuration: ``python -m sphinx -W --keep-going -b html docs docs/_build/html``."""

from __future__ import annotations

import os

# Before numpy and torch read it: examples are timed on one thread, as the figures in the text are.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import wdist

project = "wdist"
author = "the wdist developers"
copyright = "2026, the wdist developers"
version = release = wdist.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "examples"]
suppress_warnings = [
    "config.cache",  # the order within the gallery is a class, which Sphinx does not cache
    "sphinx_gallery.space_in_filename",  # of the checkout's own folder, which breaks no link
]

html_theme = "furo"
html_title = "wdist"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_inherit_docstrings = False  # what torch says of every module is not said again
autodoc_typehints = "none"  # numpydoc's sections say more than annotations can
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "remove_config_comments": True,
    "within_subsection_order": "FileNameSortKey",
    "matplotlib_animations": False,
}
