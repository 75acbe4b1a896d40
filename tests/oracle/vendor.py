"""Where the processor that is asked may answer otherwise than elfin: what AMD's and Intel's manuals leave open.

Input:  an instruction, its state before, the processor's record after it, and elfin's.
Output: the processor's record, in which that part is elfin's; all of it where the rest follows from that part.

elfin answers as AMD's processors do (`isa/`, `core/`), so on Intel's there is more of it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from elfin.bits import mask
from elfin.isa import vectors
from elfin.layout import RCX, RDI, RSI, RSP
from elfin.rflags import ARITHMETIC
from tests.oracle import record
from tests.oracle.encode import Encoding

Allow = Callable[[Encoding, bytes, bytearray, bytes], None]

CPUINFO: Final = Path("/proc/cpuinfo")
INTEL: Final = CPUINFO.exists() and "GenuineIntel" in CPUINFO.read_text()
POINTERS: Final = slice(record.FX + 6, record.FX + 24)
SUMMARY: Final = 0x80  # FSW.ES
RECIPROCAL_ERROR: Final = 3 / 4096  # twice 1.5 * 2**-12: each of the two may be off by that
SELECTOR_LOADS: Final = ("lfs", "lgs", "lss")


def as_here(e: Encoding, before: bytes, expected: bytes, got: bytes) -> bytes:
    """`expected` without what may differ."""
    rows = _rows(e)
    if not rows:
        return expected
    seen = bytearray(expected)
    for allow in rows:
        allow(e, before, seen, got)
    return bytes(seen)


def _rows(e: Encoding) -> list[Allow]:
    name = e.form.mnemonic
    rows: list[Allow] = []
    if name in ("fxsave", "fxrstor"):
        rows += [_mask, _wrapped]
    if name in ("fnstenv", "fnsave"):
        rows.append(_stored_pointers)
    if not INTEL:
        return rows
    if name == "fxrstor" or "x87" in e.form.attributes.get("cpuid", ""):
        rows += [_pointers, _pending_store]
    if e.form.text in ("DB /7", "DF /6"):
        rows.append(_part)
    if e.form.text in ("0F A1", "0F A9", "o16 63 /r"):
        rows.append(_short_read)
    if e.form.is_string:
        rows.append(_addresses)
    if name in ("cmps", "scas"):
        rows += [_which_fault, _flags_at_fault]
    if (name in SELECTOR_LOADS and e.size == 64) or _is_prefetch_of_register(e):
        rows.append(_all)
    if name == "call":
        rows.append(_pushed)
    if name == "maskmovdqu":
        rows.append(_fault)
    if name in ("rcpps", "rcpss", "rsqrtps", "rsqrtss"):
        rows.append(_reciprocals)
    if name in ("shld", "shrd") and e.size == 16:
        rows.append(_long_shift)
    return rows


def _take(part: slice, seen: bytearray, got: bytes) -> None:
    seen[part] = got[part]


def _both_raise(vector: int, seen: bytearray, got: bytes) -> bool:
    return all(record.quad(r, record.VECTOR) == vector for r in (seen, got))


# -- AMD's, too --------------------------------------------------------------------------------
def _mask(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """MXCSR_MASK has a bit 17 on AMD's processors (misaligned SSE), which elfin has not."""
    for i in range(record.MEMORY + 28, record.SIZE, 16):
        if seen[i : i + 4] == b"\xff\xff\2\0" and got[i : i + 4] == b"\xff\xff\0\0":
            _take(slice(i, i + 4), seen, got)
            return


