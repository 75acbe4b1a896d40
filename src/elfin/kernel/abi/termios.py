"""The terminal's flags and structure (x86-64 Linux). Source: man 3 termios; asm-generic/termbits.h."""

from __future__ import annotations

import struct
from typing import Final

from elfin.records import dataclass, field

# c_iflag
IGNBRK: Final = 0o1
ISTRIP: Final = 0o40
INLCR: Final = 0o100
IGNCR: Final = 0o200
ICRNL: Final = 0o400
IUCLC: Final = 0o1000
IXON: Final = 0o2000
IXANY: Final = 0o4000
IMAXBEL: Final = 0o20000
IUTF8: Final = 0o40000
# c_oflag
OPOST: Final = 0o1
OLCUC: Final = 0o2
ONLCR: Final = 0o4
OCRNL: Final = 0o10
ONOCR: Final = 0o20
ONLRET: Final = 0o40
TABDLY: Final = 0o14000
XTABS: Final = 0o14000
# c_cflag
B38400: Final = 0o17
CS8: Final = 0o60
CREAD: Final = 0o200
# c_lflag
ISIG: Final = 0o1
ICANON: Final = 0o2
ECHO: Final = 0o10
ECHOE: Final = 0o20
ECHOK: Final = 0o40
ECHONL: Final = 0o100
NOFLSH: Final = 0o200
TOSTOP: Final = 0o400
ECHOCTL: Final = 0o1000
ECHOKE: Final = 0o4000
EXTPROC: Final = 0o200000
IEXTEN: Final = 0o100000

VINTR: Final = 0
VQUIT: Final = 1
VERASE: Final = 2
VKILL: Final = 3
VEOF: Final = 4
VTIME: Final = 5
VMIN: Final = 6
VSTART: Final = 8
VSTOP: Final = 9
VSUSP: Final = 10
VEOL: Final = 11
VREPRINT: Final = 12
VDISCARD: Final = 13
VWERASE: Final = 14
VLNEXT: Final = 15
VEOL2: Final = 16

CONTROL_COUNT: Final = 19
DISABLED: Final = 0  # _POSIX_VDISABLE: a control character that never matches

TERMIOS: Final = struct.Struct("<4IB19s")  # TCGETS: 36 bytes
TERMIOS2: Final = struct.Struct("<4IB19s2I")  # TCGETS2: with both speeds
TERMIO: Final = struct.Struct("<4HB8sx")  # the old TCGETA

#                       intr quit erase kill eof time min swtc start stop susp eol repr disc werase lnext
_DEFAULT_CONTROLS = bytes([3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0])


@dataclass
class Termios:
    """The modes of a terminal; the defaults are those of a new Linux terminal."""

    iflag: int = ICRNL | IXON
    oflag: int = OPOST | ONLCR
    cflag: int = B38400 | CS8 | CREAD
    lflag: int = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN
    line: int = 0
    controls: bytes = field(default=_DEFAULT_CONTROLS)

    def pack(self) -> bytes:
        return TERMIOS.pack(
            self.iflag, self.oflag, self.cflag, self.lflag, self.line, self.controls
        )

    @classmethod
    def unpack(cls, data: bytes) -> Termios:
        return cls(*TERMIOS.unpack(data[: TERMIOS.size]))
