"""Short random programs in which flags go from instruction to instruction, and executors that run them whole.

Output: `Case`s as of the oracle, whose code is several instructions: sums, shifts, carries through chains, conditions,
accesses that may fault, float comparisons, and jumps forwards to any of them.
Registers: R14 counts where there is a loop, RDI points to memory, RSP to a stack; the others are anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from elfin.isa.leave import LEAVE_EDGE, LEAVE_HOT, LEAVE_SLOW, OUT_OF_BUDGET
from elfin.runtime.memory import GuestMemory
from tests.oracle import record
from tests.oracle.encode import Encoding
from tests.oracle.generate import States
from tests.oracle.interp import InterpreterExecutor
from tests.oracle.record import Case
from tests.oracle.run import forms
from tests.oracle.translated import TranslatorExecutor

PIECES: Final = 400
LOOPS: Final = 3
GOING_ON: Final = (OUT_OF_BUDGET, LEAVE_HOT, LEAVE_EDGE, LEAVE_SLOW)
RSP, RDI, R14 = 4, 7, 14
REGISTERS: Final = (0, 1, 2, 3, 8)
DIRECTION: Final = 0x400
MASKED: Final = (0x1F80).to_bytes(4, "little")


def program(rng: Random) -> bytes:
    """3 to 8 instructions, some of them twice; sometimes a loop around them."""
    parts: list[bytes | int] = []
    for _ in range(rng.randrange(3, 9)):
        again = parts and rng.random() < 0.2
        parts.append(rng.choice(parts) if again else instruction(rng))
    for i in range(len(parts)):
        if rng.random() < 0.2:
            parts[i] = rng.randrange(16)  # a jump on this condition
    code, places = b"", [0]
    for part in reversed(parts):  # from the end, as jumps go forwards
        if isinstance(part, int):
            part = bytes([0x70 | part, len(code) - rng.choice(places)])
        code = part + code
        places.append(len(code))
    if rng.random() < 0.3:
        code += bytes.fromhex(rng.choice(("49ffce", "4183ee01")))  # dec r14; sub r14d, 1
        code += bytes([0x75, -(len(code) + 2) & 0xFF])  # jnz
    return code


def instruction(rng: Random) -> bytes:
    return rng.choice(KINDS)(rng)


def _sized(rng: Random, opcode: str, reg: int, *, place: int | None = None) -> bytes:
    """An instruction of 8, 16, 32 or 64 bits; `opcode` is that of bytes."""
    *escape, last = bytes.fromhex(opcode)
    size = rng.choice((8, 16, 32, 32, 64, 64))
    return _modrm(rng, size, bytes([*escape, last | (size > 8)]), reg, place)


def _modrm(rng: Random, size: int, opcode: bytes, reg: int, place: int | None = None) -> bytes:
    """`place`: a register; None: one by chance, or memory at RDI."""
    if place is None:
        place = -1 if rng.random() < 0.15 else rng.choice(REGISTERS)
    rex = (size == 64) << 3 | (reg >> 3) << 2 | (place >> 3 if place >= 0 else 0)
    prefix = b"\x66" * (size == 16) + bytes([0x40 | rex]) * (rex != 0)
    if place < 0:
        return prefix + opcode + bytes([0x47 | (reg & 7) << 3, 8 * rng.randrange(4)])
    return prefix + opcode + bytes([0xC0 | (reg & 7) << 3 | place & 7])


def _register(rng: Random) -> int:
    return rng.choice(REGISTERS)


def _alu(rng: Random) -> bytes:
    number = rng.choice((0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7))  # add or adc sbb and sub xor cmp
    if rng.random() < 0.4:
        size = rng.choice((8, 16, 32, 64))
        code = _modrm(rng, size, b"\x80" if size == 8 else b"\x83", number)
        return code + bytes([rng.choice((0, 1, 0x7F, 0x80, 0xFF))])
    to_register = 2 * rng.randrange(2)
    return _sized(rng, f"{number << 3 | to_register:02x}", _register(rng))


def _shift(rng: Random) -> bytes:
    number = rng.choice((0, 1, 2, 3, 4, 5, 7))  # rol ror rcl rcr shl shr sar
    match rng.randrange(3):
        case 0:
            return _sized(rng, "c0", number) + bytes([rng.choice((0, 1, 2, 7, 31, 32, 63))])
        case 1:
            return _sized(rng, "d0", number)
    return _sized(rng, "d2", number)


def _double_shift(rng: Random) -> bytes:
    size = rng.choice((32, 64))
    if rng.random() < 0.5:
        code = _modrm(rng, size, rng.choice((b"\x0f\xa4", b"\x0f\xac")), _register(rng))
        return code + bytes([rng.choice((0, 1, 9, 31))])
    return _modrm(rng, size, rng.choice((b"\x0f\xa5", b"\x0f\xad")), _register(rng))


def _one(rng: Random) -> bytes:
    opcode, number = rng.choice((("fe", 0), ("fe", 1), ("f6", 2), ("f6", 3)))
    return _sized(rng, opcode, number)


def _test(rng: Random) -> bytes:
    return _sized(rng, "84", _register(rng))


def _bits(rng: Random) -> bytes:
    opcode = rng.choice(("0fa3", "0fab", "0fb3", "0fbb", "0fbc", "0fbd", "0faf"))
    size = rng.choice((16, 32, 64))
    place = _register(rng)  # in memory the bit's number would move the address
    return _modrm(rng, size, bytes.fromhex(opcode), _register(rng), place)


def _multiply(rng: Random) -> bytes:
    return _sized(rng, "f6", rng.choice((4, 5, 4, 5, 6)))


def _exchange(rng: Random) -> bytes:
    return _sized(rng, rng.choice(("0fb0", "0fc0")), _register(rng))


def _set(rng: Random) -> bytes:
    return _modrm(rng, 8, bytes([0x0F, 0x90 | rng.randrange(16)]), 0)


def _move_if(rng: Random) -> bytes:
    opcode = bytes([0x0F, 0x40 | rng.randrange(16)])
    return _modrm(rng, rng.choice((16, 32, 64)), opcode, _register(rng))


def _move(rng: Random) -> bytes:
    return _sized(rng, rng.choice(("88", "8a")), _register(rng))


def _of_flags(rng: Random) -> bytes:
    return bytes.fromhex(rng.choice(("9f", "9e", "f5", "f8", "f9", "9c", "9c58")))


def _float(rng: Random) -> bytes:
    opcode = rng.choice(("660f2e", "0f2e", "660f2f", "f20f58", "f20f59", "f20f5e", "f30f58"))
    registers = rng.randrange(4) << 3 | rng.randrange(4)
    return bytes.fromhex(opcode) + bytes([0xC0 | registers])


def _to_float(rng: Random) -> bytes:
    return bytes.fromhex("f2480f2a") + bytes([0xC0 | rng.randrange(4) << 3 | rng.randrange(4)])


KINDS: Final[tuple[Callable[[Random], bytes], ...]] = (
    *[_alu] * 6, *[_shift] * 3, _double_shift, *[_one] * 2, _test, _test, _bits, _bits, _multiply, _exchange,
    *[_set] * 2, *[_move_if] * 2, _move, _of_flags, _of_flags, _float, _float, _to_float,
)  # fmt: skip


def cases(rng: Random, states: States, count: int, each: int, *, faults: bool) -> Iterator[Case]:
    """So many programs with so many states each.  `faults`: some write to where they may not."""
    form = forms(["add"])[0]
    for slot in range(count):
        at, code = record.slot_address(slot % record.SLOTS), program(rng)
        for _ in range(each):
            before = states.one(Encoding(form, 64, at, code), rng)
            plain = record.quad(before, record.RFLAGS) & ~DIRECTION
            record.set_quad(before, record.RFLAGS, plain)
            record.set_quad(before, 8 * R14, LOOPS)
            record.set_quad(before, 8 * RSP, record.DATA + 0x800)
            place = record.RODATA if faults and rng.random() < 0.1 else record.DATA + 0x100
            record.set_quad(before, 8 * RDI, place + rng.randrange(64))
            before[record.MXCSR : record.MXCSR + 4] = MASKED
            yield Case(at, code, bytes(before))


def run_whole(memory: GuestMemory, budget: int) -> int:
    """Run up to a fault, or the INT3 behind the program, in turns of so many instructions."""
    for _ in range(PIECES):
        reason = memory.exports["run"](budget)
        if reason not in GOING_ON:
            return reason
    raise AssertionError("the program does not end")


class Interpreted(InterpreterExecutor):
    """Interprets programs."""

    budget = 1

    def _execute(self, at: int) -> int:
        return run_whole(self.memory, self.budget)


class Translated(TranslatorExecutor):
    """Runs them translated; what the host refuses is interpreted."""

    interpreter: Interpreted

    def __init__(self, interpreter: Interpreted, *, exact: bool, sticky: bool) -> None:
        super().__init__(exact, sticky)
        self.interpreter = interpreter

    def _execute(self, at: int) -> int:
        return run_whole(self.memory, self.interpreter.budget)
