"""Limits of a program and all that it starts together, by control groups."""

from __future__ import annotations

from prx_actors.programs.limits.group import LimitGroup
from prx_actors.programs.limits.limits import Limits

__all__ = ["LimitGroup", "Limits"]
