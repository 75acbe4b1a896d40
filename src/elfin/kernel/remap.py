"""mremap: a mapping grows, shrinks or moves (man 2 mremap; mm/mremap.c for the order of checks)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import Errno, LinuxError
from elfin.kernel.abi.mman import Mremap
from elfin.kernel.memory import PAGE_MASK, page_up
from elfin.records import replace

if TYPE_CHECKING:
    from elfin.kernel.mm import AddressSpace
    from elfin.kernel.vma import Vma


def remap(space: AddressSpace, old: int, old_len: int, new_len: int, flags: int, new: int) -> int:
    """Where the mapping is afterwards."""
    fixed = flags & (Mremap.MREMAP_FIXED | Mremap.MREMAP_DONTUNMAP)
    _check_flags(old, old_len, new_len, flags)
    old_len, new_len = page_up(old_len), page_up(new_len)
    if not new_len:
        raise LinuxError(Errno.EINVAL)
    if flags & Mremap.MREMAP_FIXED:
        _check_target(space, old, old_len, new, new_len)
    area = _area_at(space, old)
    if not old_len and not area.shared:
        raise LinuxError(Errno.EINVAL)
    if flags & Mremap.MREMAP_FIXED:
        # The target is gone even if the rest fails, and it may hold what was to be moved.
        space.unmap(new, new_len)
        if old_len > new_len:
            space.unmap(old + new_len, old_len - new_len)
            old_len = new_len
        area = _area_at(space, old)
    elif not fixed and old_len and new_len <= old_len:
        # Shrinking may span areas: it only unmaps the tail, as munmap would.
        space.unmap(old + new_len, old_len - new_len)
        return old
    if old_len > area.end - old:
        raise LinuxError(Errno.EFAULT)
    if not fixed:
        if old_len and _grow(space, area, old, old_len, new_len):
            return old
        if not flags & Mremap.MREMAP_MAYMOVE:
            raise LinuxError(Errno.ENOMEM)
    if not flags & Mremap.MREMAP_FIXED:
        new = space.place(new_len, new if fixed else 0)
    keep = bool(flags & Mremap.MREMAP_DONTUNMAP) or not old_len
    _move(space, area.cut(old, old + (old_len or new_len)), new, new_len, keep=keep)
    return new


def _area_at(space: AddressSpace, address: int) -> Vma:
    area = space.areas.find(address)
    if area is None:
        raise LinuxError(Errno.EFAULT)
    return area


def _check_flags(old: int, old_len: int, new_len: int, flags: int) -> None:
    may_move = flags & Mremap.MREMAP_MAYMOVE
    known = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED | Mremap.MREMAP_DONTUNMAP
    stays = flags & Mremap.MREMAP_DONTUNMAP
    if (
        flags & ~known
        or (flags & (Mremap.MREMAP_FIXED | Mremap.MREMAP_DONTUNMAP) and not may_move)
        or (stays and page_up(old_len) != page_up(new_len))
        or old & PAGE_MASK
    ):
        raise LinuxError(Errno.EINVAL)


def _check_target(space: AddressSpace, old: int, old_len: int, new: int, new_len: int) -> None:
    if new & PAGE_MASK or new + new_len > 1 << 47:
        raise LinuxError(Errno.EINVAL)
    if old < new + new_len and new < old + old_len:
        raise LinuxError(Errno.EINVAL)
    if new + new_len > space.limit:
        raise LinuxError(Errno.ENOMEM)


def _grow(space: AddressSpace, area: Vma, old: int, old_len: int, new_len: int) -> bool:
    """Extend in place, if the area ends where the range does and the pages behind are free."""
    more = new_len - old_len
    if old + old_len != area.end or not space.is_free(area.end, more):
        return False
    _map_like(space, area, area.end, more, area.offset + area.end - area.start)
    return True


def _move(space: AddressSpace, part: Vma, new: int, new_len: int, *, keep: bool) -> None:
    old_len = part.end - part.start
    space.publish(part.start, part.end)
    kept = min(old_len, new_len)
    data = b"" if part.pages is not None else space.memory.read(part.start, kept)
    if not keep:
        # The old place goes first: the files stay open through `part` being mapped again.
        if part.file is not None:
            part.file.retain()
        space.unmap(part.start, old_len)
    _map_like(space, part, new, new_len, part.offset)
    if part.file is not None and not keep:
        part.file.release()
    moved = replace(part, start=new, end=new + kept)
    if data:
        space.memory.write(new, data)
    elif part.pages is not None:
        part.pages.fetch(moved, space.memory)
    if keep:
        space.forget_contents(part.start, part.end)


def _map_like(space: AddressSpace, area: Vma, start: int, length: int, offset: int) -> None:
    backed = area.file is not None or area.pages is not None
    space.map(
        start,
        length,
        area.prot,
        shared=area.shared,
        file=area.file,
        offset=offset if backed else 0,
        name=area.name,
        pages=area.pages,
        grows_down=area.grows_down,
    )
