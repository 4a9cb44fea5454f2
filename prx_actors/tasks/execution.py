"""How a task becomes a program: by an exec, or by a batch that was sent ahead of its fork."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.driver.protocol import CALLS
from prx_actors.driver.state import State
from prx_actors.driver.turn import ChannelClosedError
from prx_actors.tasks.arguments import convert
from prx_actors.tasks.relations import RelatedProcess

if TYPE_CHECKING:
    from prx_actors.tasks.batch import Batch

__all__ = ["ExecutedProcess"]


class ExecutedProcess(RelatedProcess):
    """The part of a task's process that makes it a program."""

    def execute(self, name: str, args: tuple[Any, ...]) -> None:
        """Turn the driver into a program.

        Raises:
            OSError: what the kernel says: it is in call state
            NoProcess: it has ended before it could

        """
        call = CALLS[name]
        self.check_owner(name)
        self.check_call_state(name)
        converted = convert(call, args)
        self.output.counts = True
        try:
            self.driver.execute(call.number, converted, lambda: self.check_call_state(name))
        except ChannelClosedError:
            raise self.gone(name) from None
        except OSError as error:
            if self.driver.state is not State.EXECUTING:  # otherwise it is late, and may still become a program
                self._is_a_driver_still()
            raise self.explain(call, args, error) from None

    def post(self, batch: Batch) -> None:
        """Send a batch ahead of the fork that is about to be asked for.

        Raises:
            TypeError: an argument of a wrong type
            ValueError: a null byte in a string
            OSError: `EMSGSIZE`, `ENOMEM`; nothing is sent

        """
        self.output.counts = True
        try:
            self.driver.post(batch.encode())
        except OSError as error:
            error.add_note(f"{', '.join(name for name, _ in batch.calls)} of {self.task}")
            raise

    def take(self, batch: Batch) -> Exception | None:
        """Wait for the end of a batch that `post` has sent.

        Returns:
            none when the task is a program; otherwise why the exec has failed

        Raises:
            OSError: what a call before the exec says
            NoProcess: it has ended before it could do any of that

        """
        try:
            reply = self.driver.take()
        except ChannelClosedError:
            raise self.gone(batch.calls[-1][0]) from None
        if reply is None:
            return None
        self._is_a_driver_still()
        return batch.failure(self, *reply)

    def _is_a_driver_still(self) -> None:
        self.output.counts = False
        self._resume_reading()

    def _resume_reading(self) -> None:
        self.driver.stdout.resume()
        self.driver.stderr.resume()
