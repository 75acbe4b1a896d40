"""States for an encoding: random ones in which the edges are common and memory operands hit memory.

Input:  an `Encoding`, a source of randomness.
Output: records (`tests/oracle/record.py`).
Registers are cut out of pools that were filled once with values where something happens; then the
registers that make up addresses are solved for an address worth trying.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from random import Random
from typing import Final

from elfin.bits import M32, M64, signed
from tests.oracle import record
from tests.oracle.encode import Encoding, Memory, code_target, edge
from tests.oracle.x87 import random_x87, x87_operands

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
POOL: Final = 1 << 16
F64_EDGES: Final = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -2.5, float("inf"), float("-inf"), 5e-324, -5e-324,
    2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, -1.7976931348623157e308,
    2147483647.0, 2147483647.5, 2147483648.0, -2147483648.0, -2147483648.5, -2147483649.0,
    4294967295.0, 4294967296.0, 9223372036854774784.0, 9223372036854775808.0,
    -9223372036854775808.0, -9223372036854777856.0, 3.4028234663852886e38, 3.4028235677973366e38,
    1.401298464324817e-45, 7.006492321624085e-46, 1.1754943508222875e-38, 1e-310, 0.1, 3.0,
)  # fmt: skip
NAN64: Final = (
    0x7FF8 << 48,
    0xFFF8 << 48,
    0x7FF8_0000_0000_1234,
    0x7FF0_0000_0000_0001,
    0xFFF4 << 48,
)
NAN32: Final = (0x7FC0_0000, 0xFFC0_0000, 0x7FC0_1234, 0x7F80_0001, 0xFFA0_0000)
# CF PF AF ZF SF OF.  AC is never set: elfin keeps the bit but does not check alignment by it.
ARITHMETIC: Final = 0x8D5
STATUS_MXCSR: Final = 0x3F


def integer(rng: Random) -> int:
    """64 bits for a general register."""
    kind = rng.randrange(8)
    if kind == 0:
        return rng.randrange(-72, 72) & M64
    if kind == 1:
        return edge(rng, 32) | rng.choice((0, rng.getrandbits(32) << 32))
    if kind == 2:
        return rng.getrandbits(rng.randrange(1, 65))
    if kind == 3:
        return edge(rng, 8) * 0x0101_0101_0101_0101
    if kind == 4:
        return edge(rng, 16) * 0x0001_0001_0001_0001 ^ rng.choice((0, 1 << rng.randrange(64)))
    return edge(rng, 64)


def double(rng: Random) -> int:
    """64 bits that are a double worth trying."""
    match rng.randrange(5):
        case 0:
            return rng.choice(NAN64)
        case 1 | 2:
            bits = int(struct.unpack("<Q", struct.pack("<d", rng.choice(F64_EDGES)))[0])
            return bits + rng.choice((0, 0, 0, 1, -1)) & M64
        case 3:
            exponent = 1023 + rng.randrange(-70, 70)
            return rng.getrandbits(1) << 63 | exponent << 52 | rng.getrandbits(52)
    return rng.getrandbits(64)


def single(rng: Random) -> int:
    """32 bits that are a float worth trying."""
    match rng.randrange(5):
        case 0:
            return rng.choice(NAN32)
        case 1 | 2:
            value = rng.choice(F64_EDGES)
            if abs(value) > 3.4028235e38 and abs(value) != float("inf"):
                value = 3.4028234663852886e38
            bits = int(struct.unpack("<I", struct.pack("<f", value))[0])
            return bits + rng.choice((0, 0, 0, 1, -1)) & M32
        case 3:
            exponent = 127 + rng.randrange(-40, 40)
            return rng.getrandbits(1) << 31 | exponent << 23 | rng.getrandbits(23)
    return rng.getrandbits(32)


def vector(rng: Random) -> bytes:
    """16 bytes for a vector register: doubles, floats, or lanes of integers."""
    match rng.randrange(4):
        case 0:
            return struct.pack("<QQ", double(rng), double(rng))
        case 1:
            return struct.pack("<IIII", *(single(rng) for _ in range(4)))
        case 2:
            return struct.pack("<8H", *(edge(rng, 16) for _ in range(8)))
    return struct.pack("<QQ", integer(rng), integer(rng))


class States:
    """Makes records for encodings; the pools are filled once."""

    def __init__(self, seed: int) -> None:
        rng = Random(seed)
        self.integers = b"".join(integer(rng).to_bytes(8, "little") for _ in range(POOL // 8))
        self.vectors = b"".join(vector(rng) for _ in range(POOL // 16))
        self.memory = b"".join(
            integer(rng).to_bytes(8, "little") + vector(rng) for _ in range(POOL // 24)
        )

    def records(self, e: Encoding, rng: Random, count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield bytes(self.one(e, rng))

    def one(self, e: Encoding, rng: Random) -> bytearray:
        r = bytearray(record.SIZE)
        start = 8 * rng.randrange((POOL - 128) // 8)
        r[0:128] = self.integers[start : start + 128]
        record.set_quad(r, record.RIP, e.at)
        flags = 0x202 | rng.getrandbits(12) & ARITHMETIC
        if rng.random() < 0.15:
            flags |= 0x400
        record.set_quad(r, record.RFLAGS, flags)
        r[record.FX : record.FX + record.FX_SIZE] = record.FX_DEFAULT
        self._vectors(r, rng)
        start = 8 * rng.randrange((len(self.memory) - record.PAGE) // 8)
        r[record.MEMORY : record.MEMORY + record.PAGE] = self.memory[start : start + record.PAGE]
        self._relate(r, rng)
        record.set_quad(r, 8 * RSP, self._address(8, rng))
        if e.form.attributes.get("cpuid") == "x87":
            random_x87(r, rng)
            x87_operands(r, rng)
        for setting in SETTINGS.get(e.form.mnemonic, ()):
            setting(r, e, rng)
        self._addresses(r, e, rng)
        return r

    def _vectors(self, r: bytearray, rng: Random) -> None:
        start = 16 * rng.randrange((POOL - 256) // 16)
        r[record.XMM : record.XMM + 256] = self.vectors[start : start + 256]
        mxcsr = 0x1F80
        if rng.random() < 0.4:
            mxcsr |= rng.choice((0, 0x2000, 0x4000, 0x6000)) | rng.choice((0, 0x40, 0x8000, 0x8040))
        if rng.random() < 0.3:
            mxcsr |= rng.getrandbits(6)
        if rng.random() < 0.1:
            mxcsr &= ~(rng.getrandbits(6) << 7)
        r[record.MXCSR : record.MXCSR + 4] = mxcsr.to_bytes(4, "little")

    def _relate(self, r: bytearray, rng: Random) -> None:
        """Make it likely that registers and memory are equal, and that RDX:RAX is a small number."""
        choice = rng.random()
        if choice < 0.2:
            word = r[0:8]
            for n in range(16):
                if rng.random() < 0.5:
                    r[8 * n : 8 * n + 8] = word
            r[record.MEMORY :] = bytes(word) * (record.PAGE // 8)
        elif choice < 0.3:
            vector_ = r[record.XMM : record.XMM + 16]
            for n in range(16):
                if rng.random() < 0.5:
                    r[record.XMM + 16 * n : record.XMM + 16 * n + 16] = vector_
        elif choice < 0.5:
            negative = rng.random() < 0.5 and record.quad(r, 0) >> 63
            record.set_quad(r, 8 * RDX, -1 if negative else 0)

    def _address(self, n: int, rng: Random) -> int:
        """Where an operand of about n bytes may lie: mostly in the page, often at its edges."""
        choice = rng.random()
        n = max(n, 1)
        if choice < 0.75:
            at = record.DATA + rng.randrange(64, record.PAGE - n - 64)
            aligned = rng.random() < (0.8 if n >= 16 else 0.4)
            return at & -min(n & -n, 64) if aligned else at
        if choice < 0.8:
            return record.RODATA - n + rng.randrange(n + 1)
        if choice < 0.85:
            return record.RODATA - rng.randrange(n + 1)
        if choice < 0.89:
            return record.DATA - rng.randrange(n + 1)
        if choice < 0.93:
            return record.RODATA + 16 * rng.randrange(200)
        if choice < 0.96:
            return record.RODATA + record.PAGE - rng.randrange(n + 1)
        if choice < 0.98:
            return rng.choice((0, 8, 0xFFF, 0xFFF0_0000, 0x7FFF_FFFF_E000))
        return rng.choice((1 << 47, 0x8000 << 48, 0x1234 << 48, M64, M64 - 15, (1 << 47) - 1))

    def _addresses(self, r: bytearray, e: Encoding, rng: Random) -> None:
        """Solve the registers of the encoding's memory operands for addresses."""
        for operand in e.form.operands:
            n = operand.bits(e.size) // 8 or WIDTH.get(e.form.mnemonic, 8)
            match operand.letter:
                case "X":
                    self._point(r, e, RSI, string_address(self, n, e, rng), rng, e.segment)
                case "Y":
                    self._point(r, e, RDI, string_address(self, n, e, rng), rng, "")
                case "[rDI]":
                    self._point(r, e, RDI, self._address(n, rng), rng, e.segment)
                case "[rBX+AL]":
                    self._point(r, e, RBX, self._address(1, rng) - r[0], rng, e.segment)
        if e.kind in ("M", "O"):
            n = max((o.bits(e.size) for o in e.form.operands if o.is_rm), default=0) // 8
            self._solve(r, e, self._address(WIDTH.get(e.form.mnemonic, n or 8), rng), rng)

    def _point(
        self, r: bytearray, e: Encoding, reg: int, to: int, rng: Random, segment: str
    ) -> None:
        """The register alone is the address."""
        if segment in ("fs", "gs"):
            to -= self._segment(r, segment, to, rng)
        if e.bits == 32:
            to = to & M32 | rng.getrandbits(32) << 32
        record.set_quad(r, 8 * reg, to)

    def _segment(self, r: bytearray, segment: str, to: int, rng: Random) -> int:
        """Choose a canonical segment base, from which `to` can be reached."""
        base = rng.choice((0, 0x1000, 0x10_0000, to & ~0xFFF & 0x7FFF_FFFF, 0x13_0007))
        record.set_quad(r, record.FS_BASE if segment == "fs" else record.GS_BASE, base)
        return base

    def _solve(self, r: bytearray, e: Encoding, to: int, rng: Random) -> None:
        m = e.memory
        if m is None or (m.base is None and m.index is None):
            if e.segment in ("fs", "gs"):
                encoded = (m.displacement if m else e.immediate) & (M32 if e.bits == 32 else M64)
                base = to - encoded - (e.at + len(e.code) if m and m.rip else 0)
                if not 0 <= base < 1 << 47:
                    base = 0
                record.set_quad(r, record.FS_BASE if e.segment == "fs" else record.GS_BASE, base)
            return
        if e.segment in ("fs", "gs"):
            to -= self._segment(r, e.segment, to, rng)
        if e.form.has("popm") and m.base == RSP:
            to -= e.size // 8
        registers = solve_registers(m, to - m.displacement, r, rng)
        for reg, value in registers.items():
            if e.bits == 32:
                value = value & M32 | rng.getrandbits(32) << 32
            record.set_quad(r, 8 * reg, value)


