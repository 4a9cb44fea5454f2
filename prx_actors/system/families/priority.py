"""Whom getpriority(2) is about."""

from __future__ import annotations

from enum import auto

from prx_actors.system.families.base import Number

__all__ = ["Priority"]

FAMILY = "priority"


class Priority(Number):
    """Whose nice value: getpriority(2)."""

    PRIO_PROCESS = auto()
    PRIO_PGRP = auto()
    PRIO_USER = auto()
