"""The lines of --strace."""

from __future__ import annotations

import struct

import pytest

from elfin.kernel.abi.signal import Signal
from elfin.kernel.show import KINDS, quote
from elfin.kernel.strace import Tracer
from elfin.kernel.table import CALLS
from tests.kernel.machine import Guest, Machine, Program, call


def traced(main: object) -> list[str]:
    machine = Machine()
    lines: list[str] = []
    machine.kernel.tracer = Tracer(lines.append)
    machine.run(main)  # type: ignore[arg-type]
    return [line.replace(f"[{machine.task.tid}] ", "") for line in lines]


def test_names_strings_and_errors() -> None:
    def main(g: Guest) -> Program:
        yield call("open", g.string(b"/no\nthing"), 0o100001, 0o644)
        yield call("open", g.string(b"/missing/x"), 0, 0)
        yield call("mmap", 0, 4096, 3, 0x22, -1, 0)
        yield call("mprotect", 0x1001, 4096, 0)
        yield call("kill", g.task.tid, Signal.SIGWINCH)
        yield call("bpf", 1)
        return 3

    lines = traced(main)
    assert lines[0].startswith('open("/no\\nthing", O_WRONLY')
    assert lines[1] == 'open("/missing/x", O_RDONLY, 000) = ENOENT'
    assert lines[2] == (
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000"
    )
    assert lines[3] == "mprotect(0x1001, 4096, PROT_NONE) = EINVAL"
    assert lines[4] == f"kill({100}, SIGWINCH) = 0"
    assert lines[5] == "bpf(...) = ENOSYS (elfin has no such call)"
    assert lines[6:] == ["exit_group(3) = ?", "+++ exited with 3 +++"]


def test_signals_and_restarts() -> None:
    def main(g: Guest) -> Program:
        def handler(h: Guest, signal: int) -> Program:
            yield call("exit_group", 0)

        yield g.sigaction(Signal.SIGALRM, g.handler(handler), 0x10000000)
        yield call("setitimer", 0, g.put(struct.pack("<qqqq", 0, 0, 0, 10)), 0)
        at = g.room(8)
        yield call("pipe2", at, 0)
        yield call("read", g.get(at, "<i")[0], at, 1)

    lines = traced(main)
    assert any(line.startswith("pipe2([") for line in lines)
    assert "--- SIGALRM {si_code=128} ---" in lines
    assert any(line.startswith("read(") and line.endswith("= ? (restarts)") for line in lines)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", '"plain"'),
        (b'q"\\', '"q\\"\\\\"'),
        (b"\0011\1x\xff", '"\\0011\\1x\\377"'),
        (b"x" * 40, '"' + "x" * 32 + '"...'),
    ],
)
def test_strings_are_quoted_as_in_c(data: bytes, text: str) -> None:
    assert quote(data) == text


def test_every_kind_in_a_row_is_known() -> None:
    kinds = {argument.kind for row in CALLS for argument in row.arguments}
    assert not kinds - KINDS
