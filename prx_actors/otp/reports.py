"""What a server was doing when it failed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.otp.behaviour import Behaviour

__all__ = ["report_termination"]

logger = logging.getLogger("prx_actors")


def report_termination(process: Behaviour, reason: object) -> None:
    """Log the last message, the state and the reason, as `format_status` lets them be seen."""
    message = None if process._handled is None else process._handled.message
    status = {"message": message, "state": process.system_get_state(), "reason": reason}
    try:
        status = process.format_status(dict(status))
    except Exception:
        logger.exception("format_status of %r failed", process.actor_ref)
    logger.error(
        "%s %r is terminating\n  last message: %r\n  state: %r\n  reason: %r",
        type(process).__name__,
        process.actor_ref,
        status.get("message"),
        status.get("state"),
        status.get("reason"),
        extra={"pid": process.actor_ref, "status": status},
    )
