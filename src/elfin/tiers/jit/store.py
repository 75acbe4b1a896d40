"""Units that outlive a run: each a file in the cache folder.

Input:  units as they are made; addresses whose code is hot.  Output: the unit that an earlier run made of that code.

A file's name is what is known before the unit is: its address, the code there, the policy, and who translates
(elfin's own sources, the engine).  What it holds is read only if its digest is right, and used only if the memory
has the code that it was made from: so a file that is damaged, or another's, is as if it were not there.  It holds
machine code, which is trusted as that of the interpreter beside it: the folder is the user's own.
"""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from typing import Final, Protocol

from elfin import config, digest
from elfin.runtime.host import Module
from elfin.runtime.memory import GuestMemory
from elfin.tiers.interp.artifact import cache_folder, keep, sources_key
from elfin.tiers.jit import record
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.units import Unit

FOLDER: Final = "units"
SIZE: Final = "ELFIN_CACHE_SIZE"  # MiB that the files may have; 0: none are kept
LOOK: Final = "0"  # the size is looked at when a name begins so: each sixteenth time
FRESH: Final = 3600.0  # seconds for which a file that was used need not be marked again
DIGEST: Final = 16
DOOR: Final = (
    b"door"  # how a file begins that is no unit, but has the address of the one around its own
)
AROUND: Final = struct.Struct(f"<{len(DOOR)}sQ")


class Store(Protocol):
    """Where units come from that need not be made."""

    def find(self, memory: GuestMemory, pc: int, policy: Policy) -> tuple[Unit, Module, int] | None:
        """A unit for the code at `pc`, compiled, and the size of its Wasm.  Its policy may have more experience;
        `pc` may be no entry of it, but in the middle."""
        ...

    def keep(self, memory: GuestMemory, pc: int, unit: Unit, module: Module) -> None:
        """One was made."""
        ...


class Folder:
    """The files."""

    def __init__(self, folder: str, engine: str, limit: int) -> None:
        self.folder = folder
        self.engine = engine
        self.limit = limit  # bytes

    def find(self, memory: GuestMemory, pc: int, policy: Policy) -> tuple[Unit, Module, int] | None:
        try:
            path, data = self._read(memory, pc, policy)
            if data.startswith(DOOR):
                _, around = AROUND.unpack(data)
                path, data = self._read(memory, around, policy)
            found = record.decode(data, memory)
            if found is None:
                return None
            unit, code, size = found
            module = memory.host.revive(code)
            if module is None:
                return None
            if time.time() - os.stat(path).st_mtime > FRESH:
                os.utime(path)
        except (OSError, ValueError, struct.error):
            return None
        return unit, module, size

    def keep(self, memory: GuestMemory, pc: int, unit: Unit, module: Module) -> None:
        path = self._path(memory, pc, unit.policy)
        if path is None:
            return
        data = record.encode(unit, bytes(module.serialize()) or unit.wasm)
        _keep(path, data)
        for door in unit.doors:
            beside = self._path(memory, door, unit.policy)
            if beside is not None and beside != path:
                _keep(beside, AROUND.pack(DOOR, pc))
        if os.path.basename(path).startswith(LOOK):
            self.trim()

    def trim(self) -> None:
        """Remove what was not used for the longest time, where there is too much."""
        files: list[tuple[os.stat_result, str]] = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    with suppress(OSError):  # another process has removed it
                        files.append((entry.stat(follow_symlinks=False), entry.path))
        except OSError:
            return
        files.sort(key=lambda file: -file[0].st_mtime)
        total = 0
        for state, path in files:
            total += state.st_size
            if total > self.limit:
                with suppress(OSError):  # the same, or it is a folder
                    os.unlink(path)

    def _read(self, memory: GuestMemory, pc: int, policy: Policy) -> tuple[str, bytes]:
        """The path of the file for `pc`, and what it holds; ValueError or OSError if there is none that is sound."""
        path = self._path(memory, pc, policy)
        if path is None:
            raise ValueError("nothing can be executed there")
        with open(path, "rb") as file:
            return path, _intact(file.read())

    def _path(self, memory: GuestMemory, pc: int, policy: Policy) -> str | None:
        name = record.key(memory, pc, policy)
        if name is None:
            return None
        whole = digest.name(f"{self.engine} {sources_key()} {name}".encode())
        return os.path.join(self.folder, whole)


def _intact(data: bytes) -> bytes:
    """What a file holds; ValueError if it is not what was written."""
    if digest.digest(data[DIGEST:], DIGEST) != data[:DIGEST]:
        raise ValueError("damaged")
    return data[DIGEST:]


def _keep(path: str, data: bytes) -> None:
    keep(path, digest.digest(data, DIGEST) + data)


def user_store(engine: str) -> Folder | None:
    """That of the user, for an engine of some name; None if there is to be none."""
    try:
        limit = int(os.environ.get(SIZE, config.STORE_SIZE)) << 20
    except ValueError:
        limit = config.STORE_SIZE << 20
    return Folder(os.path.join(cache_folder(), FOLDER), engine, limit) if limit > 0 else None
