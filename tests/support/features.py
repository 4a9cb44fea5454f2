"""What a test needs of the machine."""

from __future__ import annotations

import os

import pytest

__all__ = ["require"]


def require(found: object, what: str) -> None:
    """Skip the calling test when what it needs is missing; fail it where PRX_MUST_WORK=1 says that nothing is.

    Args:
        found: true when the machine has it
        what: its name, for the report
    """
    if found:
        return
    if os.environ.get("PRX_MUST_WORK") == "1":
        pytest.fail(f"needs {what}, and PRX_MUST_WORK is set", pytrace=False)
    pytest.skip(f"needs {what}")
