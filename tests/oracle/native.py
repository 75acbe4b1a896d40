"""The real processor: runs records natively, one instruction each.

A worker process maps CODE, DATA and RODATA at their guest addresses and lets a signal handler,
written here in machine code, walk through the records.  The handler *is* the loop: every instruction
ends in a trap (its own fault, or the INT3 behind it); the handler then takes the state out of the
signal frame into the current record, puts the next record into the frame, and returns to it
(man 2 sigreturn; struct sigcontext of x86-64 Linux).  That is about 2 us a state.

Record 0 of a batch is the worker's own state, which the last return restores.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from elfin.isa import vectors
from tests.oracle import record
from tests.oracle.record import Case

BATCH: Final = 2000
CONTROL: Final = 0x18_0000  # the handler, its variables and its stack
STACK: Final = CONTROL + 0x1000
STACK_SIZE: Final = 0x10000
CURRENT, COUNT, FIRST = 0, 8, 16  # variables at CONTROL: record, records left, record 0
HANDLER: Final = CONTROL + 0x40
SHARED: Final = record.CODE_SIZE + (BATCH + 1) * record.SIZE

RAX, RCX, RSI, RDI, R8, R9, R10, R11 = 0, 1, 6, 7, 8, 9, 10, 11
# struct sigcontext: registers in its order, by their numbers
SIGCONTEXT: Final = 40
REGISTERS: Final = (8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4)
OF_RIP, OF_RFLAGS, OF_ERROR, OF_TRAP, OF_CR2, OF_FX = (
    SIGCONTEXT + 8 * n for n in (16, 17, 19, 20, 22, 23)
)


class Assembler:
    """The few instructions that the handler needs."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def _modrm(self, opcode: int, reg: int, base: int, offset: int) -> None:
        rex = 0x48 | (reg >> 3) << 2 | base >> 3
        self.bytes += bytes([rex, opcode, 0x80 | (reg & 7) << 3 | base & 7])
        self.bytes += struct.pack("<i", offset)

    def load(self, reg: int, base: int, offset: int) -> None:
        self._modrm(0x8B, reg, base, offset)

    def store(self, base: int, offset: int, reg: int) -> None:
        self._modrm(0x89, reg, base, offset)

    def lea(self, reg: int, base: int, offset: int) -> None:
        self._modrm(0x8D, reg, base, offset)

    def constant(self, reg: int, value: int) -> None:
        self.bytes += bytes([0x48 | reg >> 3, 0xC7, 0xC0 | reg & 7]) + struct.pack("<i", value)

    def copy(self, n: int) -> None:
        """n bytes from [rsi] to [rdi]."""
        self.constant(RCX, n // 8)
        self.raw("f3 48 a5")

    def raw(self, code: str) -> None:
        self.bytes += bytes.fromhex(code)


def handler() -> bytes:
    """`void handler(int signal, siginfo_t *info, ucontext_t *context)`."""
    a = Assembler()
    a.raw("4989d0 4989f1")  # mov r8, rdx; mov r9, rsi
    a.constant(R11, CONTROL)
    a.load(R10, R11, CURRENT)
    a.store(R10, record.SIGNAL, RDI)
    a.load(RAX, R9, 16)
    a.store(R10, record.SIGNAL_ADDRESS, RAX)
    a.load(RAX, R9, 8)
    a.store(R10, record.SIGNAL_CODE, RAX)
    places = [(SIGCONTEXT + 8 * n, 8 * reg) for n, reg in enumerate(REGISTERS)]
    places += [(OF_RIP, record.RIP), (OF_RFLAGS, record.RFLAGS)]
    results = [(OF_TRAP, record.VECTOR), (OF_ERROR, record.ERROR), (OF_CR2, record.CR2)]
    for frame, at in places + results:
        a.load(RAX, R8, frame)
        a.store(R10, at, RAX)
    for n, code in enumerate(("8cc0", "8cd8", "8ce0", "8ce8")):  # mov eax, es ds fs gs
        a.raw(code)
        a.store(R10, record.SELECTORS + 8 * n, RAX)
    a.raw("f3480faec0")  # rdfsbase rax
    a.store(R10, record.FS_BASE, RAX)
    a.raw("f3480faec8")  # rdgsbase rax
    a.store(R10, record.GS_BASE, RAX)
    a.load(RSI, R8, OF_FX)
    a.lea(RDI, R10, record.FX)
    a.copy(record.FX_USED)
    a.constant(RSI, record.DATA)
    a.lea(RDI, R10, record.MEMORY)
    a.copy(record.PAGE)

    a.lea(R10, R10, record.SIZE)
    a.raw("49ff8b" + struct.pack("<i", COUNT).hex())  # dec qword [r11 + COUNT]
    a.raw("7907")  # jns over the next instruction
    a.load(R10, R11, FIRST)
    a.store(R11, CURRENT, R10)

    for frame, at in places:
        a.load(RAX, R10, at)
        a.store(R8, frame, RAX)
    a.raw("31c0 8ec0 8ed8 8ee0 8ee8")  # xor eax, eax; mov es ds fs gs, eax
    a.load(RAX, R10, record.FS_BASE)
    a.raw("f3480faed0")  # wrfsbase rax
    a.load(RAX, R10, record.GS_BASE)
    a.raw("f3480faed8")  # wrgsbase rax
    a.lea(RSI, R10, record.FX)
    a.load(RDI, R8, OF_FX)
    a.copy(record.FX_USED)
    a.lea(RSI, R10, record.MEMORY)
    a.constant(RDI, record.DATA)
    a.copy(record.PAGE)
    # The return does not restore RFLAGS.ID: a POPF that set it would be seen in later records.
    a.raw("9c 812424 ffffdfff 9d")  # pushfq; and dword [rsp], ~ID; popfq
    a.raw("c3")
    return bytes(a.bytes)


RESTORER: Final = bytes.fromhex("b80f000000 0f05")  # mov eax, SYS_rt_sigreturn; syscall
START: Final = bytes.fromhex("cc c3")  # int3; ret


class Worker:
    """Inside the worker process: maps the memory, installs the handler, runs batches."""

    def __init__(self, fd: int) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.mmap.restype = ctypes.c_void_p
        self.libc.mmap.argtypes = (
            [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
        )
        self.libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self.map(record.CODE, record.CODE_SIZE, 5, fd)
        self.map(record.DATA, record.PAGE, 3)
        self.map(record.RODATA, record.PAGE, 3)
        ctypes.memmove(record.RODATA, record.RODATA_BYTES, record.PAGE)
        self.libc.mprotect(record.RODATA, record.PAGE, 1)
        self.map(CONTROL, 0x1000 + STACK_SIZE, 7)
        code = handler()
        restorer = HANDLER + len(code)
        start = restorer + len(RESTORER)
        ctypes.memmove(HANDLER, code + RESTORER + START, len(code + RESTORER + START))
        self.start = ctypes.CFUNCTYPE(None)(start)
        self.shared = self.libc.mmap(None, SHARED, 3, mmap.MAP_SHARED, fd, 0)
        stack = struct.pack("<QiiQ", STACK, 0, 0, STACK_SIZE)
        assert self.libc.sigaltstack(stack, None) == 0
        # SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_NODEFER
        action = struct.pack("<QQQQ", HANDLER, 0x4C000004, restorer, 0)
        for signal in (4, 5, 7, 8, 11):
            assert self.libc.syscall(13, signal, action, None, 8) == 0

    def map(self, address: int, size: int, protection: int, fd: int = -1) -> None:
        flags = 0x10_0000 | (mmap.MAP_SHARED if fd >= 0 else mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        got = self.libc.mmap(address, size, protection, flags, fd, 0)  # MAP_FIXED_NOREPLACE
        assert got == address, f"cannot map {address:#x}: {os.strerror(ctypes.get_errno())}"

    def run(self, count: int) -> None:
        records = self.shared + record.CODE_SIZE
        ctypes.memmove(CONTROL, struct.pack("<QqQ", records, count, records), 24)
        self.start()


class Native:
    """The executor: starts the worker and feeds it."""

    name = "native"

    def __init__(self) -> None:
        self.fd = os.memfd_create("oracle")
        os.ftruncate(self.fd, SHARED)
        self.shared = mmap.mmap(self.fd, SHARED)
        self.worker: subprocess.Popen[bytes] | None = None
        self.patience = 10.0  # seconds for a batch

    def run(self, cases: Sequence[Case]) -> list[bytes]:
        """The records after each case."""
        results: list[bytes] = []
        for i in range(0, len(cases), BATCH):
            results += self._batch(cases[i : i + BATCH])
        return results

    def _batch(self, cases: Sequence[Case]) -> list[bytes]:
        code = bytearray(b"\xcc" * record.CODE_SIZE)
        for case in cases:
            at = case.at - record.CODE
            code[at : at + len(case.code)] = case.code
        self.shared[: record.CODE_SIZE] = bytes(code)
        base = record.CODE_SIZE + record.SIZE
        self.shared[base : base + len(cases) * record.SIZE] = b"".join(c.record for c in cases)
        if not self._ask(len(cases)):
            if len(cases) == 1:
                case = cases[0]
                raise RuntimeError(f"the native run of {case.code.hex(' ')} does not come back")
            half = len(cases) // 2
            return self._batch(cases[:half]) + self._batch(cases[half:])
        data = self.shared[base : base + len(cases) * record.SIZE]
        return [
            settle(data[i : i + record.SIZE], case.at)
            for case, i in zip(cases, range(0, len(data), record.SIZE), strict=True)
        ]

    def _ask(self, count: int) -> bool:
        """Run `count` records; False when the worker died or hangs."""
        if self.worker is None:
            root = Path(__file__).resolve().parents[2]
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "tests.oracle.native", str(self.fd)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[self.fd], cwd=root,
                env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
            )  # fmt: skip
        assert self.worker.stdin is not None and self.worker.stdout is not None
        self.worker.stdin.write(struct.pack("<I", count))
        self.worker.stdin.flush()
        ready, _, _ = select.select([self.worker.stdout], [], [], self.patience)
        if ready and self.worker.stdout.read(1):
            return True
        self._end()
        return False

    def _end(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.communicate()
            self.worker = None

    def close(self) -> None:
        self._end()
        self.shared.close()
        os.close(self.fd)

    def __enter__(self) -> Native:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def settle(after: bytes, at: int) -> bytes:
    """The record as an emulator would give it: the trap that ended it taken away.

    An instruction that jumped to where nothing can be fetched has done its work.
    """
    vector, error, rip = (record.quad(after, o) for o in (record.VECTOR, record.ERROR, record.RIP))
    result = bytearray(after)
    if vector == vectors.BP and rip != at + 1:
        record.set_quad(result, record.RIP, rip - 1)
        vector, error = record.DONE, 0
    elif vector == vectors.PF and error & 16:
        vector, error = record.DONE, 0
    elif vector == vectors.SS:  # a non-canonical stack address; elfin does not tell it from others
        vector = vectors.GP
    record.set_quad(result, record.VECTOR, vector)
    record.set_quad(result, record.ERROR, error)
    if vector != vectors.PF:
        record.set_quad(result, record.CR2, 0)
    return bytes(result)


def main() -> None:
    worker = Worker(int(sys.argv[1]))
    while command := sys.stdin.buffer.read(4):
        worker.run(struct.unpack("<I", command)[0])
        sys.stdout.buffer.write(b".")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
