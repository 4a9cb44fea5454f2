"""How a driver turns into a program: by an exec, or by a batch that ends with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.driver.ending import Ending
from prx_actors.driver.state import State
from prx_actors.driver.turn import ChannelClosedError
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Execution"]


class Execution(Ending):
    """The part of a driver that makes it a program."""

    executed: bool
    """What its end means: whether it has been told to turn into a program, and has not refused."""

    @property
    def execed(self) -> bool:
        """Whether it is a program, or was one when it ended; not while the exec is under way."""
        return self.executed and self.state is not State.EXECUTING

    def execute(self, number: int, args: tuple[object, ...], check: Callable[[], None]) -> None:
        """Turn into a program.

        Args:
            number: that of `execvp` or `execve`
            args: its arguments
            check: called in the turn, before anything is sent

        Raises:
            OSError: what the kernel says: it is still a driver
            ChannelClosedError: it has ended before it could
            TimeoutError: as `timeout` says; what has become of it shows in time

        """

        def begin() -> None:
            check()
            self._begin_exec()

        self.turns.check_holder()
        self._await_exec(lambda: self.turns.call(number, args, check=begin))

    def post(self, requests: tuple[bytes, ...]) -> None:
        """Send the calls of a batch, the last of which is an exec, before the fork of this driver is asked for.

        Raises:
            OSError: `EMSGSIZE`, `ENOMEM`

        """
        self._begin_exec()
        self.turns.post(lib.PRX_BATCH, requests)

    def take(self) -> tuple[Any] | None:
        """Wait for the end of what `post` has sent.

        Returns:
            none when it is a program, otherwise the reply, in a tuple: it may be anything

        Raises:
            ChannelClosedError: it has ended before it could do any of that
            TimeoutError: as `timeout` says; what has become of it shows in time

        """
        return self._await_exec(self.turns.take)

    def _begin_exec(self) -> None:
        self.state = State.EXECUTING
        self.executed = True

    def _await_exec(self, call: Callable[[], Any]) -> tuple[Any] | None:
        try:
            try:
                reply = (call(),)
            except ChannelClosedError:
                # An exec closes the channel, and so does an end, within which it may still exec.
                if not self.turns.is_exec():
                    raise
                self._settle(State.EXEC)
                return None
            except OSError:
                self._settle_exec()
                raise
            self._settle_exec()
        except BaseException:
            # Once more: an interrupt may have come in the midst of the lines above.
            self._settle_exec()
            raise
        return reply

    def _settle_exec(self) -> None:
        # With a reply outstanding, what has become of it shows later.
        if self.turns.busy:
            self.turns.abandon()
        else:
            self._settle(State.CALL)

    def _on_late_reply(self, closed: bool) -> None:
        if not closed:
            self._settle(State.CALL)
        elif self.turns.is_exec():
            self._settle(State.EXEC)

    def _settle(self, state: State) -> None:
        with self._lock:
            if self.state is State.EXECUTING:
                # In this order: `execed` looks at both without the lock.
                self.executed = state is State.EXEC
                self.state = state