def solve_registers(m: Memory, to: int, r: bytearray, rng: Random) -> dict[int, int]:
    """Values of base and index whose weighted sum is `to` (or, rarely, near it)."""
    factor = 1 << m.scale
    if m.index is None:
        assert m.base is not None
        return {m.base: to & M64}
    if m.base is None:
        high = rng.getrandbits(m.scale) << 64 - m.scale if m.scale else 0
        return {m.index: (to >> m.scale) & M64 >> m.scale | high}
    if m.base == m.index:
        if m.scale == 0:
            return {m.base: (to & M64) >> 1 | rng.getrandbits(1) << 63}
        return {m.base: to * pow(factor + 1, -1, 1 << 64) & M64}
    index = rng.choice((record.quad(r, 8 * m.index), rng.randrange(-64, 64)))
    return {m.index: index & M64, m.base: to - index * factor & M64}


def string_address(states: States, n: int, e: Encoding, rng: Random) -> int:
    """As any address, but mostly with room for the repetitions."""
    return states._address(n * (16 if e.rep and rng.random() < 0.8 else 1), rng)


# -- what single instructions need ----------------------------------------------------------------


def small_count(r: bytearray, e: Encoding, rng: Random) -> None:
    """RCX of a repeated instruction."""
    if e.rep:
        count = rng.randrange(20) if rng.random() < 0.95 else rng.randrange(600)
        record.set_quad(r, 8 * RCX, count | (rng.getrandbits(32) << 32 if e.bits == 32 else 0))


