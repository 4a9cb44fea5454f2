"""Lists of operations on a task: calls and functions, one after the other, until one fails."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from prx_actors.actors import NoProcess
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.errors import NotInCallState, NotInExecState, NotOwner
from prx_actors.tasks.forked import forked_here

if TYPE_CHECKING:
    from prx_actors.tasks.task import Task

__all__ = ["BadOp", "Op", "OperationCalls", "Ops"]


@dataclass(frozen=True, slots=True, init=False)
class Op:
    """An operation with options; one without may be a tuple, `("mkdir", "/x", 0o755)`.

    Args:
        call: the name of a call of prx, or a function, which is called with the
            task and the arguments
        args: the arguments after the task
        state: give the state to the operation too: to a call as the first
            argument after the task, to a function in front of the task
        errexit: whether an error ends the list; otherwise it is ignored
        transform: called with the result, returns what is taken for it

    Example:
        >>> from prx_actors import Op
        >>> Op("mkdir", "/x", 0o755, errexit=False)
        Op(call='mkdir', args=('/x', 493), state=False, errexit=False, transform=None)

    """

    call: str | Callable[..., Any]
    args: tuple[Any, ...]
    state: bool
    errexit: bool
    transform: Callable[[Any], Any] | None

    def __init__(
        self,
        call: str | Callable[..., Any],
        *args: Any,
        state: bool = False,
        errexit: bool = True,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        values = {"call": call, "args": args, "state": state, "errexit": errexit, "transform": transform}
        for name, value in values.items():
            object.__setattr__(self, name, value)


Ops: TypeAlias = Sequence["Op | tuple[Any, ...] | Ops"]
"""Operations, in lists that may be nested."""


class BadOp(ValueError):  # noqa: N818 -- the names are fixed
    """An operation is none, or has failed otherwise than with the error of a call.

    Args:
        op: the operation
        path: where it stands: its index in the list, in the nested list, ...;
            what an operation has returned stands below it
        reason: what is wrong

    """

    def __init__(self, op: object, path: tuple[int, ...], reason: object) -> None:
        super().__init__(op, path, reason)
        self.op = op
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        where = "".join(f"[{index}]" for index in self.path)
        reason = f"{type(self.reason).__name__}: {self.reason}" if isinstance(self.reason, Exception) else self.reason
        return f"ops{where} = {self.op!r}: {reason}"


_WRONG_USE = (NotOwner, NotInCallState, NotInExecState, NoProcess)
"""Errors by their classes, but no results of a call: exceptions in prx."""


class _Step:
    """An operation that is still to be done.

    Args:
        op: the operation
        path: where it stands
        returned_by: where the one stands that has returned it, if one has

    """

    __slots__ = ("op", "path", "returned_by")

    def __init__(self, op: object, path: tuple[int, ...], returned_by: tuple[int, ...] | None = None) -> None:
        self.op = op
        self.path = path
        self.returned_by = returned_by

    def returned(self, ops: list[Any]) -> list[_Step]:
        """Return the operations that this one has returned; the paths do not grow with generations."""
        below = self.path if self.returned_by is None else self.returned_by
        return [_Step(op, (*below, index), below) for index, op in enumerate(ops)]


def _check_list(ops: Ops, path: tuple[int, ...]) -> None:
    if not isinstance(ops, list):
        raise BadOp(ops, path, "expected a list of operations")


def _run(task: Task, ops: Ops, state: Any, path: tuple[int, ...]) -> None:
    _check_list(ops, path)
    steps = deque(_Step(op, (*path, index)) for index, op in enumerate(ops))
    while steps:
        step = steps.popleft()
        if isinstance(step.op, list):
            _run(task, step.op, state, step.path)  # the state it ends with is its own, as in prx
            continue
        op, function = _parse(task, step)
        result = _perform(task, op, function, state, step)
        if isinstance(result, _Branch):
            steps.extendleft(reversed(step.returned(result.ops)))
        elif result is not None:
            state = result


def _parse(task: Task, step: _Step) -> tuple[Op, Callable[..., Any]]:
    op = step.op
    if isinstance(op, tuple) and op:
        op = Op(*op)
    if not isinstance(op, Op):
        raise BadOp(step.op, step.path, "an operation is a tuple (call, *args), an Op, or a list of them")
    if isinstance(op.call, str):
        if not _is_call(type(task), op.call):
            raise BadOp(step.op, step.path, f"no call {op.call!r}")
        return op, getattr(type(task), op.call)
    if not callable(op.call):
        raise BadOp(step.op, step.path, "it begins with neither the name of a call nor a function")
    return op, op.call


def _is_call(kind: type[Task], name: str) -> bool:
    defined = any(name in vars(one) for one in kind.__mro__ if issubclass(one, Calls))
    return defined and not name.startswith("_")


class _Branch:
    """Operations that an operation has returned."""

    __slots__ = ("ops",)

    def __init__(self, ops: list[Any]) -> None:
        self.ops = ops


def _perform(task: Task, op: Op, function: Callable[..., Any], state: Any, step: _Step) -> Any:
    try:
        result = function(*_arguments(task, op, state))
        if op.transform is not None:
            result = op.transform(result)
    except TimeoutError:
        raise
    except OSError as error:
        if isinstance(error, _WRONG_USE):
            raise BadOp(step.op, step.path, error) from error
        if op.errexit:
            raise
        return None
    except Exception as error:
        raise BadOp(step.op, step.path, error) from error
    # A list that a call returns is its value; one from a function is more to do.
    is_value = isinstance(op.call, str) and op.transform is None
    return _Branch(result) if isinstance(result, list) and not is_value else result


def _arguments(task: Task, op: Op, state: Any) -> tuple[Any, ...]:
    if not op.state:
        return (task, *op.args)
    return (task, state, *op.args) if isinstance(op.call, str) else (state, task, *op.args)


class OperationCalls(Calls):
    """task and with_ops."""

    __slots__ = ()

    def task(
        self,
        ops: Ops,
        state: Any = None,
        *,
        init: Callable[[Task], Task] | None = None,
        terminate: Callable[[Task, Task], object] | None = None,
    ) -> Task:
        """Fork the task and have operations done on the child.

        If one fails, or anything interrupts them, the child is killed with all
        below it, and the error is raised.

        Args:
            ops: as for `with_ops`
            state: as for `with_ops`
            init: called with the task, returns the child, instead of `fork`
            terminate: called with the task and the child that has failed,
                instead of killing it

        Returns:
            the child

        Raises:
            OSError: what an operation or `init` raises
            BadOp: as for `with_ops`
            TypeError: `init` does not return a task
            TimeoutError: in `prx.timeout`; nothing is left behind

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.task(task, [("chdir", "/"), ("setenv", "HOME", "/", True)])
            ...     prx.getcwd(child)
            b'/'

        """
        me = self._process.task
        _check_list(ops, ())
        with forked_here(me) as forked:
            child = me.fork() if init is None else init(me)
            if not isinstance(child, type(me)):
                msg = f"task: init has returned {child!r}, which is no task"
                raise TypeError(msg)
            try:
                _run(child, ops, state, ())
            except BaseException:
                if terminate is not None:
                    terminate(me, child)
                    forked.spare()
                raise
        return child

    def with_ops(self, ops: Ops, state: Any = None) -> None:
        """Have operations done on the task, one after the other, until one fails.

        An operation is a tuple: the name of a call, or a function, and the
        arguments that follow the task; or an `Op`, where it has options; or a
        list of operations. What it returns is the state from then on, unless it
        is none; the state of a nested list is forgotten at its end. A list that
        a function or a `transform` returns is done next. The functions run in
        the caller and may call the task.

        Args:
            ops: a list of operations
            state: for the first operation that asks for it

        Raises:
            OSError: what an operation raises, unless its `errexit` is false
            BadOp: one is no operation or raises something else, or is not
                allowed: the task is not the caller's, has called exec, or has
                ended
            TimeoutError: in `prx.timeout`, whatever `errexit` says

        Example:
            >>> from prx_actors import Op, prx
            >>> seen = []
            >>> with prx.fork() as task:
            ...     prx.with_ops(
            ...         task,
            ...         [
            ...             ("open", "/", ["o_rdonly"]),
            ...             Op("close", state=True),
            ...             Op("chdir", "/no/such", errexit=False),
            ...             ("getpid",),
            ...             Op(lambda pid, task: seen.append(pid == prx.getpid(task)), state=True),
            ...         ],
            ...     )
            >>> seen
            [True]

        """
        _run(self._process.task, ops, state, ())
