"""filter: the driver refuses calls, for good, and does all else as before."""

from __future__ import annotations

import errno
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import children, fails, outcome

from prx_actors import (
    Down,
    NotInCallState,
    Stdout,
    UndefinedCall,
    monitor,
    prx,
    receive,
)
from prx_actors.driver.protocol import CALLS
from prx_actors.tasks.filters import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

WAIT = 30.0
NOTHING: dict[str, list[str]] = {"allow": []}
WORKS: dict[str, Callable[[Task], object]] = {
    "getpid": prx.getpid,
    "getcwd": prx.getcwd,
    "getuid": prx.getuid,
    "version": prx.version,
    "fork": lambda task: prx.stop(prx.fork(task)),
    "clone": lambda task: prx.stop(prx.clone(task, 0)),
    "cpid": prx.cpid,
    "chdir": lambda task: prx.chdir(task, "/"),
    "getopt": lambda task: prx.getopt(task, "maxchild"),
    "setopt": lambda task: prx.setopt(task, "maxchild", 9),
    "filter": lambda task: prx.filter(task, []),
}
"""Calls that may be made any number of times."""


def allowed(task: Task) -> set[str]:
    """Return which of the calls above a task takes."""
    taken = set()
    for name, use in WORKS.items():
        try:
            use(task)
        except UndefinedCall as error:
            assert str(error) == f"{name}: the call is filtered in {task}"  # noqa: PT017 -- most do not raise
        else:
            taken.add(name)
    return taken


def filtered(call: str) -> Any:
    """Expect that a call is refused."""
    return pytest.raises(UndefinedCall, match=f"^{call}: the call is filtered in <Task ")


def test_without_a_filter_all_is_allowed() -> None:
    """Without this, the tests below could not fail."""
    with prx.fork() as task:
        assert allowed(task) == set(WORKS)


@pytest.mark.parametrize("form", ["names", "deny", "tuple", "generator"])
def test_names_are_denied(form: str) -> None:
    """All else is allowed."""
    names = ["getpid", "fork"]
    forms: dict[str, Any] = {"names": names, "deny": {"deny": names}, "tuple": (*names, "fork")}
    with prx.fork() as task:
        prx.filter(task, forms.get(form) or (name for name in names))
        assert allowed(task) == WORKS.keys() - set(names)


def test_allow_denies_all_others() -> None:
    """`filter` too; `fork` brings `cpid` with it."""
    with prx.fork() as task:
        prx.filter(task, {"allow": ["fork", "getuid"]})
        assert allowed(task) == {"fork", "getuid", "cpid"}


def test_every_call_can_be_denied_and_allowed() -> None:
    """The driver looks before it decodes: whatever the arguments, the call is refused."""
    with prx.fork() as task:
        for name in CALLS:
            one = prx.fork(task)
            prx.filter(one, [name])
            with filtered(name):
                one._process.perform(CALLS[name], arguments(name))
            assert {"getpid", "getuid"} - allowed(one) == {name} & {"getpid", "getuid"}
            prx.stop(one)


def arguments(name: str) -> tuple[Any, ...]:
    """Return arguments of the right types for a call."""
    of_type: dict[str, Any] = {"i": 0, "s": "maxchild", "b": b"", "d": b"", "v": [], "l": [], "c": [b"x"]}
    return tuple(of_type[kind] for kind in CALLS[name].types)


def test_an_empty_list_changes_nothing_and_an_empty_allow_leaves_nothing() -> None:
    """As in prx."""
    nothing: tuple[Any, ...] = ([], {"deny": []}, ())
    with prx.fork() as task:
        for calls in nothing:
            prx.filter(task, calls)
            assert allowed(task) == set(WORKS)
        prx.filter(task, NOTHING, [])
        assert allowed(task) == set()


def test_forks_start_with_the_filter_for_forks() -> None:
    """For themselves and for their own forks; the task's own does not bind them, and earlier ones go on."""
    with prx.fork() as task:
        earlier = prx.fork(task)
        prx.filter(task, ["getpid"], {"allow": ["fork", "getuid"]})
        child = prx.fork(task)
        assert allowed(task) == WORKS.keys() - {"getpid"}
        assert allowed(earlier) == set(WORKS)
        assert allowed(child) == allowed(prx.fork(child)) == {"fork", "getuid", "cpid"}
        cloned = prx.clone(task, 0)
        assert allowed(cloned) == {"fork", "getuid", "cpid"}


def test_without_a_second_list_forks_get_the_first() -> None:
    """An empty one leaves them free."""
    with prx.fork() as task:
        prx.filter(task, ["getpid"])
        assert allowed(prx.fork(task)) == WORKS.keys() - {"getpid"}
    with prx.fork() as task:
        prx.filter(task, ["getpid"], [])
        assert allowed(prx.fork(task)) == set(WORKS)


