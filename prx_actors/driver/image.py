"""The image that drivers execute anew: the keeper's copy of its binary, empty until somebody needs it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from prx_actors.driver.protocol import CALLS

if TYPE_CHECKING:
    from prx_actors.driver.driver import Driver

__all__ = ["fill_image"]

_filled: weakref.WeakSet[Driver] = weakref.WeakSet()


def fill_image(driver: Driver) -> None:
    """Have the keeper of a driver fill the image, unless it has done so.

    Args:
        driver: one that is to execute it

    Raises:
        OSError: what the kernel says
        ChannelClosedError: the keeper has ended
        TimeoutError: as `timeout` says

    """
    keeper = driver
    while keeper.parent is not None:
        keeper = keeper.parent
    if keeper not in _filled:
        # The keeper does not execute itself: to it, this is the request for the image.
        keeper.turns.call(CALLS["reexec"].number, (["prx-driver"], [], 1))
        _filled.add(keeper)
