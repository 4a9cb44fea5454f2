"""The calls of the BSDs: undefined here, and found to be so by the driver."""

from __future__ import annotations

from typing import Any

import pytest

from prx_actors import UndefinedCall, prx

CALLS: dict[str, tuple[Any, ...]] = {
    "pledge": ("stdio", None),
    "unveil": (None, None),
    "cap_enter": (),
    "cap_getmode": (),
    "cap_rights_limit": (0, [1, 2]),
    "cap_fcntls_get": (0,),
    "cap_fcntls_limit": (0, 8),
    "cap_ioctls_limit": (0, ["tiocgwinsz"]),
    "jail": ([bytes(4)],),
    "jail_attach": (1,),
    "jail_remove": (1,),
    "procctl": (0, 0, 2, []),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_another_system_is_undefined(name: str) -> None:
    """The error names it, and the task goes on."""
    with prx.fork() as task:
        with pytest.raises(UndefinedCall, match=f"^{name}: "):
            getattr(prx, name)(task, *CALLS[name])
        assert prx.getpid(task) == task.pidof()
