"""The line discipline of a terminal (man 3 termios, N_TTY): pure, between keyboard and reader.

Input:  bytes typed (`receive`) and bytes printed (`process_output`), a `Termios`.
Output: what a reader may take (`take`), what is echoed, and signals, through two callbacks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from elfin.kernel.abi import termios as tio
from elfin.kernel.abi.signal import Signal
from elfin.kernel.abi.termios import Termios

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_INPUT = 4096
_TAB = 8
_MOVES = re.compile(rb"[^ -~\n]")  # what moves the cursor in another way than one to the right


def _is_control(char: int) -> bool:
    return char < 0x20 or char == 0x7F


def _is_word(char: int) -> bool:
    """What Linux takes for a letter or digit: Latin-1, whatever the encoding."""
    return chr(char).isalnum() or char == 0x5F


class LineDiscipline:
    """Edits lines, echoes, turns control characters into signals, and processes output."""

    def __init__(self, echo: Callable[[bytes], None], signal: Callable[[int], None]) -> None:
        self.modes = Termios()
        self._echo = echo
        self._signal = signal
        self._lines = bytearray()  # complete input; in canonical mode whole lines
        self._ends: list[int] = []  # canonical: where each line in `_lines` ends
        self._edit = bytearray()  # the line being edited
        self._literal = False  # the next character is taken as it is (VLNEXT)
        self.stopped = False  # output is held by XOFF
        self.arrivals = 0  # how often something became readable
        self.column = 0  # of the cursor, as far as it can be known
        self._line_column = 0  # where the edited line starts

    # -- reading ---------------------------------------------------------------------------

    @property
    def canonical(self) -> bool:
        return bool(self.modes.lflag & tio.ICANON)

    @property
    def available(self) -> int:
        """How many bytes a read could take now (FIONREAD)."""
        if self.canonical:
            return self._ends[0] if self._ends else 0
        return len(self._lines)

    def ready(self, n: int) -> bool:
        """Whether a read of n bytes has what it waits for, VTIME aside."""
        if self.canonical:
            return bool(self._ends)
        return len(self._lines) >= max(1, min(n, self.modes.controls[tio.VMIN]))

    def take(self, n: int) -> bytes:
        """Up to n bytes: in canonical mode of one line (b"" for a line of only EOF)."""
        if not self.canonical:
            data = bytes(self._lines[:n])
            del self._lines[:n]
            return data
        if not self._ends:
            return b""
        end = self._ends[0]
        data = bytes(self._lines[: min(n, end)])
        del self._lines[: len(data)]
        if len(data) == end:
            del self._ends[0]
            self._ends = [e - end for e in self._ends]
        else:
            self._ends = [e - len(data) for e in self._ends]
        return data

    def set_modes(self, modes: Termios) -> None:
        """Take new modes; input that was typed under the old ones stays readable."""
        was_canonical = self.canonical
        self.modes = modes
        if was_canonical and not self.canonical:
            self._lines += self._edit
            self._edit.clear()
            self._ends.clear()
            self.arrivals += bool(self._lines)
        elif not was_canonical and self.canonical:
            self._ends = [len(self._lines)] if self._lines else []
        if not modes.iflag & tio.IXON:
            self.stopped = False

    def flush_input(self) -> None:
        self._lines.clear()
        self._ends.clear()
        self._edit.clear()
        self._literal = False

    @property
    def room(self) -> int:
        return MAX_INPUT - len(self._lines) - len(self._edit)

    # -- typing ----------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        for char in data:
            self._receive(char)

    def _is(self, char: int, control: int) -> bool:
        value = self.modes.controls[control]
        return value != tio.DISABLED and char == value

    def _receive(self, char: int) -> None:
        iflag, lflag = self.modes.iflag, self.modes.lflag
        if iflag & tio.ISTRIP:
            char &= 0x7F
        if self._literal:
            self._literal = False
            self._store(char)
            return
        if lflag & tio.EXTPROC:
            self._store(char)
            return
        if iflag & tio.IXON and self._flow(char):
            return
        if lflag & tio.ISIG and self._interrupt(char):
            return
        mapped = char == 13 and bool(iflag & tio.ICRNL)
        if char == 13:
            if iflag & tio.IGNCR:
                return
            if mapped:
                char = 10
        elif char == 10 and iflag & tio.INLCR:
            char = 13
        if self.canonical:
            self._edit_char(char)
        else:
            self._store(char, newline=mapped)

    def _flow(self, char: int) -> bool:
        if self._is(char, tio.VSTOP):
            self.stopped = True
            return True
        if self._is(char, tio.VSTART):
            self.stopped = False
            return True
        if self.stopped and self.modes.iflag & tio.IXANY:
            self.stopped = False
        return False

    def _interrupt(self, char: int) -> bool:
        for control, signal in (
            (tio.VINTR, Signal.SIGINT),
            (tio.VQUIT, Signal.SIGQUIT),
            (tio.VSUSP, Signal.SIGTSTP),
        ):
            if self._is(char, control):
                if not self.modes.lflag & tio.NOFLSH:
                    self.flush_input()
                self.stopped = False
                self._echo_char(char)
                self._signal(signal)
                return True
        return False

    def _edit_char(self, char: int) -> None:
        extended = self.modes.lflag & tio.IEXTEN
        echo = self.modes.lflag & tio.ECHO
        if self._is(char, tio.VERASE):
            self._erase()
        elif extended and self._is(char, tio.VWERASE):
            self._erase(word=True)
        elif self._is(char, tio.VKILL):
            self._kill_line()
        elif extended and echo and self._is(char, tio.VREPRINT):
            self._echo_char(char)
            self._print(b"\n")
            for typed in self._edit:
                self._echo_char(typed)
        elif extended and self._is(char, tio.VLNEXT):
            self._literal = True
            if self.modes.lflag & tio.ECHO and self.modes.lflag & tio.ECHOCTL:
                self._echo(b"^\b")
        elif self._is(char, tio.VEOF):
            self._end_line()
        elif char == 10 or self._is(char, tio.VEOL) or (extended and self._is(char, tio.VEOL2)):
            if char == 10 and self.modes.lflag & (tio.ECHO | tio.ECHONL):
                self._print(b"\n")
            elif char != 10:
                self._echo_char(char)
            self._edit.append(char)
            self._end_line()
        elif self.room <= 1:
            if self.modes.iflag & tio.IMAXBEL:
                self._print(b"\a")
        else:
            self._echo_char(char)
            self._edit.append(char)

    def _store(self, char: int, *, newline: bool = False) -> None:
        """Take a character as it is; a newline made of a CR is echoed as one, a typed one as ^J."""
        if self.room <= 0:
            return
        if newline and self.modes.lflag & tio.ECHO:
            self._print(b"\n")
        else:
            self._echo_char(char)
        if self.canonical:
            self._edit.append(char)
        else:
            self._lines.append(char)
            self.arrivals += 1

    def _end_line(self) -> None:
        self._lines += self._edit
        self._edit.clear()
        self._ends.append(len(self._lines))
        self.arrivals += 1

    # -- editing ---------------------------------------------------------------------------

    def _is_continuation(self, char: int) -> bool:
        """A byte of a UTF-8 character after its first."""
        return bool(self.modes.iflag & tio.IUTF8) and char & 0xC0 == 0x80

    def _cut_char(self) -> int:
        """Take the last character away; its first byte, or -1 if only a part of one is there."""
        at = len(self._edit) - 1
        while at and self._is_continuation(self._edit[at]):
            at -= 1
        char = self._edit[at]
        if self._is_continuation(char):
            return -1
        del self._edit[at:]
        return char

    def _erase(self, *, word: bool = False, line: bool = False) -> None:
        """Erase a character, a word or the line, on the screen too."""
        lflag = self.modes.lflag
        seen_word = False
        while self._edit:
            before = bytes(self._edit)
            char = self._cut_char()
            if char < 0:
                break
            if word and _is_word(char):
                seen_word = True
            elif word and seen_word:
                self._edit[:] = before
                break
            if lflag & tio.ECHO:
                if not word and not line and not lflag & tio.ECHOE:
                    self._echo_char(self.modes.controls[tio.VERASE])
                elif char == 9:
                    width = self._tab_width()
                    self._echo(b"\b" * width)
                    self.column = max(0, self.column - width)
                else:
                    self._print(b"\b \b" * self._width(char))
            if not word and not line:
                break

    def _tab_width(self) -> int:
        """How wide the tab behind the edited line was."""
        column = 0
        for char in reversed(self._edit):
            if char == 9:
                break
            column += self._width(char)
        else:
            column += self._line_column
        return _TAB - column % _TAB

    def _width(self, char: int) -> int:
        """Columns that the echo of a character took."""
        if _is_control(char):
            return 2 if self.modes.lflag & tio.ECHOCTL else 0
        return 0 if self._is_continuation(char) else 1

    def _kill_line(self) -> None:
        lflag = self.modes.lflag
        if not self._edit:
            return
        if not lflag & tio.ECHO:
            self._edit.clear()
        elif lflag & tio.ECHOKE and lflag & tio.ECHOE and lflag & tio.ECHOK:
            self._erase(line=True)
        else:
            self._edit.clear()
            self._echo_char(self.modes.controls[tio.VKILL])
            if lflag & tio.ECHOK:
                self._print(b"\n")

    # -- printing --------------------------------------------------------------------------

    def _echo_char(self, char: int) -> None:
        lflag = self.modes.lflag
        if not lflag & tio.ECHO:
            return
        if not self._edit:
            self._line_column = self.column
        if lflag & tio.ECHOCTL and _is_control(char) and char != 9:
            self._echo(bytes((0x5E, char ^ 0x40)))
            self.column += 2
        else:
            self._print(bytes((char,)))

    def _print(self, data: bytes) -> None:
        if data:
            self._echo(self.process_output(data))

    def process_output(self, data: bytes) -> bytes:
        """What a terminal is sent for bytes that a program printed (c_oflag)."""
        oflag = self.modes.oflag
        if not oflag & tio.OPOST:
            return data
        if oflag & ~(tio.OPOST | tio.ONLCR) or not oflag & tio.ONLCR or _MOVES.search(data):
            return b"".join(self._process_char(char) for char in data)
        _, newline, last = data.rpartition(b"\n")
        if newline:
            self.column = self._line_column = 0
        self.column += len(last)
        return data.replace(b"\n", b"\r\n")

    def _process_char(self, char: int) -> bytes:
        oflag = self.modes.oflag
        if char == 10:
            if oflag & (tio.ONLCR | tio.ONLRET):
                self.column = 0
            self._line_column = self.column
            return b"\r\n" if oflag & tio.ONLCR else b"\n"
        if char == 13:
            if oflag & tio.ONOCR and self.column == 0:
                return b""
            if not oflag & tio.OCRNL or oflag & tio.ONLRET:
                self.column = self._line_column = 0
            return b"\n" if oflag & tio.OCRNL else b"\r"
        if char == 9:
            n = _TAB - self.column % _TAB
            self.column += n
            return b" " * n if oflag & tio.TABDLY == tio.XTABS else b"\t"
        if char == 8:
            self.column = max(0, self.column - 1)
        elif not _is_control(char) and not self._is_continuation(char):
            self.column += 1
        if oflag & tio.OLCUC and 0x61 <= char <= 0x7A:
            char -= 0x20
        return bytes((char,))
