"""ChildSpec: how a supervisor starts, restarts and stops one child."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable

from prx_actors.actors import Process
from prx_actors.otp.supervisor_errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors import Pid

__all__ = ["AUTO_SHUTDOWNS", "ChildSpec", "StartLink", "check_spec", "check_specs", "is_one_of", "list_specs"]

RESTARTS: Final = ("permanent", "transient", "temporary")
TYPES: Final = ("worker", "supervisor")
AUTO_SHUTDOWNS: Final = ("never", "any_significant", "all_significant")


@runtime_checkable
class StartLink(Protocol):
    """What may stand for the start function of a child: it starts and links a process.

    The classes of behaviours do, by their class method; so may any object that
    describes something to run.

    Example:
        >>> from prx_actors.actors import spawn_link
        >>> from prx_actors.otp.child_spec import ChildSpec, StartLink
        >>> class Job:
        ...     def __init__(self, function):
        ...         self.function = function
        ...     def start_link(self, *args):
        ...         return spawn_link(self.function, *args)
        >>> isinstance(Job(print), StartLink)
        True
        >>> spec = ChildSpec("job", Job(print))

    """

    def start_link(self, *args: Any) -> Any:
        """Start a process and link it to the caller, which is the supervisor.

        Args:
            args: of the child specification

        Returns:
            as a start function; its pid, a pair of it and anything else, or
            None when there is nothing to run

        """


Args: TypeAlias = "list[Any] | tuple[Any, ...]"
Start: TypeAlias = "Callable[..., Any] | StartLink | tuple[Callable[..., Any] | StartLink, Args | None]"


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to start, restart and stop a child of a supervisor.

    It is checked when a supervisor gets it, or by `Supervisor.check_childspecs`.

    Example:
        >>> from prx_actors.actors import receive, spawn_link
        >>> from prx_actors.otp.child_spec import ChildSpec
        >>> ChildSpec("echo", (spawn_link, (receive,)), restart="transient").restart
        'transient'

    """

    id: Hashable
    """Names the child within its supervisor."""

    start: Start
    """A callable and its arguments, a tuple or a list, or the callable alone.

    It runs in the supervisor and returns the pid of a new process, which the
    supervisor links; or a pair of the pid and anything else, which `start_child`
    returns; or None, when there is nothing to run. In place of a callable, a
    `Process` class or anything with a method `start_link` will do.
    """

    restart: str = "permanent"
    """When it is restarted; `"permanent"`, always; `"transient"`, when it ends otherwise than by
    `"normal"`, `"shutdown"` or `("shutdown", x)`; `"temporary"`, never."""

    shutdown: float | str | None = None
    """Seconds that the child has after its exit signal `"shutdown"` until it is
    killed, `"infinity"` or `"brutal_kill"`. None means 5 seconds for a worker,
    infinity for a supervisor and for a process that the supervisor owns, as a
    Task: that bounds itself."""

    type: str = "worker"
    """`"worker"` or `"supervisor"`."""

    significant: bool = False
    """Whether its end can end the supervisor; see `auto_shutdown`."""

    def function(self) -> Callable[..., Any]:
        """Return what starts the child."""
        target = self.start[0] if isinstance(self.start, tuple) else self.start
        if isinstance(target, StartLink):
            return target.start_link
        if isinstance(target, type) and issubclass(target, Process):
            return target.start
        return target

    def args(self) -> tuple[Any, ...] | None:
        """Return the arguments of the start function; none when they were not kept."""
        if not isinstance(self.start, tuple):
            return ()
        return None if self.start[1] is None else tuple(self.start[1])

    def without_args(self) -> ChildSpec:
        """Return the same, but for the arguments: a temporary child needs them once."""
        return replace(self, start=(self.start[0], None)) if isinstance(self.start, tuple) else self

    def shutdown_of(self, pid: Pid, owned: Iterable[Pid]) -> float | str:
        """Return how to stop this child.

        Args:
            pid: the child
            owned: the processes that the supervisor owns

        """
        if self.shutdown is not None:
            return self.shutdown
        return "infinity" if self.type == "supervisor" or pid in owned else 5.0


def check_specs(specs: object, auto_shutdown: str | None = None) -> list[ChildSpec]:
    """Check the child specifications of one supervisor.

    Args:
        specs: an iterable of them
        auto_shutdown: of the supervisor; None when it is not known

    Returns:
        a list of them

    Raises:
        SpecError: when one is not valid, or two have the same id

    """
    listed = list_specs(specs)
    if auto_shutdown is not None and not is_one_of(auto_shutdown, AUTO_SHUTDOWNS):
        raise SpecError(("badarg", auto_shutdown))
    checked: dict[Hashable, ChildSpec] = {}
    for spec in listed:
        check_spec(spec, auto_shutdown)
        if spec.id in checked:
            raise SpecError(("duplicate_child_name", spec.id))
        checked[spec.id] = spec
    return list(checked.values())


def list_specs(specs: object) -> list[Any]:
    """Return what should be child specifications as a list.

    Raises:
        SpecError: when it is not iterable

    """
    if not isinstance(specs, Iterable) or isinstance(specs, str | bytes):
        raise SpecError(("badarg", specs))
    return list(specs)


def check_spec(spec: object, auto_shutdown: str | None = None) -> ChildSpec:
    """Check one child specification.

    Args:
        spec: what should be one
        auto_shutdown: of the supervisor; None when it is not known

    Returns:
        the same

    Raises:
        SpecError: when it is not valid

    """
    if not isinstance(spec, ChildSpec):
        raise SpecError(("invalid_child_spec", spec))
    _check(_is_hashable(spec.id), "invalid_id", spec.id)
    _check(_is_start(spec.start), "invalid_mfa", spec.start)
    _check(is_one_of(spec.restart, RESTARTS), "invalid_restart_type", spec.restart)
    _check_significant(spec, auto_shutdown)
    _check(is_one_of(spec.type, TYPES), "invalid_child_type", spec.type)
    _check(_is_shutdown(spec.shutdown), "invalid_shutdown", spec.shutdown)
    return spec


def _check(valid: object, error: str, value: object) -> None:
    if not valid:
        raise SpecError((error, value))


def _check_significant(spec: ChildSpec, auto_shutdown: str | None) -> None:
    _check(isinstance(spec.significant, bool), "invalid_significant", spec.significant)
    if spec.significant:
        never = auto_shutdown == "never"
        _check(not never, "bad_combination", {"auto_shutdown": "never", "significant": True})
        lasting = spec.restart == "permanent"
        _check(not lasting, "bad_combination", {"restart": "permanent", "significant": True})


def _is_start(start: object) -> bool:
    if isinstance(start, tuple):
        return len(start) == len(("callable", "args")) and _is_target(start[0]) and _is_args(start[1])
    return _is_target(start)


def _is_target(target: object) -> bool:
    return callable(target) or isinstance(target, StartLink)


def _is_args(args: object) -> bool:
    # They are needed again and again: what can be taken once would be empty at the first restart.
    return isinstance(args, list | tuple)


def _is_shutdown(shutdown: object) -> bool:
    if isinstance(shutdown, bool):
        return False
    if isinstance(shutdown, int | float):
        return shutdown >= 0
    return shutdown is None or is_one_of(shutdown, ("infinity", "brutal_kill"))


def _is_hashable(id: object) -> bool:
    try:
        hash(id)
    except Exception:  # noqa: BLE001 -- code of the user
        return False
    return True


def is_one_of(value: object, words: tuple[str, ...]) -> bool:
    """Say whether a value, which may be an object with any kind of `__eq__`, is one of some words."""
    return isinstance(value, str) and value in words
