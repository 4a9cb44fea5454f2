"""The filter of calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from prx_actors.driver.protocol import CALLS
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.filters import refused

if TYPE_CHECKING:
    from prx_actors.tasks import filters

__all__ = ["FilterCalls"]


class FilterCalls(Calls):
    """filter."""

    __slots__ = ()

    def filter(self, calls: filters.Calls, subprocess_calls: filters.Calls | None = None) -> None:
        """Refuse calls from now on: in the task, and in what it forks.

        The driver refuses them, whoever asks. A filter only grows: what is
        refused once is never allowed again, also when `filter` itself is not
        refused. What the task forks starts with the filter for its forks, for
        itself and for its own forks; it is not bound by what the task alone is
        refused. Under the tightest filter, processes are still reaped, stopped
        and read, and messages still come.

        A filter says what a task is asked for no more. It holds nobody who may
        `open` and `write` the task's memory, in `/proc`, as the task itself may
        unless that is refused: for hostile programs there is seccomp(2).

        Args:
            calls: names of calls to refuse; or `{"deny": names}`, which is the
                same; or `{"allow": names}`, which refuses all others, `filter`
                included; an empty list changes nothing, an empty `allow` refuses
                all. To allow `fork`, `clone`, `reexec` or an exec allows `cpid`;
                `getcpid` goes with `cpid`, `replace_process_image` with
                `reexec`. Names of constants and of calls of other systems are
                taken and change nothing
            subprocess_calls: the same for what the task forks later; as `calls`
                when not given

        Raises:
            ValueError: there is no such call; a mapping with another key
            TypeError: no list of names
            UndefinedCall: `filter` is filtered; nothing changes
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     prx.filter(task, {"allow": ["fork", "getuid"]}, ["kill", "getuid"])
            ...     child = prx.fork(task)
            ...     prx.getpid(child) == prx.pidof(child)
            ...     try:
            ...         prx.getpid(task)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" in ")[0])
            True
            getpid: the call is filtered

        """
        own = refused(calls)
        of_forks = own if subprocess_calls is None else refused(subprocess_calls)
        process = self._process
        process.perform(
            CALLS["filter"],
            (_numbers(own), _numbers(of_forks)),
            partial(process.follow_filter, own, of_forks),
        )


def _numbers(names: frozenset[str]) -> list[int]:
    return sorted(CALLS[name].number for name in names if name in CALLS)
