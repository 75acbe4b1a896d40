"""How strace shows one argument of a system call: by the kind that its row gives it.

Input:  the row, the converted values and, for what the call stores, its result.  Output: text.
A pointer that leads nowhere is shown as a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from elfin.kernel.abi.errno import LinuxError
from elfin.kernel.abi.signal import SIG_DFL, SIG_IGN, SIGNAL_MAX, SaFlag, bit, signal_name
from elfin.kernel.file_names import FILE_NAMES
from elfin.kernel.names import NAMES, flags
from elfin.records import dataclass

if TYPE_CHECKING:
    from elfin.kernel.call import Call
    from elfin.kernel.task import Task

_NAMES = {**NAMES, **FILE_NAMES}
STRING_SHOWN = 32
_LIST_SHOWN = 16
_AT_FDCWD = -100
_SA_FLAGS = flags(SaFlag)
_ESCAPES = {0x22: '\\"', 0x5C: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 12: "\\f"}


def quote(data: bytes, shown: int = STRING_SHOWN) -> str:
    """A C string literal; what is longer ends in dots."""
    parts = []
    for i, byte in enumerate(data[:shown]):
        if byte in _ESCAPES:
            parts.append(_ESCAPES[byte])
        elif 32 <= byte < 127:
            parts.append(chr(byte))
        else:
            # Three digits where a digit that follows would be read as part of the number.
            digit_follows = data[i + 1 : i + 2].isdigit()
            parts.append(f"\\{byte:03o}" if digit_follows else f"\\{byte:o}")
    return '"' + "".join(parts) + '"' + ("..." if len(data) > shown else "")


@dataclass(frozen=True)
class Argument:
    """One argument of a call that is made or over."""

    task: Task
    value: int
    following: int  # the next argument: for buffers their length
    result: int  # of the call; 0 before it is over


Shower = Callable[[Argument], str]


def show(task: Task, call: Call, values: list[int], index: int, result: int | None = 0) -> str:
    value, kind = values[index], call.arguments[index].kind
    if kind in _NAMES:
        return _NAMES[kind](value)
    if kind in _PLAIN:
        return _PLAIN[kind](value)
    if not value:
        return "NULL"
    if kind in AFTER and (result is None or result < 0):
        return hex(value)
    following = values[index + 1] if index + 1 < len(values) else 0
    shower = _BEFORE.get(kind) or AFTER.get(kind) or (lambda a: hex(a.value))
    try:
        return shower(Argument(task, value, following, result or 0))
    except LinuxError:
        return hex(value)


def _fd(value: int) -> str:
    return "AT_FDCWD" if value == _AT_FDCWD else str(value)


_PLAIN: dict[str, Callable[[int], str]] = {
    "int": str,
    "long": str,
    "off": str,
    "size": str,
    "uint": str,
    "pid": str,
    "hex": hex,
    "fd": _fd,
    "sig": signal_name,
    "mode": lambda mode: f"0{mode:o}" if mode else "000",
}


# -- what a pointer leads to -----------------------------------------------------------------


def _string(a: Argument) -> str:
    return quote(a.task.read_string(a.value), shown=4096)


def _strings(a: Argument) -> str:
    texts: list[str] = []
    at = a.value
    while len(texts) < _LIST_SHOWN:
        (pointer,) = a.task.read_struct(at, "<Q")
        if not pointer:
            return f"[{', '.join(texts)}]"
        texts.append(quote(a.task.read_string(pointer, 131072)))
        at += 8
    return f"[{', '.join(texts)}, ...]"


def _buffer(a: Argument, length: int) -> str:
    data = a.task.read_memory(a.value, min(length, STRING_SHOWN + 1))
    return quote(data)


def _vector(a: Argument) -> str:
    texts = []
    for i in range(min(a.following, _LIST_SHOWN)):
        base, length = a.task.read_struct(a.value + 16 * i, "<QQ")
        data = a.task.read_memory(base, min(length, STRING_SHOWN + 1))
        texts.append(quote(data))
    return f"[{', '.join(texts)}]"


def _timespec(a: Argument) -> str:
    seconds, ns = a.task.read_struct(a.value, "<qq")
    return f"{seconds}.{ns:09}s"


def _timeval(a: Argument) -> str:
    seconds, us = a.task.read_struct(a.value, "<qq")
    return f"{seconds}.{us:06}s"


def _sigset(a: Argument) -> str:
    (mask,) = a.task.read_struct(a.value, "<Q")
    # A set of nearly all signals is shown by the ones that it lacks.
    most = mask.bit_count() > SIGNAL_MAX // 2
    shown = ~mask if most else mask
    names = [signal_name(s).removeprefix("SIG") for s in range(1, SIGNAL_MAX + 1) if shown & bit(s)]
    return f"{'~' if most else ''}[{' '.join(names)}]"


def _sigaction(a: Argument) -> str:
    handler, flags, _, _ = a.task.read_struct(a.value, "<QQQQ")
    name = {SIG_DFL: "SIG_DFL", SIG_IGN: "SIG_IGN"}.get(handler) or hex(handler)
    shown = Argument(a.task, a.value + 24, 0, 0)
    return f"{{{name}, {_sigset(shown)}, {_SA_FLAGS(flags)}}}"


def _two_ints(a: Argument) -> str:
    return str(list(a.task.read_struct(a.value, "<ii")))


def _one_int(a: Argument) -> str:
    return f"[{a.task.read_struct(a.value, '<i')[0]}]"


_BEFORE: dict[str, Shower] = {
    "str": _string,
    "strv": _strings,
    "in": lambda a: _buffer(a, a.following),  # the next argument is its length
    "iov": _vector,  # the next argument is the number of parts
    "timespec": _timespec,
    "timeval": _timeval,
    "sigset": _sigset,
    "sigaction": _sigaction,
}

# What is there only when the call is over.
AFTER: dict[str, Shower] = {
    "out": lambda a: _buffer(a, a.result),  # the result is its length
    "outstr": _string,
    "fds": _two_ints,
    "outint": _one_int,
}

# Every kind that a row may give an argument.
KINDS = frozenset({"ptr", *_PLAIN, *_BEFORE, *AFTER, *_NAMES})
