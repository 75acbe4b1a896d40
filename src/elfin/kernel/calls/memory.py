"""The memory map: brk, mmap and what changes a mapping (man 2 mmap, mprotect, madvise ...).

Checks are in Linux's order, because programs probe with calls that are wrong in several ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin import config
from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.mman import MAP_TYPE, PROT_ACCESS, Madvise, Map, Mlockall, Msync, Prot
from elfin.kernel.abi.resource import Rlimit
from elfin.kernel.call import syscall
from elfin.kernel.memory import PAGE_MASK, PAGE_SIZE, page_up
from elfin.kernel.mm import WRITE, AddressSpace
from elfin.kernel.remap import remap

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task
    from elfin.kernel.vma import Vma

_DEV_ZERO = 0x105
_SHARED_VALIDATE_KNOWN = sum({m.value for m in Map}) - Map.MAP_SHARED_VALIDATE - Map.MAP_SYNC


@syscall(12, "brk", "brk:ptr")
def brk(t: Task, wanted: int) -> int:
    space = t.process.address_space
    if wanted > space.brk and page_up(wanted) - page_up(space.brk_start) > t.process.limits.soft(
        Rlimit.RLIMIT_DATA
    ):
        return space.brk
    return space.set_brk(wanted)


@syscall(9, "mmap", "addr:ptr", "length:size", "prot:PROT", "flags:MAP", "fd:fd", "offset:off")
def mmap(t: Task, addr: int, length: int, prot: int, flags: int, fd: int, offset: int) -> int:
    space = t.process.address_space
    if offset & PAGE_MASK:
        raise LinuxError(Errno.EINVAL)
    file = None if flags & Map.MAP_ANONYMOUS else t.process.files.get(fd)
    if not length:
        raise LinuxError(Errno.EINVAL)
    length = page_up(length)
    if length >= 1 << 47 or len(space.areas) > 65530:
        raise LinuxError(Errno.ENOMEM)
    if offset < 0 or offset + length >= 1 << 63:
        raise LinuxError(Errno.EOVERFLOW)
    at = _place(space, addr, length, flags)
    shared = _sharing(file, prot, flags)
    _check_room(t, length)
    if file is not None and file.stat().rdev == _DEV_ZERO:
        file = None
    if file is None:
        offset = 0
    return space.map(
        at,
        length,
        prot & PROT_ACCESS,
        shared=shared,
        file=file,
        offset=offset,
        grows_down=bool(flags & Map.MAP_GROWSDOWN),
    )


def _place(space: AddressSpace, addr: int, length: int, flags: int) -> int:
    """Where the mapping goes, as the program wants it."""
    if not flags & (Map.MAP_FIXED | Map.MAP_FIXED_NOREPLACE):
        return space.place(length, addr)
    if addr + length > space.limit:
        raise LinuxError(Errno.ENOMEM)
    if addr & PAGE_MASK:
        raise LinuxError(Errno.EINVAL)
    if addr < config.MMAP_MIN:
        raise LinuxError(Errno.EPERM)
    if flags & Map.MAP_FIXED_NOREPLACE and not space.is_free(addr, length):
        raise LinuxError(Errno.EEXIST)
    return addr


def _sharing(file: File | None, prot: int, flags: int) -> bool:
    """Is the mapping shared?  Checks that the file may be mapped so."""
    kind = flags & MAP_TYPE
    if kind not in {Map.MAP_SHARED, Map.MAP_PRIVATE, Map.MAP_SHARED_VALIDATE}:
        raise LinuxError(Errno.EINVAL)
    shared = kind != Map.MAP_PRIVATE
    if file is None:
        if kind == Map.MAP_SHARED_VALIDATE or (shared and flags & Map.MAP_GROWSDOWN):
            raise LinuxError(Errno.EINVAL)
        return shared
    if kind == Map.MAP_SHARED_VALIDATE and flags & ~_SHARED_VALIDATE_KNOWN:
        raise LinuxError(Errno.EOPNOTSUPP)
    if shared and prot & Prot.PROT_WRITE and not file.writable:
        raise LinuxError(Errno.EACCES)
    if not file.readable:
        raise LinuxError(Errno.EACCES)
    if flags & Map.MAP_GROWSDOWN:
        raise LinuxError(Errno.EINVAL)
    return shared


def _check_room(t: Task, length: int) -> None:
    if t.process.address_space.mapped + length > t.process.limits.soft(Rlimit.RLIMIT_AS):
        raise LinuxError(Errno.ENOMEM)


@syscall(11, "munmap", "addr:ptr", "length:size")
def munmap(t: Task, addr: int, length: int) -> int:
    if addr & PAGE_MASK or not length or addr + page_up(length) > 1 << 47:
        raise LinuxError(Errno.EINVAL)
    t.process.address_space.unmap(addr, page_up(length))
    return 0


@syscall(10, "mprotect", "addr:ptr", "length:size", "prot:PROT")
def mprotect(t: Task, addr: int, length: int, prot: int) -> int:
    return _protect(t, addr, length, prot)


@syscall(329, "pkey_mprotect", "addr:ptr", "length:size", "prot:PROT", "pkey:int")
def pkey_mprotect(t: Task, addr: int, length: int, prot: int, pkey: int) -> int:
    if pkey != -1:
        raise LinuxError(Errno.EINVAL)
    return _protect(t, addr, length, prot)


@syscall(330, "pkey_alloc", "flags:hex", "rights:hex", note="as on a processor without keys")
def pkey_alloc(t: Task, flags: int, rights: int) -> int:
    raise LinuxError(Errno.EINVAL if flags or rights & ~3 else Errno.ENOSPC)


def _protect(t: Task, addr: int, length: int, prot: int) -> int:
    both = Prot.PROT_GROWSDOWN | Prot.PROT_GROWSUP
    if prot & both == both or addr & PAGE_MASK:
        raise LinuxError(Errno.EINVAL)
    if not length:
        return 0
    end = addr + page_up(length)
    if end > 1 << 64:
        raise LinuxError(Errno.ENOMEM)
    if prot & ~(PROT_ACCESS | Prot.PROT_SEM | both):
        raise LinuxError(Errno.EINVAL)
    space = t.process.address_space
    areas = space.areas.overlapping(addr, end)
    if not areas or areas[0].start > addr:
        raise LinuxError(Errno.ENOMEM)
    if prot & Prot.PROT_GROWSDOWN:
        if not areas[0].grows_down:
            raise LinuxError(Errno.EINVAL)
        addr = areas[0].start
    at = addr
    for area in areas:  # what comes before a hole is changed all the same
        if area.start > at:
            raise LinuxError(Errno.ENOMEM)
        if prot & WRITE and area.shared and area.file is not None and not area.file.writable:
            raise LinuxError(Errno.EACCES)
        at = min(area.end, end)
        space.protect(max(area.start, addr), at - max(area.start, addr), prot & PROT_ACCESS)
    if at < end:
        raise LinuxError(Errno.ENOMEM)
    return 0


@syscall(25, "mremap", "old:ptr", "old_size:size", "new_size:size", "flags:MREMAP", "new:ptr")
def mremap(t: Task, old: int, old_size: int, new_size: int, flags: int, new: int) -> int:
    if page_up(new_size) > page_up(old_size):
        _check_room(t, page_up(new_size) - page_up(old_size))
    return remap(t.process.address_space, old, old_size, new_size, flags, new)


@syscall(28, "madvise", "addr:ptr", "length:size", "advice:MADV")
def madvise(t: Task, addr: int, length: int, advice: int) -> int:
    if advice not in Madvise._value2member_map_ or addr & PAGE_MASK:
        raise LinuxError(Errno.EINVAL)
    end = addr + page_up(length)
    if end > 1 << 64:
        raise LinuxError(Errno.EINVAL)
    space = t.process.address_space
    areas = space.areas.overlapping(addr, end)
    for area in areas:
        _advise(space, area, max(area.start, addr), min(area.end, end), advice)
    if not space.areas.covers(addr, end):
        raise LinuxError(Errno.ENOMEM)
    return 0


def _advise(space: AddressSpace, area: Vma, start: int, end: int, advice: int) -> None:
    """Only advice that a program can see the effect of does anything."""
    anonymous = area.file is None and not area.shared
    match advice:
        case Madvise.MADV_DONTNEED:
            space.forget_contents(start, end)
        case Madvise.MADV_FREE if not anonymous:
            raise LinuxError(Errno.EINVAL)
        case Madvise.MADV_REMOVE:
            if not area.shared or not area.prot & WRITE:
                raise LinuxError(Errno.EINVAL if not area.shared else Errno.EACCES)
            space.memory.fill_zero(start, end - start)
        case Madvise.MADV_DONTFORK | Madvise.MADV_DOFORK:
            space.mark(start, end, dont_fork=advice == Madvise.MADV_DONTFORK)
        case Madvise.MADV_WIPEONFORK if not anonymous:
            raise LinuxError(Errno.EINVAL)
        case Madvise.MADV_WIPEONFORK | Madvise.MADV_KEEPONFORK:
            space.mark(start, end, wipe_on_fork=advice == Madvise.MADV_WIPEONFORK)
        case _:
            pass


@syscall(26, "msync", "addr:ptr", "length:size", "flags:MS")
def msync(t: Task, addr: int, length: int, flags: int) -> int:
    known = Msync.MS_ASYNC | Msync.MS_INVALIDATE | Msync.MS_SYNC
    both = Msync.MS_ASYNC | Msync.MS_SYNC
    if flags & ~known or addr & PAGE_MASK or flags & both == both:
        raise LinuxError(Errno.EINVAL)
    end = addr + page_up(length)
    space = t.process.address_space
    space.publish(addr, end)
    if not space.areas.covers(addr, end):
        raise LinuxError(Errno.ENOMEM)
    return 0


@syscall(27, "mincore", "addr:ptr", "length:size", "vec:ptr", note="all pages are resident")
def mincore(t: Task, addr: int, length: int, vec: int) -> int:
    if addr & PAGE_MASK:
        raise LinuxError(Errno.EINVAL)
    size = page_up(length)
    if not t.process.address_space.areas.covers(addr, addr + size):
        raise LinuxError(Errno.ENOMEM)
    t.write_memory(vec, b"\1" * (size // PAGE_SIZE))
    return 0


# -- locking: everything stays in memory anyway, so only the checks are left ---------------------


@syscall(149, "mlock", "addr:ptr", "length:size")
def mlock(t: Task, addr: int, length: int) -> int:
    return _lock(t, addr, length)


@syscall(325, "mlock2", "addr:ptr", "length:size", "flags:hex")
def mlock2(t: Task, addr: int, length: int, flags: int) -> int:
    if flags & ~1:
        raise LinuxError(Errno.EINVAL)
    return _lock(t, addr, length)


def _lock(t: Task, addr: int, length: int) -> int:
    start = addr & ~PAGE_MASK
    end = page_up(addr + length)
    limit = t.process.limits.soft(Rlimit.RLIMIT_MEMLOCK)
    if not t.process.credentials.privileged and end - start > limit:
        raise LinuxError(Errno.ENOMEM if limit else Errno.EPERM)
    if not t.process.address_space.areas.covers(start, end):
        raise LinuxError(Errno.ENOMEM)
    return 0


@syscall(150, "munlock", "addr:ptr", "length:size")
def munlock(t: Task, addr: int, length: int) -> int:
    if not t.process.address_space.areas.covers(addr & ~PAGE_MASK, page_up(addr + length)):
        raise LinuxError(Errno.ENOMEM)
    return 0


@syscall(151, "mlockall", "flags:MCL")
def mlockall(t: Task, flags: int) -> int:
    known = Mlockall.MCL_CURRENT | Mlockall.MCL_FUTURE | Mlockall.MCL_ONFAULT
    if flags & ~known or flags in {0, Mlockall.MCL_ONFAULT}:
        raise LinuxError(Errno.EINVAL)
    return 0


@syscall(152, "munlockall")
def munlockall(t: Task) -> int:
    return 0
