"""The examples of docstrings, each docstring's a test of its own.

Sybil's parser makes a test of every `>>>` line: what one line forks would count as left behind by it.
"""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

from sybil import Document, Example, Region
from sybil.parsers.abstract.doctest import DocTestStringParser

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["docstring_examples"]


def docstring_examples(document: Document) -> Iterable[Region]:
    """Find the runs of `>>>` lines with nothing but blanks between them: a parser of Sybil's.

    Args:
        document: a Python file

    Yields:
        a region for each run
    """
    lines = DocTestStringParser()(document.text, document.path)
    for run in _runs(document.text, lines):
        yield Region(run[0].start, run[-1].end, [line.parsed for line in run], _evaluate)


def _runs(text: str, lines: Iterable[Region]) -> Iterator[list[Region]]:
    run: list[Region] = []
    for line in lines:
        if run and text[run[-1].end : line.start].strip():
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _evaluate(example: Example) -> str:
    """Run the lines in a namespace of their own, as a reader would, up to the first that fails."""
    reports: list[str] = []
    first: int = example.line - example.parsed[0].lineno - 1
    test = doctest.DocTest(example.parsed, {"__name__": "__main__"}, example.path, example.path, first, None)
    doctest.DocTestRunner(optionflags=doctest.FAIL_FAST).run(test, out=reports.append)
    return "".join(reports)
