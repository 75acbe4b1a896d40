"""Shared file mappings and the calls that read and write the same file.

On Linux both see one page cache.  Here a mapping has its own copy (see shared.py), so stores are
published before a call reads the file, and the copy is renewed after a call wrote to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elfin.kernel.call import Call
from elfin.kernel.shared import SharedPages

if TYPE_CHECKING:
    from elfin.kernel.files.file import File
    from elfin.kernel.task import Task

# Which argument is the descriptor of the file that is read, or written.
_READS = {
    "read": 0, "pread64": 0, "readv": 0, "preadv": 0, "preadv2": 0, "sendfile": 1,
    "copy_file_range": 0, "splice": 0, "mmap": 4, "ftruncate": 0, "fsync": 0, "fdatasync": 0,
}  # fmt: skip
_WRITES = {
    "write": 0, "pwrite64": 0, "writev": 0, "pwritev": 0, "pwritev2": 0, "sendfile": 0,
    "copy_file_range": 2, "splice": 2, "ftruncate": 0, "fallocate": 0,
}  # fmt: skip


def before_call(task: Task, call: Call, values: list[int]) -> None:
    if call.name in _READS or call.name in _WRITES:
        for table in (_READS, _WRITES):
            if _mapped(task, table.get(call.name), values):
                task.process.address_space.publish()


def after_call(task: Task, call: Call, values: list[int]) -> None:
    found = _mapped(task, _WRITES.get(call.name), values)
    if found:
        pages, file = found
        pages.reread(file)
        task.process.address_space.fetch()


def _mapped(task: Task, index: int | None, values: list[int]) -> tuple[SharedPages, File] | None:
    if index is None:
        return None
    file = task.process.files.find(values[index])
    pages = task.kernel.shared_files.find(file) if file is not None else None
    return (pages, file) if pages is not None and file is not None else None
