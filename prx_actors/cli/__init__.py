"""The command `prx-actors`, for shell scripts: one file a subcommand."""

from __future__ import annotations

from prx_actors.cli.main import main

__all__ = ["main"]
