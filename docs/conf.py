"""Sphinx's configuration."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "prx_actors"
author = "prx_actors developers"
copyright = "2026, prx_actors developers"
release = version = version_of("prx-actors")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "prx_actors"

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_numpy_docstring = False

# The build uses no network, so the names of others stay without a link. Our own must resolve.
nitpick_ignore = [
    # Aliases of types, which autodoc writes as they stand.
    ("py:class", "Address"),
    ("py:class", "Start"),
    # Pykka's, under the names that its own docstrings have for them.
    ("py:exc", "ActorDeadError"),
    ("py:exc", "Timeout"),
]
nitpick_ignore_regex = [
    ("py:.*", r"(pykka|collections|contextlib|dataclasses|enum|os|pathlib|signal|socket|threading|types|typing)\..*"),
]
