"""What Erlang prx exports, and what the docs say of the public names here."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from support.exports import NOT_APPLICABLE, RENAMED, Export, exports

import prx_actors
from prx_actors import prx

DOCS = Path(__file__).parent.parent / "docs"
EXPORTS = exports()


def names(exports: list[Export]) -> list[str]:
    """Return their names, for the report of a failure."""
    return [export.name for export in exports]


def test_every_export_has_a_counterpart_or_a_reason() -> None:
    """A name of prx is a name here, unless the map says otherwise."""
    assert len(EXPORTS) > 100
    assert names([export for export in EXPORTS if not export.counterpart and not export.note]) == []
    assert names([export for export in EXPORTS if export.counterpart and not export.summary]) == []


def test_the_maps_name_nothing_but_exports() -> None:
    """What is there renamed or left out is exported, once, and needs the entry."""
    assert len(set(names(EXPORTS))) == len(EXPORTS)
    assert set(RENAMED) | set(NOT_APPLICABLE) <= set(names(EXPORTS))
    assert [name for name in NOT_APPLICABLE if name.partition("/")[0] in prx.__all__] == []


@pytest.mark.parametrize(
    "export", [one for one in EXPORTS if one.counterpart and not one.note], ids=lambda one: one.name
)
def test_a_counterpart_takes_as_many_arguments(export: Export) -> None:
    """A line of Erlang is translated as it stands: the same name, so many arguments."""
    assert export.counterpart == export.name.partition("/")[0]
    inspect.signature(getattr(prx, export.counterpart)).bind(*range(export.arity))


def test_every_public_name_is_in_the_docs() -> None:
    """Those of the package are written somewhere; those of prx are on a page that lists the whole module."""
    text = "\n".join(page.read_text() for page in DOCS.glob("**/*.md"))
    assert [name for name in prx_actors.__all__ if not re.search(rf"\b{name}\b", text)] == []
    assert ".. automodule:: prx_actors.prx\n   :members:\n" in (DOCS / "reference/prx.md").read_text()
    assert [name for name in prx.__all__ if not getattr(prx, name).__doc__] == []


def test_every_public_class_has_an_entry_of_its_own() -> None:
    """A class that a program names is described where the docs describe its module."""
    text = "\n".join(page.read_text() for page in DOCS.glob("reference/*.md"))
    described = set(re.findall(r"\.\. auto(?:class|exception):: (?:\S+\.)?(\w+)", text))
    for module in re.findall(r"\.\. automodule:: (\S+)\n   :members:\n", text):
        described |= set(import_module(module).__all__)
    assert {name for name in prx_actors.__all__ if isinstance(getattr(prx_actors, name), type)} - described == set()
