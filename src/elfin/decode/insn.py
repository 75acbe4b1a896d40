"""A decoded instruction, on the Python side.

Input:  code bytes and their guest address.
Output: `Insn`, or `Undecodable`, which says why.  The decoding is the dialect's (`decode/decoder.py`), called as
        ordinary Python on a small memory of its own; the operands with names are `decode/operand.py`'s.
"""

from __future__ import annotations

from functools import cache

from elfin.bits import signed
from elfin.decode import record as r
from elfin.decode import tables
from elfin.decode.decoder import decode_raw
from elfin.dialect import bound, u32
from elfin.isa.row import Form
from elfin.isa.table import FORMS
from elfin.records import dataclass


@dataclass(frozen=True, slots=True)
class Insn:
    """The fields of the raw record, by name.

    `size` and `address_size` are in bits; `reg`, `rm`, `base`, `index` are numbers with their extensions, `base`
    and `index` may be NO_BASE, RIP_BASE, NO_INDEX (`decode/record.py`); `displacement` is signed; `immediate` is
    the 64-bit pattern of R_IMM: for a branch the distance from the next instruction.
    """

    form: Form
    address: int
    length: int
    size: int
    prefix: int  # P_... bits
    segment: int  # 0, or 4 FS, 5 GS
    mod: int
    reg: int
    rm: int
    base: int
    index: int
    scale: int
    displacement: int
    immediate: int
    fields: int  # X_... bits

    @property
    def name(self) -> str:
        return self.form.name(self.size)

    @property
    def next(self) -> int:
        """The address behind it."""
        return self.address + self.length

    @property
    def target(self) -> int:
        """Where a branch goes: only for forms with a `J` operand."""
        return (self.next + self.immediate) & ((1 << 64) - 1)

    @property
    def lock(self) -> bool:
        return bool(self.prefix & r.P_LOCK)

    @property
    def rex(self) -> bool:
        return bool(self.prefix & r.P_REX)

    @property
    def address_size(self) -> int:
        return 32 if self.prefix & r.P_67 else 64

    @property
    def rep(self) -> str:
        """ "rep" or "repne" where the prefix means something to this form."""
        if self.form.has("repz"):
            return "rep" if self.prefix & r.P_REP else "repne" if self.prefix & r.P_REPNE else ""
        return "rep" if self.form.has("rep") and self.prefix & (r.P_REP | r.P_REPNE) else ""

    @property
    def vvvv(self) -> int:
        return self.fields >> r.X_VVVV & 0x1F

    @property
    def vector(self) -> int:
        """Vector length in bits."""
        if self.mod == 3 and self.fields & r.X_BROADCAST:
            return 512
        return 128 << (self.fields >> r.X_L & 3)

    @property
    def vector_of_memory(self) -> int:
        """Bits of the whole memory operand, of which a broadcast reads one element."""
        row = self.form.rm_operand
        return 0 if row is None else row.bits(self.size, self.vector)

    @property
    def rounding(self) -> int:
        """The rounding that EVEX.L'L spells in a register form with EVEX.b; as MXCSR.RC."""
        return self.fields >> r.X_L & 3

    @property
    def mask(self) -> int:
        """The mask register, 0 for none."""
        return self.fields >> r.X_MASK & 7

    @property
    def zeroing(self) -> bool:
        return bool(self.fields & r.X_Z)

    @property
    def broadcast(self) -> bool:
        """EVEX.b: a broadcast element, or rounding and exceptions in a register form."""
        return bool(self.fields & r.X_BROADCAST)


@dataclass(frozen=True, slots=True)
class Undecodable:
    """`status` is INVALID, TOO_LONG or MORE (`decode/record.py`)."""

    address: int
    status: int
    code: bytes

    def __str__(self) -> str:
        why = {
            r.INVALID: "no such instruction",
            r.TOO_LONG: "longer than 15 bytes",
            r.MORE: "cut off",
        }
        return f"{why[self.status]}: {self.code.hex(' ')} at {self.address:#x}"


@cache
def _memory() -> bytearray:
    """A memory with nothing but the decoder's tables."""
    table = tables.build()
    memory = bytearray(r.PREFIXES + len(table))
    memory[r.PREFIXES :] = table
    return memory


def decode(code: bytes | bytearray | memoryview, address: int = 0) -> Insn | Undecodable:
    """The instruction at the start of `code` (more than 15 bytes of it are not looked at)."""
    memory = _memory()
    window = bytes(code[: r.LONGEST])
    memory[r.FETCH : r.FETCH + r.FETCH_SIZE] = window.ljust(r.FETCH_SIZE, b"\0")
    with bound(memory):
        status = int(decode_raw(u32(r.FETCH), u32(len(window))))
    if status != r.OK:
        return Undecodable(address, status, window)
    return from_record(bytes(memory[r.RECORD : r.RECORD + r.RECORD_SIZE]), memory, address)


def from_record(raw: bytes, memory: bytearray | memoryview, address: int) -> Insn:
    """The Insn that a raw record means; `memory` holds the tables."""
    word = memoryview(raw).cast("I")
    wide = memoryview(raw).cast("Q")
    form = word[r.R_FORM // 4]
    kind = memory[form + r.F_IMM]
    mod = word[r.R_MOD // 4]
    # Fields that the form does not use are left over from another instruction.
    if mod == 3 and kind != r.IMM_OFFSET:
        base, index, scale, displacement = r.NO_BASE, r.NO_INDEX, 0, 0
    else:
        base, index, scale = word[r.R_BASE // 4], word[r.R_INDEX // 4], word[r.R_SCALE // 4]
        displacement = signed(wide[r.R_DISP // 8], 64)
    return Insn(
        FORMS[memory[form + r.F_NUMBER] | memory[form + r.F_NUMBER + 1] << 8],
        address,
        word[r.R_LENGTH // 4],
        word[r.R_SIZE // 4],
        word[r.R_PREFIX // 4],
        word[r.R_SEGMENT // 4],
        mod,
        word[r.R_REG // 4],
        word[r.R_RM // 4],
        base,
        index,
        scale,
        displacement,
        wide[r.R_IMM // 8] if kind not in (r.IMM_NONE, r.IMM_OFFSET) else 0,
        word[r.R_FIELDS // 4],
    )
