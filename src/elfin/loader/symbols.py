"""Names for addresses and addresses for names, from a program's symbol table.

Input:  an `Image` and its file.  Output: `Symbols`, empty where the program is stripped or the
table is damaged: names are a help for people, and nothing that runs depends on them.
Source: System V gABI chapter 4, "Sections" and "Symbol Table".  Addresses are those in the file:
add `Entry.bias` for those in memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from elfin.loader.elf import (
    SECTION_HEADER,
    SHN_UNDEF,
    SHT_DYNSYM,
    SHT_SYMTAB,
    STB_LOCAL,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_NOTYPE,
    STT_OBJECT,
    SYMBOL,
    SectionHeader,
)
from elfin.loader.image import Image, Reader

NAMED: Final = frozenset({STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_GNU_IFUNC})
CODE: Final = frozenset({STT_FUNC, STT_GNU_IFUNC})


class Symbol(NamedTuple):
    """A named range of addresses; `size` is 0 where the assembler did not say."""

    name: str
    address: int
    size: int
    code: bool


class Symbols:
    """Lookup in both directions."""

    def __init__(self, symbols: list[Symbol]) -> None:
        self._sorted = sorted(symbols, key=lambda symbol: (symbol.address, symbol.code))
        self._addresses = [symbol.address for symbol in self._sorted]
        self._by_name: dict[str, Symbol] = {}
        for symbol in symbols:
            self._by_name.setdefault(symbol.name, symbol)

    def __len__(self) -> int:
        return len(self._sorted)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self._sorted)

    def find(self, name: str) -> Symbol | None:
        """The symbol called `name`; of several, a global one."""
        return self._by_name.get(name)

    def at(self, address: int) -> tuple[Symbol, int] | None:
        """The symbol that holds `address`, and the distance from its beginning."""
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        symbol = self._sorted[index]
        distance = address - symbol.address
        return (symbol, distance) if distance < max(symbol.size, 1) or not symbol.size else None

    def name_at(self, address: int) -> str | None:
        """`main`, `main+0x1c`, or None where no symbol is known."""
        found = self.at(address)
        if found is None:
            return None
        symbol, distance = found
        return f"{symbol.name}+{distance:#x}" if distance else symbol.name


def read_symbols(image: Image, read: Reader) -> Symbols:
    """The symbols of a program: .symtab, else .dynsym, else none."""
    sections = _sections(image, read)
    for kind in (SHT_SYMTAB, SHT_DYNSYM):
        for section in sections:
            if section.type == kind and section.link < len(sections):
                table = _content(section, image, read)
                strings = _content(sections[section.link], image, read)
                return Symbols(list(_symbols(table, strings)))
    return Symbols([])


def _sections(image: Image, read: Reader) -> list[SectionHeader]:
    header = image.header
    size = header.shnum * SECTION_HEADER.size
    if header.shentsize != SECTION_HEADER.size or header.shoff + size > image.size:
        return []
    data = read(header.shoff, size)
    whole = len(data) - len(data) % SECTION_HEADER.size
    return [SectionHeader(*row) for row in SECTION_HEADER.iter_unpack(data[:whole])]


def _content(section: SectionHeader, image: Image, read: Reader) -> bytes:
    """The bytes of a section; none where it claims more than the file has."""
    inside = section.offset + section.size <= image.size
    return read(section.offset, section.size) if inside else b""


def _symbols(table: bytes, strings: bytes) -> Iterator[Symbol]:
    whole = len(table) - len(table) % SYMBOL.size
    local: list[Symbol] = []
    # Elf64_Sym: st_name st_info st_other st_shndx st_value st_size
    for at, info, _, section, address, size in SYMBOL.iter_unpack(table[:whole]):
        kind = info & 15
        if kind not in NAMED or section == SHN_UNDEF:
            continue
        end = strings.find(b"\0", at)
        if end <= at:
            continue
        name = strings[at:end].decode("utf-8", "replace")
        symbol = Symbol(name, address, size, kind in CODE)
        # Global names first: they are the ones that a person means.
        if info >> 4 == STB_LOCAL:
            local.append(symbol)
        else:
            yield symbol
    yield from local
