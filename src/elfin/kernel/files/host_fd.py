"""Descriptors of the host that nodes borrow: closed when nobody holds them, few at a time.

A file system may know many nodes; only the last used ones keep a descriptor, the others open one
again when they are asked. A descriptor in use is held by whoever uses it, so being pushed out of
the cache never closes it under him.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elfin.kernel.files.host_fs import HostNode

CAPACITY = 128  # a quarter of what one process usually may open is left to the guest's files


class HostFd:
    """A descriptor that closes itself."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


class FdCache:
    """The descriptors of the nodes that were used last."""

    def __init__(self) -> None:
        self._held: OrderedDict[HostNode, HostFd] = OrderedDict()

    def get(self, node: HostNode) -> HostFd | None:
        fd = self._held.get(node)
        if fd is not None:
            self._held.move_to_end(node)
        return fd

    def put(self, node: HostNode, fd: HostFd) -> None:
        self._held[node] = fd
        self._held.move_to_end(node)
        if len(self._held) > CAPACITY:
            self._held.popitem(last=False)

    def drop(self, node: HostNode) -> None:
        self._held.pop(node, None)

    def clear(self) -> None:
        self._held.clear()
