"""Bytes from rows: an encoding of a `Form` with operands chosen at random.

Input:  a form, an operand size, a source of randomness, the address the instruction will have.
Output: `Encoding`: the bytes, and what they mean to whoever fills the registers.
SDM vol. 2, chapter 2.  It shares nothing with the decoder but the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from elfin.isa.operand import RM_MEMORY, RM_REGISTER, Operand
from elfin.isa.row import Form
from elfin.records import dataclass, replace
from tests.oracle import record

MAP_BYTES: Final = {0: b"", 1: b"\x0f", 2: b"\x0f\x38", 3: b"\x0f\x3a"}
PP_BYTES: Final = {"66": b"\x66", "F2": b"\xf2", "F3": b"\xf3"}
SEGMENTS: Final = {"fs": b"\x64", "gs": b"\x65", "ds": b"\x3e"}
HIGH_BYTES: Final = (4, 5, 6, 7)
WINDOW: Final = (record.DATA - 0x40, record.RODATA + record.PAGE + 0x40)


@dataclass(frozen=True, slots=True)
class Memory:
    """A ModRM memory operand as encoded."""

    base: int | None
    index: int | None
    scale: int
    displacement: int
    rip: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """An instruction: where it lies, its bytes, and what was chosen."""

    form: Form
    size: int
    at: int
    code: bytes = b""
    kind: str = "N"  # "R" register, "M" memory, "O" memory offset, "N" neither
    memory: Memory | None = None
    bits: int = 64  # address size
    segment: str = ""  # "", "fs", "gs", "ds"
    rep: str = ""
    lock: bool = False
    registers: tuple[int, ...] = ()  # numbers in ModRM.reg, ModRM.rm or the opcode
    immediate: int = 0

    def __str__(self) -> str:
        return f"{self.form.name(self.size)} {self.form.text} /{self.size} [{self.code.hex(' ')}]"

    def shift_count(self, before: bytes) -> int | None:
        """The count of a shift or rotate, masked as the processor does; None where there is none."""
        letters = [o.letter for o in self.form.operands]
        if "CL" in letters:
            count = before[8]
        elif letters[-1:] == ["1"]:
            return 1
        elif letters[-1:] == ["I"]:
            count = self.immediate
        else:
            return None
        return count & (63 if self.size == 64 and self.form.operands[0].size != "b" else 31)


def kinds(form: Form) -> tuple[str, ...]:
    """What ModRM.rm may be in this form."""
    rm = form.rm_operand
    if any(o.letter == "O" for o in form.operands):
        return ("O",)
    if rm is None:
        return ("R",) if form.has_modrm else ("N",)
    if rm.letter in RM_MEMORY or form.mod == "m":
        return ("M",)
    if rm.letter in RM_REGISTER or form.mod == "3":
        return ("R",)
    return ("R", "M")


def encodings(form: Form, rng: Random, places: Iterator[int], each: int) -> Iterator[Encoding]:
    """`each` encodings for every size, kind of operand, and prefix that means something."""
    if form.space != "legacy":
        raise ValueError(f"{form!r}: no encoder for {form.space}")
    for size in form.sizes:
        for kind in kinds(form):
            for _ in range(each):
                yield encode(form, size, kind, rng, next(places))


def encode(form: Form, size: int, kind: str, rng: Random, at: int) -> Encoding:
    """One encoding with operands, addressing and prefixes chosen at random."""
    touches_memory = kind in ("M", "O") or form.is_string
    chosen = Encoding(form, size, at, kind=kind)
    if touches_memory or form.has_modrm or form.address_size:
        chosen = replace(
            chosen,
            bits=form.address_size or (32 if touches_memory and rng.random() < 0.12 else 64),
            segment=rng.choice(("fs", "gs", "ds"))
            if touches_memory and rng.random() < 0.15
            else "",
        )
    if form.has("repz"):
        chosen = replace(chosen, rep=rng.choice(("", "rep", "repne")))
    elif form.has("rep"):
        chosen = replace(chosen, rep=rng.choice(("", "rep", "rep", "repne")))
    if form.has("lock") and kind == "M" and rng.random() < 0.3:
        chosen = replace(chosen, lock=True)
    return _assemble(chosen, rng)


def _assemble(e: Encoding, rng: Random) -> Encoding:
    """Choose registers and put the bytes together."""
    form = e.form
    prefixes = [PP_BYTES[form.pp]] if form.pp in PP_BYTES else []
    if form.pp != "66" and e.size == 16:
        prefixes.append(b"\x66")
    if e.rep:
        prefixes.append(b"\xf3" if e.rep == "rep" else b"\xf2")
    if e.lock:
        prefixes.append(b"\xf0")
    if e.segment:
        prefixes.append(SEGMENTS[e.segment])
    if e.bits == 32:
        prefixes.append(b"\x67")
    rng.shuffle(prefixes)
    rex = 8 if needs_rex_w(form, e.size) else 0
    force_rex = rng.random() < 0.15
    reg = rm = opcode_reg = 0
    modrm = b""
    registers: list[int] = []
    if form.plus_r:
        opcode_reg = rng.randrange(8 if form.rex_b == 0 else 16)
        registers.append(opcode_reg)
        rex |= opcode_reg >> 3
    if form.has_modrm:
        reg = form.reg if form.reg is not None else _register(_reg_operand(form), rng)
        if form.reg is None:
            registers.append(reg)
        rex |= (reg >> 3) << 2
        if e.kind == "M":
            e, modrm, more = _memory(e, reg & 7, rng)
            rex |= more
        else:
            rm = form.rm if form.rm is not None else rng.randrange(16)
            if form.rm_operand is not None and form.rm_operand.letter in ("Q", "N"):
                rm &= 7
            if form.rm is None:
                registers.append(rm)
            rex |= rm >> 3
            modrm = bytes([0xC0 | (reg & 7) << 3 | rm & 7])
    no_rex = form.rex_b == 0 and force_rex and not rex
    rex_byte = bytes([0x40 | rex]) if rex or (force_rex and not no_rex) else b""
    opcode = bytes([form.opcode | opcode_reg & 7])
    head = b"".join(prefixes) + rex_byte + MAP_BYTES[form.map] + opcode + modrm
    tail, value = _immediates(e, rng, len(head))
    if e.memory is not None and e.memory.rip:  # now the length is known
        target = rng.randrange(*WINDOW)
        displacement = target - (e.at + len(head) + len(tail))
        head = head[:-4] + (displacement & 0xFFFFFFFF).to_bytes(4, "little")
        e = replace(e, memory=replace(e.memory, displacement=displacement))
    return replace(e, code=head + tail, registers=tuple(registers), immediate=value)


def needs_rex_w(form: Form, size: int) -> bool:
    """Is REX.W what makes the operand size?"""
    if form.w is not None:
        return form.w == 1
    return size == 64 and not form.has("d64") and not form.has("f64")


def _reg_operand(form: Form) -> Operand | None:
    return next((o for o in form.operands if o.letter in "GVSCDP"), None)


def _register(operand: Operand | None, rng: Random) -> int:
    """A number for ModRM.reg."""
    match operand.letter if operand else "":
        case "S":
            return rng.choice((0, 1, 2, 3, 4, 5))
        case "C":
            return rng.choice((0, 2, 3, 4, 8))
        case "P" | "D":
            return rng.randrange(8)
    return rng.randrange(16)


def _memory(e: Encoding, reg: int, rng: Random) -> tuple[Encoding, bytes, int]:
    """A memory operand: ModRM, SIB and displacement, and the REX bits they need."""
    choice = rng.random()
    near = rng.randrange(*WINDOW) if not e.segment else rng.randrange(-128, 128)
    if choice < 0.1:  # RIP-relative: patched when the length is known
        e = replace(e, memory=Memory(None, None, 0, 0, rip=True))
        return e, bytes([reg << 3 | 5]) + bytes(4), 0
    if choice < 0.18:  # absolute
        e = replace(e, memory=Memory(None, None, 0, near))
        return e, bytes([reg << 3 | 4, 0x25]) + (near & 0xFFFFFFFF).to_bytes(4, "little"), 0
    base = rng.randrange(16)
    size, displacement = rng.choice(((0, 0), (1, rng.randrange(-128, 128)), (4, _disp32(rng))))
    mod = {0: 0, 1: 1, 4: 2}[size]
    if mod == 0 and base & 7 == 5:
        mod, size = 1, 1
    tail = (displacement & (1 << 8 * size) - 1).to_bytes(size, "little")
    if choice < 0.55 and base & 7 != 4:
        e = replace(e, memory=Memory(base, None, 0, displacement))
        return e, bytes([mod << 6 | reg << 3 | base & 7]) + tail, base >> 3
    index, scale = rng.randrange(16), rng.randrange(4)
    rex = (index >> 3) << 1 | base >> 3
    sib = bytes([scale << 6 | (index & 7) << 3 | base & 7])
    if choice < 0.65:  # no base: always four bytes of displacement
        displacement = _disp32(rng)
        tail = (displacement & 0xFFFFFFFF).to_bytes(4, "little")
        sib = bytes([scale << 6 | (index & 7) << 3 | 5])
        e = replace(e, memory=Memory(None, index if index != 4 else None, scale, displacement))
        if index == 4:  # neither: absolute
            e = replace(e, memory=Memory(None, None, 0, near))
            tail = (near & 0xFFFFFFFF).to_bytes(4, "little")
        return e, bytes([reg << 3 | 4]) + sib + tail, (index >> 3) << 1
    e = replace(e, memory=Memory(base, index if index != 4 else None, scale, displacement))
    return e, bytes([mod << 6 | reg << 3 | 4]) + sib + tail, rex


def _disp32(rng: Random) -> int:
    return rng.choice((rng.randrange(-(1 << 31), 1 << 31), rng.randrange(-4096, 4096)))


def _immediates(e: Encoding, rng: Random, offset: int) -> tuple[bytes, int]:
    """The bytes behind ModRM, and the last immediate's value."""
    tail, value = b"", 0
    for operand in e.form.operands:
        if operand.letter not in ("I", "J", "O", "L"):
            continue
        n = immediate_bytes(operand, e.size, e.bits)
        if operand.letter == "J":
            value = _distance(rng, n, e.at, offset + n)
        elif operand.letter == "O":
            value = rng.randrange(*WINDOW) if not e.segment else rng.randrange(0, 4096)
        else:
            value = edge(rng, 8 * n)
        tail += (value & (1 << 8 * n) - 1).to_bytes(n, "little")
    return tail, value