def _wrapped(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """With 32-bit addressing a last byte that has wrapped around is tried first."""
    if record.quad(got, record.CR2) == record.quad(seen, record.CR2) + (1 << 32):
        _take(slice(record.CR2, record.CR2 + 8), seen, got)


def _stored_pointers(e: Encoding, before: bytes, seen: bytearray, got: bytes) -> None:
    """FNSTENV's image: the processor's pointers are those of an earlier record, as it loads them only while an
    exception is pending.
    """
    words = struct.pack("<HH", *struct.unpack_from("<HH", before, record.FX))
    if e.size == 16:
        at, start, size = got.find(words, record.MEMORY), 6, 8
    else:
        words = words[:2] + b"\xff\xff" + words[2:] + b"\xff\xff"
        at, start, size = got.find(words, record.MEMORY), 12, 16
    if at >= 0:
        _take(slice(at + start, at + start + size), seen, got)


# -- Intel's -----------------------------------------------------------------------------------
def _all(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """LFS with REX.W has an offset of 64 bits; 0F 0D on a register is a NOP, not #UD."""
    seen[:] = got


def _is_prefetch_of_register(e: Encoding) -> bool:
    return e.form.text.startswith("0F 0D") and e.kind == "R"


def _pointers(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """The last x87 instruction's address is kept always, not only while an exception is pending."""
    _take(POINTERS, seen, got)


def _pending_store(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """With an exception unmasked nothing is stored, and nothing looks whether it could be."""
    native, here = (record.quad(r, record.VECTOR) for r in (seen, got))
    faults = here in (vectors.PF, vectors.GP) and native == record.DONE
    if faults and seen[record.FX + 2] & SUMMARY:
        seen[:] = got


def _part(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """Of ten bytes across pages of which the second is refused, those on the first may be written."""
    if _both_raise(vectors.PF, seen, got):
        _take(slice(record.MEMORY, record.SIZE), seen, got)


def _short_read(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """POP FS and POP GS read two bytes, not eight; MOVSXD to 16 bits reads two, not four."""
    native, here = (record.quad(r, record.VECTOR) for r in (seen, got))
    if here == vectors.PF != native:
        seen[:] = got


def _addresses(e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """With 32-bit addressing, registers that the instruction did not come to change lose their upper halves."""
    for at in (RCX, RSI, RDI):
        if e.bits == 32 and seen[at : at + 8] == got[at : at + 4] + bytes(4):
            _take(slice(at + 4, at + 8), seen, got)


def _which_fault(e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """REPE CMPSB whose operands are both refused names the other one's fault."""
    raised = {record.quad(r, record.VECTOR) for r in (seen, got)}
    if e.form.text == "A6" and e.rep == "rep" and raised <= {vectors.PF, vectors.GP}:
        _take(slice(record.VECTOR, record.CR2 + 8), seen, got)


def _flags_at_fault(_e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """Where a repeated comparison faults, flags are not yet those of the element before."""
    if record.quad(seen, record.VECTOR) != record.DONE:
        flags = record.quad(seen, record.RFLAGS) & ~ARITHMETIC
        record.set_quad(seen, record.RFLAGS, flags | record.quad(got, record.RFLAGS) & ARITHMETIC)


def _pushed(e: Encoding, before: bytes, seen: bytearray, got: bytes) -> None:
    """A CALL to an address that is not canonical has written the return address when it faults."""
    at = record.quad(before, RSP) - 8 - record.DATA + record.MEMORY
    back = (e.at + len(e.code)).to_bytes(8, "little")
    if _both_raise(vectors.GP, seen, got) and seen[at : at + 8] == back and at >= record.MEMORY:
        _take(slice(at, at + 8), seen, got)


def _fault(e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """MASKMOVDQU may name any of the sixteen bytes, and may fault for a byte that stays or not."""
    if _both_raise(vectors.PF, seen, got):
        apart = record.quad(seen, record.CR2) - record.quad(got, record.CR2)
        if (apart + 15) & mask(e.bits) <= 30:
            _take(slice(record.ERROR, record.CR2 + 8), seen, got)
    elif record.quad(got, record.VECTOR) == vectors.PF:
        seen[:] = got


def _reciprocals(e: Encoding, _before: bytes, seen: bytearray, got: bytes) -> None:
    """Any value within the bound, in the lanes that are set."""
    start = record.XMM + 16 * e.registers[0]
    for at in range(start, start + (16 if e.form.mnemonic.endswith("ps") else 4), 4):
        a, b = (struct.unpack_from("<f", r, at)[0] for r in (seen, got))
        if math.isfinite(a) and abs(a - b) <= RECIPROCAL_ERROR * abs(b):
            _take(slice(at, at + 4), seen, got)


def _long_shift(e: Encoding, before: bytes, seen: bytearray, got: bytes) -> None:
    """A count above 16 leaves destination and flags open."""
    count = e.shift_count(before)
    if count is not None and count > 16:
        seen[:] = got
