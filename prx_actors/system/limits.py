"""The runtime's own limit of open files: thousands of tasks need more than the usual 1,024."""

from __future__ import annotations

import resource

__all__ = ["raise_nofile"]


def raise_nofile() -> tuple[int, int]:
    """Raise the soft `RLIMIT_NOFILE` of this program to the hard one.

    Returns:
        the soft limit as it was, which programs get back, and as it is now

    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft, hard