def test_a_filter_only_grows() -> None:
    """Whatever is asked for later, in the task and below it: nothing comes back."""
    with prx.fork() as task:
        lists: list[Any] = [
            ["getpid"],
            [],
            ["getuid"],
            {"allow": [*WORKS]},
            {"deny": []},
            {"allow": ["getpid", *WORKS]},
        ]
        for calls in lists:
            prx.filter(task, calls)
            child = prx.fork(task)
            prx.filter(child, {"allow": [*WORKS]})
            assert "getpid" not in allowed(task) | allowed(child) | allowed(prx.fork(child))
            prx.stop(child)
        assert allowed(task) == WORKS.keys() - {"getpid", "getuid"}


def test_filters_for_forks_add_up() -> None:
    """As those of the task do."""
    with prx.fork() as task:
        prx.filter(task, [], ["getpid"])
        prx.filter(task, [], ["getuid"])
        child = prx.fork(task)
        prx.filter(child, [], ["getcwd"])
        assert allowed(child) == WORKS.keys() - {"getpid", "getuid"}
        assert allowed(prx.fork(child)) == WORKS.keys() - {"getpid", "getuid", "getcwd"}
        assert allowed(task) == set(WORKS)


def test_a_filtered_filter_cannot_grow_either() -> None:
    """Nothing of what was asked for holds."""
    with prx.fork() as task:
        prx.filter(task, ["filter"], [])
        with filtered("filter"):
            prx.filter(task, ["getpid"])
        assert allowed(task) == WORKS.keys() - {"filter"}
        assert allowed(prx.fork(task)) == set(WORKS)


def test_the_scenario_of_the_original() -> None:
    """A control process that cannot fork, and the one it has forked before, which can."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.filter(task, ["fork", "execve", "execvp"])
        with filtered("fork"):
            prx.fork(task)
        assert prx.getpid(prx.fork(child))


def test_a_refused_fork_leaves_nothing() -> None:
    """Neither fds in the driver nor a process; the task goes on."""
    with prx.fork() as task:
        prx.filter(task, ["fork", "clone"])
        before = prx.readdir(task, "/proc/self/fd")
        for _ in range(20):
            for use in (prx.fork, lambda one: prx.clone(one, 0)):
                with pytest.raises(UndefinedCall):
                    use(task)
        assert prx.readdir(task, "/proc/self/fd") == before
        assert prx.cpid(task) == []


def test_a_refused_exec_leaves_a_task_in_call_state() -> None:
    """Its output is read as before, and another exec works."""
    with prx.fork() as task:
        prx.filter(task, ["execve"])
        with filtered("execve"):
            prx.execve(task, ["/bin/true"], [])
        assert not prx.execed(task)
        prx.write(task, 1, "from the driver")
        assert receive(Stdout, task=task, timeout=WAIT).data == b"from the driver"
        prx.execvp(task, ["echo", "hello"])
        assert outcome(task).stdout == b"hello\n"


def test_a_refused_exit_is_no_excuse_later() -> None:
    """A driver that dies afterwards has not been asked to."""
    with prx.fork() as task:
        child = prx.fork(task)
        ref = monitor(child)
        prx.filter(child, ["exit"])
        with filtered("exit"):
            prx.exit(child, 0)
        prx.kill(task, prx.getpid(child), signal.SIGKILL)
        assert receive(Down, ref=ref, timeout=WAIT).reason == ("termsig", signal.SIGKILL)


def test_options_of_a_fork_hold_under_the_tightest_filter() -> None:
    """They come with the fork, and are no calls of the new task."""
    with prx.fork() as task:
        prx.filter(task, {"allow": ["fork"]}, ["setopt", "filter"])
        child = prx.fork(task, maxchild=1, killdelay=0.5)
        with filtered("setopt"):
            prx.setopt(child, "maxchild", 2)
        assert (prx.getopt(child, "maxchild"), prx.getopt(child, "killdelay")) == (1, 0.5)
        prx.fork(child)
        with fails(errno.EAGAIN):
            prx.fork(child)


def test_a_fork_may_do_what_its_parent_may_not() -> None:
    """An init that forks, and children that exec: the example of prx."""
    with prx.fork() as task:
        prx.filter(task, {"allow": ["fork", "clone", "kill"]}, {"allow": ["execve", "execvp"]})
        with filtered("execvp"):
            prx.execvp(task, ["true"])
        child = prx.fork(task)
        with filtered("fork"):
            prx.fork(child)
        prx.execvp(child, ["echo", "hello"])
        assert outcome(child).stdout == b"hello\n"


def test_cpid_and_getcpid_go_together() -> None:
    """Though the runtime answers them."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.filter(task, ["getcpid"])
        with filtered("cpid"):
            prx.cpid(task)
        with filtered("getcpid"):
            prx.getcpid(child, "flowcontrol")
        with filtered("getcpid"):
            prx.getcpid(task, child, "signaloneof")
        assert prx.setcpid(child, "flowcontrol", 1)


