"""Signal numbers, codes and flags (asm/signal.h, asm-generic/siginfo.h; man 7 signal)."""

from __future__ import annotations

from enum import IntEnum


class Signal(IntEnum):
    """The standard signals; 32 to 64 are the real-time signals."""

    SIGHUP = 1
    SIGINT = 2
    SIGQUIT = 3
    SIGILL = 4
    SIGTRAP = 5
    SIGABRT = 6
    SIGBUS = 7
    SIGFPE = 8
    SIGKILL = 9
    SIGUSR1 = 10
    SIGSEGV = 11
    SIGUSR2 = 12
    SIGPIPE = 13
    SIGALRM = 14
    SIGTERM = 15
    SIGSTKFLT = 16
    SIGCHLD = 17
    SIGCONT = 18
    SIGSTOP = 19
    SIGTSTP = 20
    SIGTTIN = 21
    SIGTTOU = 22
    SIGURG = 23
    SIGXCPU = 24
    SIGXFSZ = 25
    SIGVTALRM = 26
    SIGPROF = 27
    SIGWINCH = 28
    SIGIO = 29
    SIGPWR = 30
    SIGSYS = 31


SIGNAL_MAX = 64
FIRST_REAL_TIME = 32

SIG_DFL = 0
SIG_IGN = 1


class SaFlag(IntEnum):
    SA_NOCLDSTOP = 1
    SA_NOCLDWAIT = 2
    SA_SIGINFO = 4
    SA_RESTORER = 0x04000000
    SA_ONSTACK = 0x08000000
    SA_RESTART = 0x10000000
    SA_NODEFER = 0x40000000
    SA_RESETHAND = 0x80000000


class MaskHow(IntEnum):
    SIG_BLOCK = 0
    SIG_UNBLOCK = 1
    SIG_SETMASK = 2


class AltStackFlag(IntEnum):
    SS_ONSTACK = 1
    SS_DISABLE = 2
    SS_AUTODISARM = 1 << 31


class Code(IntEnum):
    """si_code values that hold for any signal."""

    SI_USER = 0
    SI_KERNEL = 0x80
    SI_QUEUE = -1
    SI_TIMER = -2
    SI_MESGQ = -3
    SI_ASYNCIO = -4
    SI_SIGIO = -5
    SI_TKILL = -6


class SegvCode(IntEnum):
    SEGV_MAPERR = 1
    SEGV_ACCERR = 2


class BusCode(IntEnum):
    BUS_ADRALN = 1
    BUS_ADRERR = 2


class FpeCode(IntEnum):
    FPE_INTDIV = 1
    FPE_INTOVF = 2
    FPE_FLTDIV = 3
    FPE_FLTOVF = 4
    FPE_FLTUND = 5
    FPE_FLTRES = 6
    FPE_FLTINV = 7


class IllCode(IntEnum):
    ILL_ILLOPC = 1
    ILL_ILLOPN = 2


class TrapCode(IntEnum):
    TRAP_BRKPT = 1
    TRAP_TRACE = 2


class ChildCode(IntEnum):
    CLD_EXITED = 1
    CLD_KILLED = 2
    CLD_DUMPED = 3
    CLD_TRAPPED = 4
    CLD_STOPPED = 5
    CLD_CONTINUED = 6


def bit(signal: int) -> int:
    """The signal's bit in a 64-bit sigset."""
    return 1 << (signal - 1)


def mask_of(*signals: int) -> int:
    return sum(bit(s) for s in signals)


def signal_name(signal: int) -> str:
    """SIGINT, SIGRT_3, or the number where there is no such signal."""
    if signal in Signal._value2member_map_:
        return Signal(signal).name
    if FIRST_REAL_TIME <= signal <= SIGNAL_MAX:
        return f"SIGRT_{signal - FIRST_REAL_TIME}"
    return str(signal)


UNBLOCKABLE = mask_of(Signal.SIGKILL, Signal.SIGSTOP)
STOPS = mask_of(Signal.SIGSTOP, Signal.SIGTSTP, Signal.SIGTTIN, Signal.SIGTTOU)
IGNORED_BY_DEFAULT = mask_of(Signal.SIGCHLD, Signal.SIGCONT, Signal.SIGURG, Signal.SIGWINCH)
DUMPS_CORE = mask_of(
    Signal.SIGQUIT, Signal.SIGILL, Signal.SIGTRAP, Signal.SIGABRT, Signal.SIGBUS, Signal.SIGFPE,
    Signal.SIGSEGV, Signal.SIGXCPU, Signal.SIGXFSZ, Signal.SIGSYS,
)  # fmt: skip
# What an instruction itself causes is delivered before anything that came from outside.
SYNCHRONOUS = mask_of(
    Signal.SIGSEGV, Signal.SIGBUS, Signal.SIGILL, Signal.SIGTRAP, Signal.SIGFPE, Signal.SIGSYS
)
