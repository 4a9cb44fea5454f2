"""What becomes of a tree that does not stop in time, as real processes."""

from __future__ import annotations

import pytest
from support.programs import PROGRAM, program, until

NESTED = """
def supervisor(name, *below):
    return ChildSpec(name, (Supervisor, (below,)), type="supervisor")
class Program(Program):
    shutdown_time = 0.1
    def start(self):
        quiet = supervisor("quiet", ChildSpec("b", (Worker, ("b",))))
        stuck = supervisor("stuck", ChildSpec("a", (Endless, ("a",)), shutdown="infinity"))
        pid = Supervisor.start_link([quiet, supervisor("middle", stuck)])
        say("ready")
        return pid
"""

# Each starts the next, and waits for ever; more of them than ancestors are kept.
DEEP = """
def line(left):
    trap_exit(True)
    if left:
        spawn_link(line, left - 1)
    else:
        say("ready")
    receive(lambda message: False)
class Program(Program):
    shutdown_time = 0.1
    def start(self):
        return spawn_link(line, 40)
"""

RUN_AND_COUNT = """
from prx_actors.actors.table import process_table
code = Program().run()
say("left", *(type(process).__name__ for process in process_table.processes()))
sys.exit(code)
"""


@pytest.mark.parametrize("tree", [NESTED, DEEP], ids=["nested", "deep"])
def test_a_tree_that_exceeds_the_limit_is_killed_to_the_last_process(tree: str) -> None:
    """Below all supervisors, and none of them restarts what is killed; the main thread alone is left."""
    with program("-c", PROGRAM + tree + RUN_AND_COUNT) as process:
        until(process, "ready")
        process.terminate()
        said, logged = process.communicate(timeout=30)
    # A child that was told to end by its supervisor's end may still say so, on its thread, when it is dead.
    ends = [line for line in said.splitlines() if not line.startswith("terminate")]
    assert ends == ["prep_stop", "stop killed", "left ThreadProcess"]
    assert "init" not in said
    assert "did not stop within 0.1 s" in logged
    assert process.returncode == 1
