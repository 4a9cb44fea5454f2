"""Task, the handle on an OS process: a pid with the calls of prx as its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from prx_actors.actors import Pid
from prx_actors.driver.state import State
from prx_actors.tasks.calls.bsd import BsdCalls
from prx_actors.tasks.calls.constants import ConstantCalls
from prx_actors.tasks.calls.control import ControlCalls
from prx_actors.tasks.calls.devices import DeviceCalls
from prx_actors.tasks.calls.environment import EnvironmentCalls
from prx_actors.tasks.calls.files import FileCalls
from prx_actors.tasks.calls.filter import FilterCalls
from prx_actors.tasks.calls.identity import IdentityCalls
from prx_actors.tasks.calls.images import ImageCalls
from prx_actors.tasks.calls.limits import LimitCalls
from prx_actors.tasks.calls.memory import MemoryCalls
from prx_actors.tasks.calls.mounts import MountCalls
from prx_actors.tasks.calls.names import NameCalls
from prx_actors.tasks.calls.namespaces import NamespaceCalls
from prx_actors.tasks.calls.options import OptionCalls
from prx_actors.tasks.calls.ownership import OwnershipCalls
from prx_actors.tasks.calls.paths import PathCalls
from prx_actors.tasks.calls.processes import ProcessCalls
from prx_actors.tasks.calls.scheduling import SchedulingCalls
from prx_actors.tasks.calls.select import SelectCalls
from prx_actors.tasks.calls.sessions import SessionCalls
from prx_actors.tasks.calls.shell import ShellCalls
from prx_actors.tasks.calls.signals import SignalCalls
from prx_actors.tasks.calls.sockets import SocketCalls
from prx_actors.tasks.calls.streams import StreamCalls
from prx_actors.tasks.calls.tracing import TracingCalls
from prx_actors.tasks.calls.waiting import WaitingCalls
from prx_actors.tasks.containment import Containment, containment_of
from prx_actors.tasks.operations import OperationCalls
from prx_actors.tasks.process import TaskProcess

if TYPE_CHECKING:
    from types import TracebackType

    from prx_actors.tasks.statistics import TaskStatistics

__all__ = ["Task"]


class Task(
    Pid,
    ConstantCalls,
    TracingCalls,
    MemoryCalls,
    DeviceCalls,
    ControlCalls,
    BsdCalls,
    EnvironmentCalls,
    FileCalls,
    FilterCalls,
    IdentityCalls,
    LimitCalls,
    MountCalls,
    NameCalls,
    NamespaceCalls,
    OperationCalls,
    ImageCalls,
    OptionCalls,
    OwnershipCalls,
    ProcessCalls,
    SchedulingCalls,
    ShellCalls,
    PathCalls,
    SelectCalls,
    SessionCalls,
    SignalCalls,
    SocketCalls,
    StreamCalls,
    WaitingCalls,
):
    """An OS process, in call state (it obeys calls) or in exec state (a program).

    It is made by `prx.fork`, and is the same object in every message. Every
    function of `prx` that takes a task is a method, too. As a context manager it
    stops at the end of the block.

    Example:
        >>> from prx_actors import prx
        >>> with prx.fork() as task:
        ...     task.getpid() == prx.getpid(task)
        True
        >>> task.is_alive()
        False

    """

    def __init__(self, process: TaskProcess) -> None:
        super().__init__(process)
        self._process = process

    @property
    def host_pid(self) -> int | None:
        """The pid as this program sees it; none once the process is gone."""
        return self._process.driver.host_pid()

    @property
    def containment(self) -> Containment | None:
        """What holds together all that the task starts, as the kernel shows it now; none once the process is gone.

        It is the strongest level that is in force. A process that has moved
        itself to another control group shows less than its parent.

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     inside = prx.clone(task, ["clone_newuser", "clone_newpid"])
            ...     inside.containment
            <Containment.PID_NAMESPACE: 'pid_namespace'>

        """
        return containment_of(self._process.driver)

    def statistics(self) -> TaskStatistics:
        """Return what the runtime has counted of the task; nobody is asked, and anyone may look.

        Returns:
            the figures of this moment; of a task that has ended, the last ones

        Example:
            >>> from prx_actors import Stdout, prx, receive
            >>> with prx.fork() as task:
            ...     prx.execvp(task, ["cat"])
            ...     prx.stdin(task, b"twelve bytes")
            ...     while task.statistics().stdout < 12:
            ...         _ = receive(Stdout, task=task, timeout=5)
            ...     task.statistics().stdin
            12

        """
        from prx_actors.tasks.statistics import statistics_of

        return statistics_of(self._process)

    def _words(self) -> list[str]:
        return self._process._words()

    def __str__(self) -> str:
        return repr(self)

    def stop(self, *, block: bool = True, timeout: float | None = None) -> Any:
        """End the process and everything below it, whatever state it is in.

        A program is asked by `signaloneof` and killed `killdelay` seconds later.
        Anyone may stop a task. The task ends with the reason `"normal"`.

        Args:
            block: whether to wait until everything is gone
            timeout: seconds to wait

        Returns:
            whether the task was alive; with `block=False`, a future of that

        Raises:
            pykka.Timeout: Pykka's, it is not gone in time; it will be

        Example:
            >>> from prx_actors import prx
            >>> task = prx.fork()
            >>> prx.stop(task)
            True
            >>> prx.stop(task)
            False

        """
        return self._process.stop_task(block=block, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A child of os.fork() leaves the block too, by exit as a rule: the task is its parent's.
        if self._process.driver.state is not State.FORKED:
            self.stop()


# A process makes its own pid, and the pid's methods make processes: one of the two has to come second.
TaskProcess.pid_class = Task
