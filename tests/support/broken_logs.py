"""A log whose handlers fail, as on a full disk."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

__all__ = ["broken_log"]


@contextmanager
def broken_log(patch: pytest.MonkeyPatch, error: BaseException) -> Iterator[list[str]]:
    """Have all that the runtime logs fail; list what it was."""
    found: list[str] = []

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> NoReturn:
            found.append(record.msg)
            raise error

    patch.setattr(logging, "raiseExceptions", False)  # it need not be told on stderr
    logger, handler = logging.getLogger("prx_actors"), Broken()
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)
