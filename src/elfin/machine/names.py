"""Names of guest code for people: the symbol at an address of a process.

Input:  a process or its memory, an address.  Output: `main+0x1c`, or None where no symbol is known.
The file that is mapped there says it; its symbols are read once for all processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.errors import ElfError
from elfin.kernel.abi.errno import LinuxError
from elfin.loader.image import Image, parse
from elfin.loader.symbols import Symbols, read_symbols

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.kernel import Kernel
    from elfin.kernel.memory import Memory
    from elfin.kernel.process import Process

Key = tuple[int, int, int]


class Names:
    """The symbols of what the processes of a kernel execute."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._known: dict[Key, tuple[Image, Symbols] | None] = {}

    def in_memory(self, memory: Memory, address: int) -> str | None:
        """The symbol in the process that has this memory."""
        for process in self._kernel.processes.values():
            if process.exit_status is None and process.address_space.memory is memory:
                return self.of(process, address)
        return None

    def is_of_file(self, memory: Memory, address: int) -> bool:
        """Is a file mapped there?"""
        for process in self._kernel.processes.values():
            if process.exit_status is None and process.address_space.memory is memory:
                areas = process.address_space.areas.overlapping(address, address + 1)
                return any(area.file is not None for area in areas)
        return False

    def of(self, process: Process, address: int) -> str | None:
        """The symbol in a process."""
        for area in process.address_space.areas.overlapping(address, address + 1):
            found = area.file and self._symbols(area.file)
            if found:
                image, symbols = found
                return _name_at(image, symbols, address - area.start + area.offset)
        return None

    def _symbols(self, file: File) -> tuple[Image, Symbols] | None:
        stat = file.stat()
        key = stat.dev, stat.ino, stat.size
        if key not in self._known:
            try:
                image = parse(file.map_read, stat.size)
                self._known[key] = image, read_symbols(image, file.map_read)
            except (ElfError, LinuxError):
                self._known[key] = None
        return self._known[key]


def _name_at(image: Image, symbols: Symbols, offset: int) -> str | None:
    """The name of a place in the file."""
    for segment in image.loads:
        if segment.offset <= offset < segment.offset + segment.filesz:
            return symbols.name_at(offset - segment.offset + segment.vaddr)
    return None
