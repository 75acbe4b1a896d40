"""Numbers of the resource calls (asm-generic/resource.h; man 2 getrlimit, getrusage)."""

from __future__ import annotations

from enum import IntEnum

INFINITY = (1 << 64) - 1


class Rlimit(IntEnum):
    RLIMIT_CPU = 0
    RLIMIT_FSIZE = 1
    RLIMIT_DATA = 2
    RLIMIT_STACK = 3
    RLIMIT_CORE = 4
    RLIMIT_RSS = 5
    RLIMIT_NPROC = 6
    RLIMIT_NOFILE = 7
    RLIMIT_MEMLOCK = 8
    RLIMIT_AS = 9
    RLIMIT_LOCKS = 10
    RLIMIT_SIGPENDING = 11
    RLIMIT_MSGQUEUE = 12
    RLIMIT_NICE = 13
    RLIMIT_RTPRIO = 14
    RLIMIT_RTTIME = 15


class RusageWho(IntEnum):
    RUSAGE_SELF = 0
    RUSAGE_CHILDREN = -1
    RUSAGE_THREAD = 1


class PriorityWho(IntEnum):
    PRIO_PROCESS = 0
    PRIO_PGRP = 1
    PRIO_USER = 2
