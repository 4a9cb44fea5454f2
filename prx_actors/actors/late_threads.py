"""Threads that begin after the end of main on Python 3.12, which refuses them although its exit handlers still run.

Older and newer versions start them: supervisors have children to stop in order, and each of them that waits for one
holds a thread.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import threading

__all__ = ["start_late_thread"]

REFUSES: Final = (3, 12)

_callbacks: list[object] = []
"""They are called from C, which keeps nothing alive."""


def start_late_thread(thread: threading.Thread, refusal: RuntimeError) -> bool:
    """Start a daemon thread that Python has refused because it shuts down.

    Args:
        thread: whose `run` is called; `threading` does not know that it runs
        refusal: what its `start` has raised

    Returns:
        whether it runs

    """
    if sys.version_info[:2] != REFUSES or "shutdown" not in str(refusal) or sys.is_finalizing():
        return False
    # Here, because it takes a thirtieth of the time that the import of the package does.
    import ctypes

    callback = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: thread.run())
    _callbacks.append(callback)
    library = ctypes.CDLL(None)
    number = ctypes.c_ulong()
    error = library.pthread_create(ctypes.byref(number), None, callback, None)
    if error:
        raise RuntimeError(os.strerror(error)) from refusal
    library.pthread_detach(number)
    return True