def test_setcpid_is_refused_by_the_parent() -> None:
    """Also when the child asks; what the child itself is refused does not count."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.filter(child, NOTHING)
        assert prx.setcpid(child, "signaloneof", 9)
        prx.filter(task, ["setcpid"])
        with pytest.raises(UndefinedCall, match=f"^setcpid: the call is filtered in {task}$"):
            prx.setcpid(child, "signaloneof", 2)
        with pytest.raises(UndefinedCall, match=f"^setcpid: the call is filtered in {task}$"):
            prx.setcpid(task, child, "flowcontrol", 2)
        assert [(one.flowcontrol, one.signaloneof) for one in children(task)] == [(-1, 9)]


@pytest.mark.parametrize("wrong", ["nosuch", "", "GETPID", "pidof", "stop", "_call"])
def test_a_wrong_name_is_named(wrong: str) -> None:
    """And nothing is filtered."""
    forms: tuple[Any, ...] = (["getpid", wrong], {"allow": [wrong]}, {"deny": ["getpid", wrong]})
    with prx.fork() as task:
        for calls in forms:
            with pytest.raises(ValueError, match=f"no call {wrong!r}"):
                prx.filter(task, calls)
            with pytest.raises(ValueError, match=f"no call {wrong!r}"):
                prx.filter(task, [], calls)
        assert allowed(task) == set(WORKS)


def test_a_filter_of_a_wrong_form_is_refused() -> None:
    """Before anything is sent."""
    forms: tuple[tuple[Any, type[Exception]], ...] = (
        ("getpid", TypeError),
        (b"getpid", TypeError),
        (5, TypeError),
        (None, TypeError),
        ([5], TypeError),
        ([b"getpid"], TypeError),
        ({"allow": "getpid"}, TypeError),
        ({"deny": None}, TypeError),
        ({}, ValueError),
        ({"only": ["getpid"]}, ValueError),
        ({"allow": ["getpid"], "deny": ["getuid"]}, ValueError),
    )
    with prx.fork() as task:
        for calls, error in forms:
            with pytest.raises(error):
                prx.filter(task, calls)
        assert allowed(task) == set(WORKS)


def test_names_that_reach_no_driver_change_nothing() -> None:
    """Constants, and calls of other systems: a list written for Erlang prx is taken as it is."""
    with prx.fork() as task:
        prx.filter(task, [*ELSEWHERE - CALLS.keys()])
        assert allowed(task) == set(WORKS)


def test_a_filter_by_the_name_of_the_call() -> None:
    """`prx.call` goes the same way, and is refused the same way."""
    with prx.fork() as task:
        prx.call(task, "filter", ["getpid"])
        with filtered("getpid"):
            prx.call(task, "getpid")
        assert prx.call(task, "getuid") == prx.getuid(task)


def test_what_is_filtered_and_what_does_not_exist_are_told_apart() -> None:
    """Both are `UndefinedCall`, with the name of the call."""
    with prx.fork() as task:
        prx.filter(task, ["getpid"])
        with filtered("getpid"):
            prx.getpid(task)
        with pytest.raises(UndefinedCall, match="'nosuch'"):
            prx.call(task, "nosuch")
        error = task._process.undefined("getuid")
        assert str(error) == f"getuid: the call does not exist on this system ({task})"


def test_a_late_filter_holds() -> None:
    """The caller has given up; the driver has not, and says no from then on."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.kill(task, prx.getpid(child), signal.SIGSTOP)
        with pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.filter(child, ["getpid", "cpid"])
        prx.kill(task, prx.pidof(child) or 0, signal.SIGCONT)
        assert allowed(child) == WORKS.keys() - {"getpid", "cpid"}


def test_one_filters_while_others_fork() -> None:
    """A fork has the filter of before or of after, and never less than what was refused before it was asked for."""
    with prx.fork(maxchild=1000) as task:
        prx.filter(task, [], ["getuid"])
        seen: list[set[str]] = []

        def fork() -> None:
            seen.extend(allowed(prx.fork(task)) for _ in range(10))

        threads = [threading.Thread(target=fork) for _ in range(2)]
        for thread in threads:
            thread.start()
        prx.filter(task, [], ["getcwd"])
        last = prx.fork(task)
        for thread in threads:
            thread.join()
        tight = WORKS.keys() - {"getuid", "getcwd"}
        assert len(seen) == 20
        assert all(one in (tight, tight | {"getcwd"}) for one in seen)
        assert allowed(last) == tight


def test_a_program_takes_no_filter() -> None:
    """It obeys no calls."""
    with prx.fork() as task:
        prx.execvp(task, ["cat"])
        with pytest.raises(NotInCallState):
            prx.filter(task, ["getpid"])
