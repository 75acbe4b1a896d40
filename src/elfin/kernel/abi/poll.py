"""Events of poll, select and epoll (x86-64 Linux).

Source: man 2 poll, select, epoll_ctl; uapi/linux/eventpoll.h.
"""

from __future__ import annotations

import struct
from typing import Final

POLLIN: Final = 0x001
POLLPRI: Final = 0x002
POLLOUT: Final = 0x004
POLLERR: Final = 0x008
POLLHUP: Final = 0x010
POLLNVAL: Final = 0x020
POLLRDNORM: Final = 0x040
POLLRDBAND: Final = 0x080
POLLWRNORM: Final = 0x100
POLLWRBAND: Final = 0x200
POLLRDHUP: Final = 0x2000

READABLE: Final = POLLIN | POLLRDNORM
WRITABLE: Final = POLLOUT | POLLWRNORM
# What poll reports without being asked, and what select counts as ready (fs/select.c).
ALWAYS: Final = POLLERR | POLLHUP
SELECT_IN: Final = READABLE | POLLRDBAND | POLLHUP | POLLERR
SELECT_OUT: Final = WRITABLE | POLLWRBAND | POLLERR
SELECT_EX: Final = POLLPRI

POLLFD: Final = struct.Struct("<ihh")
EPOLL_EVENT: Final = struct.Struct("<IQ")  # packed on x86-64: 12 bytes

EPOLL_CTL_ADD: Final = 1
EPOLL_CTL_DEL: Final = 2
EPOLL_CTL_MOD: Final = 3
EPOLLEXCLUSIVE: Final = 1 << 28
EPOLLWAKEUP: Final = 1 << 29
EPOLLONESHOT: Final = 1 << 30
EPOLLET: Final = 1 << 31
EPOLL_CLOEXEC: Final = 0o2000000

FD_SETSIZE: Final = 1024
