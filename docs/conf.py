"""Sphinx's configuration."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from prx_actors.driver.protocol import CALLS

# The list of exports is a test's.
sys.path.append(str(Path(__file__).parent.parent / "tests"))
from support.exports import Export, exports

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
# Python's own `type`, in a signature, is taken for the fields of that name.
suppress_warnings = ["ref.python"]
nitpick_ignore = [
    # Aliases of types, which autodoc writes as they stand.
    ("py:class", "Address"),
    ("py:class", "CData"),
    ("py:class", "Input"),
    ("py:class", "Output"),
    ("py:class", "Start"),
    ("py:class", "Stream"),
    # A variable of types.
    ("py:class", "prx_actors.actors.functions._T"),
    # Pykka's, under the names that its own docstrings have for them.
    ("py:exc", "ActorDeadError"),
    ("py:exc", "Timeout"),
]
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(pykka|collections|contextlib|dataclasses|enum|os|pathlib|re|signal|socket|subprocess|threading|types|typing)\..*",
    ),
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


class TableOfExports(Directive):
    """What Erlang prx exports, with the functions that stand for it in the package that these docs are built beside."""

    def run(self) -> list[nodes.Node]:
        """Return a table of exports, counterparts and what they do."""
        rows = [("export", "here", ""), *(self._row(export) for export in exports())]
        text = [".. list-table::", "   :header-rows: 1", ""]
        text += [f"   {'-' if column else '* -'} {cell}" for row in rows for column, cell in enumerate(row)]
        # The cells of a row stand below its first.
        lines = StringList([line.replace("   - ", "     - ", 1) for line in text], source="table-of-exports")
        parent = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, parent)
        return parent.children

    @staticmethod
    def _row(export: Export) -> tuple[str, str, str]:
        here = f":func:`~prx_actors.prx.{export.counterpart}`" if export.counterpart else "none"
        words = f"{export.summary} ({export.note})" if export.summary and export.note else export.summary or export.note
        return f"``{export.name}``", here, re.sub(r"`([^`]+)`", r"``\1``", words)


def setup(app: Sphinx) -> None:
    """Add what is made of the code."""
    app.add_directive("table-of-calls", TableOfCalls)
    app.add_directive("table-of-exports", TableOfExports)
