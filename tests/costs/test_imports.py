"""What the import of the package leaves until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATER = [
    *("prx_actors.otp", "prx_actors.programs", "prx_actors.tasks.statistics"),
    *("prx_actors.system.families", "prx_actors.system.jail", "prx_actors.system.seccomp", "prx_actors.system.siginfo"),
    *("ctypes", "msgspec"),
]
MODULES = 110


def from_new_interpreter(expression: str) -> str:
    """Return what an expression is once the package is imported."""
    code = f"import sys, dataclasses, prx_actors; from prx_actors.system import constants; print({expression})"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("module", LATER)
def test_a_module_is_not_imported_until_it_is_used(module: str) -> None:
    """By name, since each of them takes a noticeable part of the whole."""
    assert from_new_interpreter(f"{module!r} in sys.modules") == "False"


def test_the_table_of_constants_is_not_read_until_it_is_used() -> None:
    """It has 700 rows."""
    assert from_new_interpreter("constants._table.cache_info().currsize") == "0"


def test_so_many_modules_are_imported_at_most() -> None:
    """Of our own."""
    assert int(from_new_interpreter("sum(name.startswith('prx_actors') for name in sys.modules)")) <= MODULES


def test_so_many_dataclasses_are_made_at_most() -> None:
    """Each compiles six functions, which takes half a millisecond."""
    classes = "{c for m in list(sys.modules.values()) for c in vars(m).values() if isinstance(c, type)}"
    ours = f"sum(dataclasses.is_dataclass(c) and c.__module__.startswith('prx_actors') for c in {classes})"
    assert int(from_new_interpreter(ours)) <= 20
