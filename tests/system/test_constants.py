"""The families of constants: what the headers say, what their enums show."""

from __future__ import annotations

import ast
import errno
import fcntl
import importlib.util
import os
import resource
import select
import signal
import socket
import termios
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.features import require

from prx_actors import constants
from prx_actors.system import families
from prx_actors.system.constants import lookup, resolve, table, unknown
from prx_actors.system.families.base import Flags

if TYPE_CHECKING:
    from types import ModuleType

FILES = [path for path in Path(families.__file__).parent.glob("*.py") if path.name not in {"__init__.py", "base.py"}]
MODULES: dict[str, tuple[ModuleType, str]] = {
    "file": (os, "O_"),
    "fcntl": (fcntl, "F_"),
    "whence": (os, "SEEK_"),
    "wait": (os, "W"),
    "priority": (os, "PRIO_"),
    "rlimit": (resource, "RLIMIT_"),
    "poll": (select, "POLL"),
    "signal": (signal, "SIG"),
    "errno": (errno, "E"),
    "ioctl": (termios, "TIOC"),
    "socket": (socket, "AF_"),
}


@pytest.mark.parametrize("family", MODULES)
def test_a_family_agrees_with_what_python_knows(family: str) -> None:
    """Python has its values from the same headers, by another way."""
    module, prefix = MODULES[family]
    known = {
        name: int(value)
        for name, value in vars(module).items()
        if name.startswith(prefix) and name.isupper() and isinstance(value, int)
    }
    common = table()[family].keys() & known.keys()
    assert common
    assert {name: table()[family][name] for name in common} == {name: known[name] for name in common}


def test_a_family_is_as_complete_as_python_is() -> None:
    """What Python has and we leave out stands here."""
    left_out = {
        "signal": {"SIG_BLOCK", "SIG_DFL", "SIG_IGN", "SIG_SETMASK", "SIG_UNBLOCK"},
        "wait": {"W_OK"},
        "fcntl": {"F_OWNER_PGRP", "F_OWNER_PID", "F_OWNER_TID"},  # they stand in a family of their own
    }
    for family, (module, prefix) in MODULES.items():
        known = {
            name
            for name, value in vars(module).items()
            if name.startswith(prefix) and name.isupper() and isinstance(value, int)
        }
        assert known - table()[family].keys() <= left_out.get(family, set()), family


NEWER = {
    "fcntl": {"F_SEAL_EXEC": 0x20, "F_DUPFD_QUERY": 1027},
    "clone": {"CLONE_INTO_CGROUP": 1 << 33, "CLONE_CLEAR_SIGHAND": 1 << 32},
    "mount": {"MOVE_MOUNT_BENEATH": 0x200, "UMOUNT_NOFOLLOW": 8, "MS_NOUSER": 1 << 31},
    "prctl": {"PR_SET_MDWE": 65, "PR_SET_MEMORY_MERGE": 67, "PR_FUTEX_HASH": 78, "PR_GET_AUXV": 0x41555856},
    "landlock": {
        "LANDLOCK_ACCESS_FS_IOCTL_DEV": 1 << 15,
        "LANDLOCK_ACCESS_NET_CONNECT_TCP": 2,
        "LANDLOCK_SCOPE_SIGNAL": 2,
    },
    "ptrace": {"PTRACE_SET_SYSCALL_INFO": 0x4212},
    "wait": {"P_PIDFD": 3, "__WALL": 1 << 30, "__WCLONE": 1 << 31},
    "syscall": {"SYS_cachestat": 451, "SYS_file_setattr": 469},
    "capability": {"CAP_SYS_ADMIN": 21, "CAP_CHECKPOINT_RESTORE": 40},
    "rlimit": {"RLIM_INFINITY": -1},
}


@pytest.mark.parametrize("family", NEWER)
def test_names_are_known_that_older_headers_lack(family: str) -> None:
    """With the kernel's numbers; a bit 31 is no sign."""
    assert {name: table()[family][name] for name in NEWER[family]} == NEWER[family]


@pytest.mark.parametrize("name", constants.__all__)
def test_an_enum_has_the_values_of_the_table(name: str) -> None:
    """Each member that stands in the file, unless the headers lack it; and a call takes it as it takes the name."""
    enum = getattr(constants, name)
    module = ast.parse(Path(importlib.import_module(enum.__module__).__file__ or "").read_text())
    family = importlib.import_module(enum.__module__).FAMILY
    body = next(one.body for one in module.body if isinstance(one, ast.ClassDef) and one.name == name)
    written = {ast.unparse(one.targets[0]) for one in body if isinstance(one, ast.Assign)}
    assert written
    assert enum.__members__.keys() == written - unknown()
    for member, value in enum.__members__.items():
        assert value == table()[family][member] == resolve(family, member.lower()) == resolve(family, value)
    assert issubclass(enum, Enum)


def test_flags_are_or_ed() -> None:
    """As the names are."""
    both = constants.Mount.MS_BIND | constants.Mount.MS_REC
    assert isinstance(both, Flags)
    assert resolve("mount", both) == resolve("mount", ["ms_bind", "ms_rec"]) == 4096 | 16384


def test_an_editor_knows_the_members(tmp_path: Path) -> None:
    """A type checker, which sees what an editor completes, tells a member from what is none."""
    require(importlib.util.find_spec("mypy"), "mypy")
    api = importlib.import_module("mypy.api")
    code = tmp_path / "code.py"
    code.write_text("from prx_actors.constants import Open\nreveal_type(Open.O_RDONLY)\nOpen.O_NOSUCH\n")
    out, _, _ = api.run(["--follow-imports=silent", f"--cache-dir={tmp_path}", str(code)])
    assert "Open.O_RDONLY" in out.splitlines()[0]
    assert 'has no attribute "O_NOSUCH"' in out.splitlines()[1]


@pytest.mark.parametrize("name", ["o_rdonly", "O_RDONLY"])
def test_a_name_is_known_in_either_case(name: str) -> None:
    """Also where the kernel's own has both."""
    assert lookup("file", name) == 0
    assert lookup("syscall", "sys_getpid") == lookup("syscall", "SYS_GETPID") == lookup("syscall", "SYS_getpid")
    assert lookup("socket", "af_decnet") == 12


def test_names_of_other_systems_are_unknown() -> None:
    """They are in the table of the build, and not in a family here."""
    assert {"PROC_REAP_ACQUIRE", "MS_OVERLAY", "CAP_PDKILL"} <= unknown()
    assert table()["cap"] == table()["procctl"] == {}
    assert not any(unknown() & family.keys() for family in table().values())


def test_the_build_depends_on_every_family() -> None:
    """A file that it does not know of would not be read anew when it changes."""
    build = Path(__file__).parents[2] / "meson.build"
    text = build.read_text()
    assert FILES
    assert [path.name for path in FILES if f"'prx_actors/system/families/{path.name}'" not in text] == []
