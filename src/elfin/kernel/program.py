"""Which program a path means, and its image in a new address space (man 2 execve).

Input:  a path as the process sees it, argv and envp.  Output: a `Loaded`, built completely before
the old program is given up, so that a failure leaves the caller as it was.  `#!` scripts name
their interpreter here; parsing and placing ELF files is the loader's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.errors import ElfError, LoadError
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.resource import Rlimit
from elfin.kernel.memory import page_up
from elfin.kernel.mm import AddressSpace
from elfin.loader.image import Image, Reader, parse
from elfin.loader.load import Entry, load
from elfin.loader.stack import Hardware, Start, arguments_fit
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.files.location import Location
    from elfin.kernel.process import Process

_SCRIPT_DEPTH = 5  # interpreters that are scripts themselves
_FIRST_LINE = 256  # bytes of a script that are looked at (BINPRM_BUF_SIZE)


@dataclass
class Request:
    """What is to be run; scripts change it until it names an ELF file."""

    file: File
    path: bytes  # as given: AT_EXECFN, and argv[1] of a script's interpreter
    argv: list[bytes]
    envp: list[bytes]


@dataclass
class Loaded:
    """A program in its own address space, ready to take a process over."""

    space: AddressSpace
    entry: Entry
    location: Location
    argv: list[bytes]
    envp: list[bytes]
    name: bytes  # comm: the last part of the path, 15 bytes of it


def prepare(process: Process, request: Request) -> Loaded:
    """Load what `request` means; takes over its file's reference.

    Raises LinuxError; LoadError when the file is damaged in a way that Linux notices only after
    the old program is gone.
    """
    name = request.path.rsplit(b"/", 1)[-1][:15]
    try:
        for _ in range(_SCRIPT_DEPTH + 1):
            first = request.file.pread(0, _FIRST_LINE)
            if not first.startswith(b"#!"):
                return _load(process, request, name)
            _follow_script(process, request, first)
        raise LinuxError(Errno.ELOOP)
    finally:
        request.file.release()


def _follow_script(process: Process, request: Request, first: bytes) -> None:
    """`#! interpreter [one argument]`: fs/binfmt_script.c."""
    line, newline, _ = first[2:].partition(b"\n")
    if not newline and len(first) == _FIRST_LINE:
        # The line is cut off: fine in the argument, not in the interpreter's name.
        head = line.lstrip(b" \t")
        if b" " not in head and b"\t" not in head:
            raise LinuxError(Errno.ENOEXEC)
    line = line.split(b"\0")[0].strip(b" \t")
    if not line:
        raise LinuxError(Errno.ENOEXEC)
    interpreter, *rest = line.replace(b"\t", b" ", 1).split(b" ", 1)
    argument = [rest[0].strip(b" \t")] if rest else []
    file = process.kernel.vfs.open_program(process, interpreter)
    request.file.release()
    request.file = file
    request.argv = [interpreter, *argument, request.path, *request.argv[1:]]
    request.path = interpreter


def _load(process: Process, request: Request, name: bytes) -> Loaded:
    kernel, file = process.kernel, request.file
    limit = process.limits.soft(Rlimit.RLIMIT_STACK)
    if not arguments_fit(request.argv, request.envp, request.path, limit):
        raise LinuxError(Errno.E2BIG)
    image, read = _parse(process, file)
    linker = None
    linker_file = None
    if image.interpreter is not None:
        linker_file = kernel.vfs.open_program(process, image.interpreter)
        linker = _parse(process, linker_file, missing=Errno.ELIBBAD)
    space = AddressSpace(kernel.hardware.new_memory(), kernel.shared_files)
    start = Start(
        request.argv,
        request.envp,
        request.path,
        kernel.random(16),
        process.credentials,
        Hardware(kernel.hardware.hwcap),
    )
    target = LoaderSpace(space, {image.name: file})
    try:
        if linker is not None and linker_file is not None:
            target.files[linker[0].name] = linker_file
        entry = load(image, read, target, start, linker)
    except (LinuxError, LoadError):
        space.release()
        raise
    finally:
        if linker_file is not None:
            linker_file.release()
    space.brk_start = space.brk = entry.brk
    space.start_stack = entry.rsp
    _note_strings(space, request)
    return Loaded(space, entry, file.location, request.argv, request.envp, name)


def _note_strings(space: AddressSpace, request: Request) -> None:
    """Where argv and envp lie for /proc/pid/stat: the loader puts the one right below the other."""
    at = int.from_bytes(space.memory.read(space.start_stack + 8, 8), "little")
    middle = at + sum(len(string) + 1 for string in request.argv)
    space.arguments = at, middle
    space.environment = middle, middle + sum(len(string) + 1 for string in request.envp)


def _parse(process: Process, file: File, missing: Errno = Errno.ENOEXEC) -> tuple[Image, Reader]:
    def read(offset: int, n: int) -> bytes:
        return file.pread(offset, n)

    name = process.kernel.vfs.path_of(file.location)
    try:
        return parse(read, file.stat().size, name), read
    except ElfError as error:
        process.kernel.last_program_error = f"{name.decode(errors='replace')}: {error}"
        raise LinuxError(missing) from error


class LoaderSpace:
    """An address space as the loader wants to build it (`elfin.loader.space.Space`)."""

    def __init__(self, space: AddressSpace, files: dict[bytes, File]) -> None:
        self.space = space
        self.files = files  # by the name under which the loader maps them

    def map(self, address: int, length: int, prot: int, name: bytes, offset: int) -> None:
        """The loader writes the contents itself, so a file is only named."""
        file = self.files.get(name)
        stack = name == b"[stack]"
        self.space.map_named(address, length, prot, name, file, offset, grows_down=stack)

    def unmap(self, address: int, length: int) -> None:
        self.space.unmap(address, length)

    def find(self, length: int, alignment: int) -> int:
        at = self.space.place(length + alignment)
        return (at + alignment - 1) & -alignment

    def is_free(self, address: int, length: int) -> bool:
        return self.space.is_free(address, page_up(length))

    def write(self, address: int, data: bytes) -> None:
        self.space.memory.write(address, data)
