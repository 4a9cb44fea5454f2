"""Programs that leave behaviours alive at their end, or fork, as real processes."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress

import pytest
from support.programs import result_of


@pytest.mark.parametrize(
    ("end", "code"),
    [("", 0), ("sys.exit(3)", 3), ("raise ValueError", 1), ("os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT)],
)
@pytest.mark.parametrize("start", ["start", "start_link"])
def test_supervisors_that_live_at_the_end_of_main_stop_in_order(start: str, end: str, code: int) -> None:
    """The last one first, its children in reverse order, linked to the main thread or not."""
    actual, said, _ = result_of(f"""
def begin(*names):
    return Supervisor.{start}([ChildSpec(name, (Worker, (name,))) for name in names])
first = begin("a", "b")
second = begin("c")
{end}
""")
    ends = [line for line in said if line.startswith("terminate")]
    assert sorted(ends) == [f"terminate {name} shutdown" for name in "abc"]
    assert ends.index("terminate b shutdown") < ends.index("terminate a shutdown")
    if start == "start":
        assert ends[0] == "terminate c shutdown"
    assert actual == code


@pytest.mark.parametrize("start", ["start", "start_link"])
def test_a_server_that_stops_at_the_end_of_main_still_has_its_program(start: str) -> None:
    """The tree stops first, then its OS processes: whoever is told to end can say so to a program, and hear from it."""
    code, said, logged = result_of(f"""
from prx_actors import Stdout, prx
class Owner(GenServer):
    def init(self):
        trap_exit(True)
        self.task = prx.fork()
        prx.execvp(self.task, ["sh", "-c", "read name; echo bye $name"])
    def handle_info(self, message):
        say("early", message)
    def terminate(self, reason):
        prx.stdin(self.task, "Joe\\n")
        say(reason, receive(Stdout, task=self.task, timeout=10).data)
Supervisor.{start}([ChildSpec("owner", Owner)])
""")
    assert (code, said, logged) == (0, ["shutdown b'bye Joe\\n'"], "")


@pytest.mark.parametrize("start", ["start", "start_link"])
def test_a_command_that_is_supervised_at_the_end_of_main_is_no_failure(start: str) -> None:
    """Its supervisor stops it, in order: nothing is logged."""
    code, said, logged = result_of(f"""
from prx_actors import Command
Supervisor.{start}([ChildSpec("sleep", Command(["sleep", "1000"]))])
""")
    assert (code, said, logged) == (0, [], "")


def test_a_server_that_a_child_has_started_stops_with_the_tree() -> None:
    """A function between it and the supervisor makes no tree of its own of it: nothing is restarted at the end."""
    code, said, logged = result_of("""
begun = threading.Event()
def middle():
    Worker.start_link("inner")
    begun.set()
    receive(lambda message: False)
Supervisor.start([
    ChildSpec("before", (Worker, ("before",))),
    ChildSpec("middle", (spawn_link, (middle,))),
    ChildSpec("after", (Worker, ("after",))),
])
begun.wait()
""")
    assert (code, logged) == (0, "")
    ends = [line for line in said if line.startswith("terminate")]
    assert (len(said), len(ends)) == (6, 3)
    assert ends.index("terminate after shutdown") < ends.index("terminate before shutdown")


def test_what_exits_do_has_an_order_whatever_is_imported_first() -> None:
    """By stages, and in one in the order in which it was asked for; one that fails does not keep the others."""
    code, said, logged = result_of("""
from prx_actors.system.exits import Stage, at_exit
at_exit(Stage.LEFTOVERS, lambda: say("leftovers"))
at_exit(Stage.BEHAVIOURS, lambda: say("behaviours"))
at_exit(Stage.PROCESSES, lambda: 1 / 0)
at_exit(Stage.OS_PROCESSES, lambda: say("OS processes"))
at_exit(Stage.BEHAVIOURS, lambda: say("behaviours, too"))
""")
    assert (code, said) == (0, ["behaviours", "behaviours, too", "OS processes", "leftovers"])
    assert "ZeroDivisionError" in logged


def test_an_interrupt_of_one_hook_leaves_the_others_their_turn() -> None:
    """It is raised when all have had it."""
    code, said, logged = result_of("""
from prx_actors.system.exits import Stage, at_exit
def interrupted():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)
at_exit(Stage.BEHAVIOURS, interrupted)
at_exit(Stage.LEFTOVERS, lambda: say("leftovers"))
""")
    assert (code, said) == (0, ["leftovers"])
    assert "KeyboardInterrupt" in logged


def test_a_handler_that_never_returns_does_not_keep_the_interpreter() -> None:
    """Its thread is a daemon; the process is dead for everyone else at once."""
    code, _, _ = result_of("""
class Busy(GenServer):
    def handle_cast(self, request):
        say("busy")
        threading.Event().wait()
pid = Supervisor.start_link([ChildSpec("busy", (Busy, ()), shutdown="brutal_kill")])
GenServer.cast(Supervisor.which_children(pid)[0].pid, "be busy")
""")
    assert code == 0


def test_a_tree_that_does_not_stop_is_cut_off_at_exit() -> None:
    """After the seconds that the runtime grants."""
    code, said, _ = result_of("""
from prx_actors.otp import exiting
exiting.stop_behaviours.__defaults__ = (0.1,)
children((Endless, "a", {"shutdown": "infinity"}))
""")
    assert (code, said) == (0, ["init a", "terminate a shutdown"])


# os.fork.


def test_the_child_of_a_fork_has_no_processes_and_its_exit_ends_none() -> None:
    """The tree lives on in the parent, and stops there alone."""
    code, said, _ = result_of("""
pid = children((Worker, "a", {}))
child = os.fork()
if not child:
    say("alive in the child:", pid.is_alive())
    sys.exit(7)
say("child ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
say("alive in the parent:", pid.is_alive())
""")
    assert (code, said) == (
        0,
        [
            "init a",
            "alive in the child: False",
            "child ended with 7",
            "alive in the parent: True",
            "terminate a shutdown",
        ],
    )


def test_the_child_of_a_fork_may_start_a_tree_of_its_own() -> None:
    """The runtime begins anew."""
    code, said, _ = result_of("""
children((Worker, "parent", {}))
child = os.fork()
if not child:
    children((Worker, "child", {}))
    sys.exit(0)
os.waitpid(child, 0)
""")
    assert (code, said) == (
        0,
        ["init parent", "init child", "terminate child shutdown", "terminate parent shutdown"],
    )


def test_os_exit_leaves_no_time_to_stop() -> None:
    """Nothing of Python runs; OS processes end all the same, for the keeper sees it."""
    code, said, _ = result_of("""
from prx_actors import prx
children((Worker, "a", {}))
say("pid", prx.fork().host_pid)
os._exit(5)
""")
    assert code == 5
    assert "terminate a shutdown" not in said
    host_pid = int(said[-1].removeprefix("pid "))
    with suppress(ProcessLookupError):
        pidfd = os.pidfd_open(host_pid)
        with os.fdopen(pidfd):
            assert select.select([pidfd], [], [], 10)[0]
