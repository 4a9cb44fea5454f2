"""What the compiler and the linker have to do for the driver, as checksec(1) reads it: it may run as root."""

from __future__ import annotations

import os
import re
from functools import cache

import pytest
from support.elf import (
    DF_1_NOW,
    DF_1_PIE,
    DT_FLAGS_1,
    DT_NEEDED,
    ET_DYN,
    PF_W,
    PF_X,
    PT_GNU_RELRO,
    PT_GNU_STACK,
    PT_INTERP,
    PT_LOAD,
    Elf,
)
from support.features import require

from prx_actors.driver.keeper import driver_path

pytestmark = pytest.mark.static  # AddressSanitizer wants a program of another kind

CANARY = re.compile(rb"\x64\x48[\x03\x2b\x33\x3b\x8b].\x25\x28\0\0\0", re.DOTALL)
"""x86-64 has it at %fs:0x28."""


@cache
def driver() -> Elf:
    """Read the driver."""
    return Elf.read(driver_path())


def test_the_driver_is_static_and_may_lie_anywhere() -> None:
    """A static-pie: no interpreter, no library, and another address each time."""
    flags = dict(driver().dynamic())[DT_FLAGS_1]
    assert driver().type == ET_DYN
    assert flags & DF_1_PIE
    assert not driver().of_type(PT_INTERP)
    assert DT_NEEDED not in dict(driver().dynamic())


def test_the_drivers_tables_of_addresses_are_read_only() -> None:
    """Full RELRO: all of them are filled in at the start and write-protected then."""
    assert driver().of_type(PT_GNU_RELRO)
    assert dict(driver().dynamic())[DT_FLAGS_1] & DF_1_NOW


def test_nothing_in_the_driver_is_both_written_and_executed() -> None:
    """Neither its stack nor any other part."""
    assert [segment.flags & PF_X for segment in driver().of_type(PT_GNU_STACK)] == [0]
    assert not [one for one in driver().of_type(PT_LOAD) if one.flags & PF_W and one.flags & PF_X]


def test_the_drivers_stack_is_guarded() -> None:
    """By a canary: the C library has its own, so that what is looked at is a function of ours with a buffer."""
    require(os.uname().machine == "x86_64", "an x86-64")
    require("main" in driver().symbols(), "a driver that was not stripped")
    assert CANARY.search(driver().symbols()["main"])


def test_the_driver_checks_the_sizes_of_its_buffers() -> None:
    """`_FORTIFY_SOURCE`: the functions with a check stand for those without."""
    symbols = driver().symbols()
    require("main" in symbols, "a driver that was not stripped")
    assert "__snprintf_chk" in symbols
