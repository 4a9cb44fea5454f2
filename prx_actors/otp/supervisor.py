"""Supervisor: a process that starts, restarts and stops others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.actors import Exit, Pid, ProcessExit
from prx_actors.otp.behaviour import Behaviour
from prx_actors.otp.calls import call
from prx_actors.otp.child_spec import ChildSpec, StartLink, check_specs, list_specs
from prx_actors.otp.children import ChildCounts, ChildInfo
from prx_actors.otp.dynamic_children import DynamicChildren
from prx_actors.otp.named_children import NamedChildren
from prx_actors.otp.restarts import Backoff
from prx_actors.otp.starting import StartError
from prx_actors.otp.supervision import Supervision, TryAgain
from prx_actors.otp.supervisor_errors import SpecError, SupervisorError
from prx_actors.otp.supervisor_flags import SupervisorFlags, check_flags
from prx_actors.otp.supervisor_reports import ChildReport, ProgressReport, SupervisorReport
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from prx_actors.otp.calls import From

    Address = Pid | str

__all__ = [
    "Backoff",
    "ChildCounts",
    "ChildInfo",
    "ChildReport",
    "ChildSpec",
    "ProgressReport",
    "SpecError",
    "StartLink",
    "Supervisor",
    "SupervisorError",
    "SupervisorFlags",
    "SupervisorReport",
]

logger = SafeLogger("prx_actors")


class Supervisor(Behaviour):
    """Starts, restarts and stops its children, as OTP's does.

    `Supervisor.start(specs, strategy=..., intensity=..., ...)` takes a list of
    `ChildSpec` and the fields of `SupervisorFlags`. Or subclass it and return
    flags and specifications from `init`. It starts its children in order and,
    when it ends, stops them in reverse order.

    Args:
        args: for `init`
        kwargs: for `init`

    Example:
        >>> from prx_actors.actors import receive, spawn_link
        >>> from prx_actors.otp.supervisor import ChildSpec, Supervisor
        >>> supervisor = Supervisor.start([ChildSpec("sleeper", (spawn_link, (receive,)))])
        >>> [child.id for child in Supervisor.which_children(supervisor)]
        ['sleeper']
        >>> supervisor.stop()
        True

    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prx_trapping = True
        self._prx_supervision: Supervision | None = None

    def init(self, *args: Any, **kwargs: Any) -> Any:
        """Say what to supervise; to be overridden by subclasses.

        Args:
            args: what `start` got; here, the child specifications
            kwargs: what `start` got; here, the fields of `SupervisorFlags`

        Returns:
            a pair of `SupervisorFlags` and child specifications, `Ignore()` or
            `Stop(reason)`

        Example:
            >>> from prx_actors.actors import receive, spawn_link
            >>> from prx_actors.otp.supervisor import ChildSpec, Supervisor, SupervisorFlags
            >>> class Sleepers(Supervisor):
            ...     def init(self, count):
            ...         specs = [ChildSpec(number, (spawn_link, (receive,))) for number in range(count)]
            ...         return SupervisorFlags(strategy="one_for_all"), specs
            >>> supervisor = Sleepers.start(3)
            >>> Supervisor.count_children(supervisor).active
            3
            >>> supervisor.stop()
            True

        """
        (specs,) = args
        return SupervisorFlags(**kwargs), specs

    def terminate(self, reason: object) -> None:  # noqa: ARG002 -- the same for all
        """Stop the children; not meant to be overridden."""
        if self._prx_supervision is not None:
            self._prx_supervision.stop_all()

    def _init_returned(self, result: object) -> None:
        match result:
            case (flags, specs):
                pass
            case _:
                raise ProcessExit(("bad_return", (type(self).__name__, "init", result)))
        supervision = self._make_supervision(flags, specs)
        supervision.start_all()
        self._prx_supervision = supervision
        self._acknowledge()

    def _make_supervision(self, flags: object, specs: object) -> Supervision:
        try:
            flags = check_flags(flags)
        except SpecError as error:
            raise ProcessExit(("supervisor_data", error.reason)) from error
        dynamic = flags.strategy == "simple_one_for_one"
        try:
            listed = list_specs(specs)
            if dynamic and len(listed) != 1:
                raise ProcessExit(("bad_start_spec", listed))
            checked = check_specs(listed, flags.auto_shutdown)
        except SpecError as error:
            raise ProcessExit(("start_spec", error.reason)) from error
        return DynamicChildren(self, flags, checked[0]) if dynamic else NamedChildren(self, flags, checked)

    # Messages.

    def _on_call(self, request: object, sender: From) -> None:
        match request:
            case _Request(name, args):
                try:
                    answer = _Answer(getattr(self._prx_supervision, name)(*args))
                except (SupervisorError, StartError) as error:
                    answer = _Answer(None, error)
                self._answer(sender, answer)
            case _:
                self._on_info(request)

    def _on_cast(self, request: object) -> None:
        self._on_info(request)

    def _on_info(self, message: object) -> None:
        supervision = self._prx_supervision
        if supervision is None:
            return
        if isinstance(message, Exit):
            supervision.exited(message.pid, message.reason)
        elif isinstance(message, TryAgain):
            supervision.try_again(message)
        elif isinstance(getattr(message, "task", None), Pid):
            # A process that the start function owns tells its owner, which we are.
            logger.debug("Supervisor %r dropped %r", self.actor_ref, message)
        else:
            logger.error("Supervisor %r received an unexpected message: %r", self.actor_ref, message)

    # Inspection.

    def system_get_state(self) -> Any:
        """Return the flags, for `sys.get_state`."""
        return None if self._prx_supervision is None else self._prx_supervision.flags

    def system_replace_state(self, function: Any) -> Any:
        """Replace the flags, but not the strategy, for `sys.replace_state`."""
        supervision = self._prx_supervision
        if supervision is None:
            return None
        flags = check_flags(function(supervision.flags))
        if (flags.strategy == "simple_one_for_one") != isinstance(supervision, DynamicChildren):
            raise SpecError(("invalid_strategy", flags.strategy))
        supervision.flags = flags
        return flags

    # The management calls.

    @staticmethod
    def start_child(supervisor: Address, *child: Any) -> Any:
        """Add a child to a supervisor and start it.

        Args:
            supervisor: a pid or a registered name
            child: its `ChildSpec`; under `"simple_one_for_one"`, arguments that
                are added to those of the specification

        Returns:
            what the start function returned -- a pid, a pair of it and anything
            else, or None

        Raises:
            SupervisorError: with the reason `("already_started", pid)` or
                `"already_present"`, when the supervisor has a child of that id
            SpecError: when the specification is not valid
            StartError: when the child did not start; then it is not added
            CallError: when the supervisor is not there or ends

        Example:
            >>> from prx_actors.actors import receive, spawn_link
            >>> from prx_actors.otp.supervisor import ChildSpec, Supervisor
            >>> supervisor = Supervisor.start([])
            >>> Supervisor.start_child(supervisor, ChildSpec("sleeper", (spawn_link, (receive,)))).is_alive()
            True
            >>> supervisor.stop()
            True

        """
        return _ask(supervisor, "start_child", *child)

    @staticmethod
    def restart_child(supervisor: Address, id: Hashable) -> Any:
        """Start a child that does not run.

        Args:
            supervisor: a pid or a registered name
            id: of the child

        Returns:
            as `start_child`

        Raises:
            SupervisorError: with the reason `"running"`, `"restarting"`,
                `"not_found"` or `"simple_one_for_one"`
            StartError: when the child did not start
            CallError: when the supervisor is not there or ends

        """
        return _ask(supervisor, "restart_child", id)

    @staticmethod
    def terminate_child(supervisor: Address, id: Hashable) -> None:
        """Stop a child; it is kept, unless it is temporary, and is not restarted by itself.

        Args:
            supervisor: a pid or a registered name
            id: of the child; under `"simple_one_for_one"`, its pid

        Raises:
            SupervisorError: with the reason `"not_found"` or `"simple_one_for_one"`
            CallError: when the supervisor is not there or ends

        """
        _ask(supervisor, "terminate_child", id)

    @staticmethod
    def delete_child(supervisor: Address, id: Hashable) -> None:
        """Forget a child that does not run.

        Args:
            supervisor: a pid or a registered name
            id: of the child

        Raises:
            SupervisorError: with the reason `"running"`, `"restarting"`,
                `"not_found"` or `"simple_one_for_one"`
            CallError: when the supervisor is not there or ends

        """
        _ask(supervisor, "delete_child", id)

    @staticmethod
    def get_childspec(supervisor: Address, id: Hashable) -> ChildSpec:
        """Return how a child is started; a temporary one without its arguments.

        Args:
            supervisor: a pid or a registered name
            id: of the child; under `"simple_one_for_one"`, its pid will do

        Raises:
            SupervisorError: with the reason `"not_found"`
            CallError: when the supervisor is not there or ends

        """
        return _ask(supervisor, "get_childspec", id)  # type: ignore[no-any-return]

    @staticmethod
    def which_children(supervisor: Address) -> list[ChildInfo]:
        """Return the children, running or not, the last one first.

        Args:
            supervisor: a pid or a registered name

        Raises:
            CallError: when the supervisor is not there or ends

        """
        return _ask(supervisor, "which_children")  # type: ignore[no-any-return]

    @staticmethod
    def count_children(supervisor: Address) -> ChildCounts:
        """Count the children.

        Args:
            supervisor: a pid or a registered name

        Raises:
            CallError: when the supervisor is not there or ends

        """
        return _ask(supervisor, "count_children")  # type: ignore[no-any-return]

    @staticmethod
    def check_childspecs(specs: Iterable[ChildSpec], auto_shutdown: str | None = None) -> None:
        """Check child specifications without starting anything.

        Args:
            specs: of one supervisor
            auto_shutdown: of that supervisor; None checks nothing that depends on it

        Raises:
            SpecError: when one is not valid, or two have the same id; `("badarg", auto_shutdown)`
                when there is no such auto-shutdown

        """
        check_specs(specs, auto_shutdown)


class _Request:
    """A management call."""

    __match_args__ = ("name", "args")
    __slots__ = ("args", "name")

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        self.name = name
        self.args = args

    def __repr__(self) -> str:
        return f"{self.name}{self.args!r}"


class _Answer:
    """What came of it: an error, too, leaves the supervisor alive."""

    __slots__ = ("error", "value")

    def __init__(self, value: object, error: Exception | None = None) -> None:
        self.value = value
        self.error = error

    def __repr__(self) -> str:
        return repr(self.value if self.error is None else self.error)


def _ask(supervisor: Address, name: str, *args: Any) -> Any:
    answer: _Answer = call(supervisor, _Request(name, args), timeout=None)
    if answer.error is not None:
        raise answer.error
    return answer.value
