"""The tests of tasks once more, run by nobody, with every root under sudo."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.unprivileged import Unprivileged

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
# What is left out looks at a driver or signals it with the test's own hands, which a process of root's does not let it.
FILES = {
    "test_calls_exec.py": "",
    "test_calls_fexecve.py": "",
    "test_calls_files.py": "not (one_file or holds_bytes or mean_to_the_kernel or without_permission or own_fds)",
    "test_calls_filter.py": "not denied_and_allowed",
    "test_calls_filter_life.py": "",
    "test_calls_signals.py": "not (real_time_signal or flood)",
    "test_operations.py": "",
    "test_operations_semantics.py": "",
    "test_ownership.py": "",
    "test_shell.py": "",
    "test_streams_output.py": "",
}


@pytest.mark.parametrize("name", FILES)
def test_tasks_under_sudo_behave_as_without(name: str, sudoer: Unprivileged, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls, exec, filters, streams, operations, hand-overs and `stop`: only the user differs."""
    monkeypatch.setenv("PRX_TEST_EXEC", "sudo -n")
    config = str(HERE.parent.parent / "pyproject.toml")
    plugins = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    options = ["-q", *plugins, "-m", "not root", "-k", FILES[name], "-c", config, str(HERE / name)]
    with sudoer.start("-m", "pytest", *options) as process:
        try:
            said, complaints = process.communicate(timeout=240)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, said + complaints
    assert " passed" in said
