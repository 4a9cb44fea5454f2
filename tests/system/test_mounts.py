"""What /proc/self/mountinfo says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prx_actors.system.mounts import Mount, parse_mountinfo


@pytest.mark.parametrize("optional", ["", "shared:7 ", "shared:7 master:1 propagate_from:2 unbindable "])
def test_optional_fields_end_with_a_dash(optional: str) -> None:
    """There are none, one or several of them."""
    line = f"41 31 0:38 /sub /mnt rw,relatime {optional}- ext4 /dev/sda rw,discard\n"
    assert parse_mountinfo(line) == [Mount("/sub", "/mnt", "ext4", ("rw", "discard"))]


def test_blanks_and_backslashes_are_escaped() -> None:
    """In octal: the kernel's own fields stay apart."""
    line = r"41 31 0:38 /a\040\011b /mnt/\012c\134040\043 rw - cgroup2 my\040source rw"
    assert parse_mountinfo(line) == [Mount("/a \tb", "/mnt/\nc\\040#", "cgroup2", ("rw",))]


@pytest.mark.parametrize("line", ["", "41 31", "41 31 0:38 / /mnt rw shared:7 cgroup2 none rw", "1 2 3 4 5 6 - ext4"])
def test_what_is_no_line_of_mountinfo_is_left_out(line: str) -> None:
    """The file is read by tasks of which nothing is known."""
    assert parse_mountinfo(f"{line}\n41 31 0:38 / /mnt rw - tmpfs none rw\n") == [Mount("/", "/mnt", "tmpfs", ("rw",))]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Without an error."""
    assert isinstance(parse_mountinfo(text), list)


def test_the_mounts_of_this_process_are_found() -> None:
    """/proc among them."""
    found = parse_mountinfo(Path("/proc/self/mountinfo").read_text())
    assert any((mount.target, mount.type) == ("/proc", "proc") for mount in found)
