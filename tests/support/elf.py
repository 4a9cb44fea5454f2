"""An ELF file's headers and symbols: elf(5), for 64 bits and the machine's own order of bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DF_1_NOW",
    "DF_1_PIE",
    "DT_FLAGS_1",
    "DT_NEEDED",
    "ET_DYN",
    "PF_W",
    "PF_X",
    "PT_GNU_RELRO",
    "PT_GNU_STACK",
    "PT_INTERP",
    "PT_LOAD",
    "Elf",
]

ET_DYN = 3
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
PF_X, PF_W = 1, 2
DT_NEEDED, DT_FLAGS_1 = 1, 0x6FFFFFFB
DF_1_NOW, DF_1_PIE = 1, 0x08000000
SHT_SYMTAB = 2


class Segment(NamedTuple):
    """A program header."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int
    memory: int
    alignment: int


class Section(NamedTuple):
    """A section header."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry: int


@dataclass(frozen=True, slots=True)
class Elf:
    """An executable."""

    data: bytes
    type: int
    segments: list[Segment]
    sections: list[Section]

    @classmethod
    def read(cls, path: str) -> Self:
        """Read a file."""
        data = Path(path).read_bytes()
        kind, _, _, _, programs, sections, _, _, program_size, program_count, section_size, section_count, _ = (
            struct.unpack_from("=HHIQQQIHHHHHH", data, 16)
        )
        return cls(
            data,
            kind,
            [
                Segment(*struct.unpack_from("=IIQQQQQQ", data, programs + i * program_size))
                for i in range(program_count)
            ],
            [
                Section(*struct.unpack_from("=IIQQQQIIQQ", data, sections + i * section_size))
                for i in range(section_count)
            ],
        )

    def of_type(self, type: int) -> list[Segment]:
        """List the program headers of a type."""
        return [segment for segment in self.segments if segment.type == type]

    def dynamic(self) -> list[tuple[int, int]]:
        """List tags and values of the dynamic section."""
        parts = [self.data[one.offset : one.offset + one.size] for one in self.of_type(PT_DYNAMIC)]
        return [pair for part in parts for pair in struct.iter_unpack("=qQ", part)]

    def symbols(self) -> dict[str, bytes]:
        """Return the code of each function by its name; none, in a file that was stripped."""
        return dict(self._symbols())

    def _symbols(self) -> Iterator[tuple[str, bytes]]:
        for table in (section for section in self.sections if section.type == SHT_SYMTAB):
            names = self.sections[table.link].offset
            for name, info, _, _, value, size in struct.iter_unpack("=IBBHQQ", self._content(table)):
                start = names + name
                if info & 0xF == 2:
                    yield self.data[start : self.data.index(b"\0", start)].decode(), self._code(value, size)

    def _content(self, section: Section) -> bytes:
        return self.data[section.offset : section.offset + section.size]

    def _code(self, address: int, size: int) -> bytes:
        for segment in self.of_type(PT_LOAD):
            if segment.address <= address < segment.address + segment.size:
                start = address - segment.address + segment.offset
                return self.data[start : start + size]
        return b""