def immediate_bytes(operand: Operand, size: int, address_bits: int) -> int:
    """How many bytes an immediate of this operand takes."""
    if operand.letter == "O":
        return address_bits // 8
    if operand.size in ("b", "bs") or operand.letter == "L":
        return 1
    if operand.letter == "J":
        return 4
    return {"w": 2, "d": 4, "q": 8, "z": 2 if size == 16 else 4, "v": size // 8}[operand.size]


def _distance(rng: Random, n: int, at: int, length: int) -> int:
    """A branch distance that lands on INT3, or on nothing, but not in an instruction."""
    if n == 4 and rng.random() < 0.7:
        return code_target(rng) - (at + length)
    while True:
        distance = rng.randrange(-128, 128)
        if not -length <= distance < 0:
            return distance


def code_target(rng: Random) -> int:
    """An address where INT3 or nothing is."""
    if rng.random() < 0.1:
        return rng.randrange(0x1000, record.CODE)
    return record.CODE + rng.randrange(record.SLOTS) * record.SLOT + rng.randrange(200)


def edge(rng: Random, bits: int) -> int:
    """A value of so many bits: often one where something happens."""
    match rng.randrange(6):
        case 0:
            return rng.choice((0, 1, 2, (1 << bits) - 1, (1 << bits) - 2))
        case 1:
            return (1 << rng.randrange(bits)) + rng.choice((-1, 0, 1)) & (1 << bits) - 1
        case 2:
            return rng.choice(((1 << bits - 1) - 1, 1 << bits - 1, (1 << bits - 1) + 1))
        case 3:
            return rng.randrange(min(1 << bits, 80))
    return rng.getrandbits(bits)
