"""The life of a process from its start to the return of its `init`, as OTP's `proc_lib`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.process import Process
from prx_actors.actors.threads import current_process
from prx_actors.otp import stopping
from prx_actors.otp.calls import reply
from prx_actors.otp.names import take_name
from prx_actors.otp.results import Ignore, Stop
from prx_actors.otp.starting import launch

if TYPE_CHECKING:
    from prx_actors.actors.messages import MonitorRef
    from prx_actors.actors.pid import Pid
    from prx_actors.otp.calls import From


__all__ = ["ProcLib", "bad_return"]


class ProcLib(Process):
    """A process with a synchronous start and an orderly stop.

    Args:
        args: for `init`
        kwargs: for `init`

    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self._prx_init_arguments: tuple[tuple[Any, ...], dict[str, Any]] = (args, kwargs)
        self._prx_wanted_name: str | None = None
        self._prx_starter: From | None = None
        self._prx_ignored = False

    @classmethod
    def start(cls, *args: Any, name: str | None = None, timeout: float | None = None, **kwargs: Any) -> Pid:
        """Start a process and wait until its `init` has returned.

        Args:
            args: for `init`
            name: registered before `init` is called
            timeout: seconds that `init` may take; then the process is killed
            kwargs: for `init`

        Returns:
            its pid; None, which only a class that uses it has to expect, when
            `init` returned `Ignore`

        Raises:
            StartError: when it did not start
            ProcessExit: when the calling process has been ended

        """
        return launch(cls._make(name, args, kwargs), timeout)[0]

    @classmethod
    def start_link(cls, *args: Any, name: str | None = None, timeout: float | None = None, **kwargs: Any) -> Pid:
        """Start a process that is linked to the caller from its start.

        One that fails to start raises here and sends the caller no exit signal.

        Args:
            args: for `init`
            name: registered before `init` is called
            timeout: seconds that `init` may take; then the process is killed
            kwargs: for `init`

        Returns:
            as `start`

        Raises:
            StartError: when it did not start
            ProcessExit: when the calling process has been ended

        """
        return launch(cls._make(name, args, kwargs), timeout, link=True)[0]

    @classmethod
    def start_monitor(
        cls, *args: Any, name: str | None = None, timeout: float | None = None, **kwargs: Any
    ) -> tuple[Pid, MonitorRef]:
        """Start a process that the caller monitors from its start.

        Args:
            args: for `init`
            name: registered before `init` is called
            timeout: seconds that `init` may take; then the process is killed
            kwargs: for `init`

        Returns:
            the pid and the monitor; each None when `init` returned `Ignore`

        Raises:
            StartError: when it did not start
            ProcessExit: when the calling process has been ended

        """
        return launch(cls._make(name, args, kwargs), timeout, monitor=True)

    @classmethod
    def _make(cls, name: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ProcLib:
        current_process()  # a plain thread becomes one, so that it can be the parent
        process = cls(*args, **kwargs)
        process._check_names()
        process._prx_wanted_name = name
        return process

    def init(self, *args: Any, **kwargs: Any) -> Any:
        """Begin, in the process itself; to be overridden.

        Args:
            args: what `start` got
            kwargs: what `start` got

        Returns:
            None, `Ignore()`, `Stop(reason)` or what the behaviour allows

        """
        if args or kwargs:
            msg = f"{type(self).__name__} has no init of its own and takes no arguments"
            raise TypeError(msg)

    def _run_on_start(self) -> None:
        try:
            self._begin()
        except ProcessExit as exit_:
            reason = exit_.reason
        except BaseException as error:  # noqa: BLE001 -- code of the user
            reason = error
        else:
            return
        with suppress(TypeError):  # the end needs what such names would hide
            self._check_names()
        self._end(reason)

    def _begin(self) -> None:
        if self._prx_wanted_name is not None:
            holder = take_name(self._prx_wanted_name, self.actor_ref)
            if holder is not None:
                self._refuse(("already_started", holder))
                return
            self._check_running()
        self.on_start()
        self._check_running()
        args, kwargs = self._prx_init_arguments
        result = self.init(*args, **kwargs)
        self._check_names()
        self._prx_init_arguments = ((), {})
        if isinstance(result, Ignore):
            self._prx_ignored = True
            self._refuse("normal")
        elif isinstance(result, Stop):
            self._end(result.reason)
        else:
            self._init_returned(result)

    def _init_returned(self, result: object) -> None:
        """Take what `init` returned; may be overridden."""
        if result is not None:
            bad_return(result)
        self._acknowledge()

    def _acknowledge(self) -> None:
        """Let the starter go on: this process has begun."""
        starter, self._prx_starter = self._prx_starter, None
        if starter is not None:
            reply(starter, None)

    def _refuse(self, reason: object) -> None:
        """End before the process has begun; the starter alone is told."""
        if self._prx_parent is not None:
            self._unlink(self._prx_parent)
        self._finish(reason, lambda: None)

    def stop(self: ProcLib | Pid | str, reason: object = "normal", timeout: float | None = None) -> None:
        """End a process in order, as `GenServer.stop(pid)`, and wait until it is gone.

        In the process itself, `self.stop()` is Pykka's: it ends after the
        messages that wait.

        Args:
            reason: the exit reason
            timeout: seconds to wait; None waits for ever

        Raises:
            CallError: when it is not there, is the caller, or ends with another reason
            TimeoutError: when it takes longer; it may still end
            ProcessExit: when the calling process has been ended

        """
        if isinstance(self, ProcLib):
            Process.stop(self)
        else:
            stopping.stop(self, reason, timeout)

    def _end(self, reason: object) -> None:
        raise NotImplementedError


def bad_return(value: object) -> NoReturn:
    """End the calling process for what its callback returned.

    Raises:
        ProcessExit: with OTP's reason

    """
    raise ProcessExit(("bad_return_value", value))
