"""Sphinx's configuration."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import Directive

from prx_actors.driver.protocol import CALLS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

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
    ("py:class", "CData"),
    ("py:class", "Start"),
    ("py:class", "Stream"),
    # Pykka's, under the names that its own docstrings have for them.
    ("py:exc", "ActorDeadError"),
    ("py:exc", "Timeout"),
]
nitpick_ignore_regex = [
    ("py:.*", r"(pykka|collections|contextlib|dataclasses|enum|os|pathlib|signal|socket|threading|types|typing)\..*"),
]


class TableOfCalls(Directive):
    """The calls of the driver that these docs are built beside."""

    def run(self) -> list[nodes.Node]:
        """Return a table of numbers, names and argument types."""
        rows = [("number", "call", "arguments")]
        rows += [(str(call.number), call.name, call.types) for call in CALLS.values()]
        table, group, body = nodes.table(), nodes.tgroup(cols=3), nodes.tbody()
        group += [nodes.colspec(colwidth=1) for _ in range(3)]
        for row in rows:
            body += nodes.row("", *(nodes.entry("", nodes.paragraph("", "", nodes.literal("", cell))) for cell in row))
        group += body
        table += group
        return [table]


def setup(app: Sphinx) -> None:
    """Add what is made of the code."""
    app.add_directive("table-of-calls", TableOfCalls)