def shift_count(r: bytearray, e: Encoding, rng: Random) -> None:
    if rng.random() < 0.6:
        r[8 * RCX] = rng.randrange(72)


def bit_offset(r: bytearray, e: Encoding, rng: Random) -> None:
    """BT with a memory operand reaches as far as the register says."""
    if e.kind == "M" and e.registers and "I" not in {o.letter for o in e.form.operands}:
        far = rng.randrange(-600, 600)
        if e.size == 16:
            far &= 0xFFFF
        elif e.size == 32:
            far &= M32
        record.set_quad(r, 8 * e.registers[0], far)


def jump_target(r: bytearray, e: Encoding, rng: Random) -> None:
    """Each register, and the memory where the operand or the return address may be, is a target."""
    if e.kind == "R":
        for reg in e.registers:
            if reg != RSP:  # CALL writes there
                record.set_quad(r, 8 * reg, code_target(rng))
    words = [code_target(rng) for _ in range(8)]
    r[record.MEMORY :] = struct.pack("<8Q", *words) * (record.PAGE // 64)


def frame_pointer(r: bytearray, e: Encoding, rng: Random) -> None:
    if rng.random() < 0.8:
        record.set_quad(r, 8 * RBP, record.DATA + 8 * rng.randrange(record.PAGE // 8))
    else:
        record.set_quad(r, 8 * RBP, record.RODATA - rng.randrange(-4, 64))


def no_trap_flag(r: bytearray, e: Encoding, rng: Random) -> None:
    """POPF must not start single-stepping, and NT and the like are no business of users."""
    at = signed(record.quad(r, 8 * RSP), 64) - record.DATA
    if -8 < at < record.PAGE:
        for i in range(max(at, 0), min(at + 8, record.PAGE)):
            r[record.MEMORY + i] &= 0xD5 if (i - at) == 0 else 0x0C if (i - at) == 1 else 0xFF


def valid_mxcsr(r: bytearray, e: Encoding, rng: Random) -> None:
    """Mostly a value without reserved bits wherever the operand may be read.

    Bit 17 is never the only one: AMD's processors have it (misaligned SSE), elfin does not.
    """
    if rng.random() < 0.8:
        for i in range(record.MEMORY, record.SIZE, 4):
            r[i + 2 : i + 4] = b"\0\0"
    r[-1] = 0  # the byte behind it is not known here
    r[record.MEMORY :] = re.sub(rb"\x02+\x00", lambda m: bytes(len(m[0])), r[record.MEMORY :])


def valid_image(r: bytearray, e: Encoding, rng: Random) -> None:
    """FXRSTOR: legal MXCSR in every image, whatever its offset."""
    for i in range(record.MEMORY, record.SIZE, 16):
        r[i + 10 : i + 12] = b"\0\0"
        r[i : i + 8] = record.FX_DEFAULT[:8]


SETTINGS: Final = {
    **dict.fromkeys(("movs", "cmps", "stos", "lods", "scas"), (small_count,)),
    **dict.fromkeys(
        ("shl", "sal", "shr", "sar", "rol", "ror", "rcl", "rcr", "shld", "shrd"), (shift_count,)
    ),
    **dict.fromkeys(("bt", "bts", "btr", "btc"), (bit_offset,)),
    **dict.fromkeys(("jmp", "call", "ret"), (jump_target,)),
    **dict.fromkeys(("enter", "leave"), (frame_pointer,)),
    "popf": (no_trap_flag,),
    "ldmxcsr": (valid_mxcsr,),
    "fxrstor": (valid_image,),
    "fxrstor64": (valid_image,),
}
# Memory operands whose size the row does not say.
WIDTH: Final = {
    "fxsave": 512, "fxrstor": 512, "fxsave64": 512, "fxrstor64": 512, "cmpxchg16b": 16, "cmpxchg8b": 8,
}  # fmt: skip
