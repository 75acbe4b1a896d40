"""The decoder's tables: every form as a few bytes, found by map and opcode.

Input:  `isa.table.FORMS`, the handler numbers of `decode/variant.py`.
Output: `build()`, the bytes that lie at layout.TABLES; the layout is in `decode/record.py`.  The same rows give
        the same bytes.  A form is chosen by comparing a *context* (prefixes, W, L, ModRM ...) with each
        candidate's mask and value; the candidate with more constraints comes first.
"""

from __future__ import annotations

import struct
from collections import defaultdict

from elfin import layout
from elfin.decode import record as r
from elfin.decode.variant import FIRST_HANDLER, kinds, reps
from elfin.isa.operand import FIXED_SIZE, VECTOR_SIZE, Operand
from elfin.isa.row import Form
from elfin.isa.table import FORMS
from elfin.records import dataclass

_PREFIX = {"": (0, 0), "NP": (3, 0), "66": (3, 1), "F3": (3, 2), "F2": (3, 3), "NFx": (2, 0)}
_SPACE = {
    "legacy": r.MAP_LEGACY, "3dnow": r.MAP_3DNOW, "vex": r.MAP_VEX, "xop": r.MAP_XOP, "evex": r.MAP_EVEX,
}  # fmt: skip
# Candidate lists longer than this are split by ModRM.
_GROUP_ABOVE = 6
_GROUP_MASK = 7 << r.C_REG | 1 << r.C_MOD3


@dataclass(frozen=True, slots=True)
class Candidate:
    mask: int
    value: int
    form: Form

    def admits(self, other: Candidate) -> bool:
        """Can one context match both?"""
        return not (self.value ^ other.value) & self.mask & other.mask


class AmbiguousRowsError(ValueError):
    """Two rows match the same bytes and neither is more specific."""


def candidates(form: Form) -> list[Candidate]:
    """The contexts in which the form is meant."""
    mask, value = _PREFIX[form.pp]
    fields = (
        (form.w, r.C_W, 1),
        (int(form.mod == "3") if form.mod else None, r.C_MOD3, 1),
        (form.reg, r.C_REG, 7),
        (form.rm, r.C_RM, 7),
        (None if form.size is None else form.size.bit_length() - 5, r.C_SIZE, 3),
        (None if form.address_size is None else int(form.address_size == 32), r.C_A32, 1),
        (form.rex_b, r.C_REX_B, 1),
    )
    for want, shift, bits in fields:
        if want is not None:
            mask |= bits << shift
            value |= want << shift
    if form.l in ((), (0, 1), (0, 1, 2)) and form.space != "legacy":
        return [Candidate(mask, value, form)]  # any vector length, or the decoder's own check
    lengths = form.l or (0,)
    bits = 3 if form.l else 0
    return [Candidate(mask | bits << r.C_L, value | n << r.C_L, form) for n in lengths]


def in_order(found: list[Candidate]) -> list[Candidate]:
    """More constraints first; AmbiguousRowsError where that does not decide."""
    ordered = sorted(found, key=lambda c: -c.mask.bit_count())
    for n, first in enumerate(ordered):
        for second in ordered[n + 1 :]:
            if first.admits(second) and (second.mask & ~first.mask or second.mask == first.mask):
                raise AmbiguousRowsError(f"{first.form!r} and {second.form!r}")
    return ordered


def build(forms: tuple[Form, ...] = FORMS) -> bytes:
    """The tables of 64-bit mode, to be placed at layout.TABLES."""
    writer = _Writer()
    address: dict[Form, int] = {}
    by_opcode: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
    for number, form in enumerate(forms):
        if form.has("x64no"):
            continue
        address[form] = writer.add(_form_bytes(form, number))
        where = _SPACE[form.space] + form.map
        opcodes = range(form.opcode, form.opcode + (8 if form.plus_r else 1))
        found = candidates(form)
        for opcode in opcodes:
            by_opcode[where, opcode] += found
    maps: dict[int, list[int]] = {}
    for (where, opcode), found in by_opcode.items():
        maps.setdefault(where, [0] * 256)[opcode] = writer.opcode(in_order(found), address)
    nothing = writer.add(bytes(4 * 256))
    directory = [nothing] * r.MAPS
    for where, entries in maps.items():
        directory[where] = writer.add(struct.pack("<256I", *entries))
    struct.pack_into(f"<{r.MAPS}I", writer.out, r.DIRECTORY - layout.TABLES, *directory)
    if layout.TABLES + len(writer.out) > layout.TABLES_LIMIT:
        raise ValueError("the decoder's tables outgrow their place")
    return bytes(writer.out)


class _Writer:
    """The bytes so far; the directory, at the start, is filled in last."""

    def __init__(self) -> None:
        self.out = bytearray(_prefixes() + bytes(4 * r.MAPS))
        self._known: dict[bytes, int] = {}

    def add(self, data: bytes) -> int:
        """The Wasm address at which `data` lies; the same data lies there once."""
        found = self._known.get(data)
        if found is None:
            found = self._known[data] = layout.TABLES + len(self.out)
            self.out += data
        return found

    def opcode(self, found: list[Candidate], address: dict[Form, int]) -> int:
        """The candidates of one opcode; many of them are grouped by ModRM."""
        modrm = {c.form.has_modrm for c in found}
        if len(modrm) != 1:
            raise AmbiguousRowsError(f"with and without ModRM: {[c.form for c in found]}")
        if not modrm.pop():
            return self._list(found, address, 0)
        if len(found) <= _GROUP_ABOVE:
            return self._list(found, address, r.L_MODRM)
        groups = []
        for n in range(16):
            context = (n & 7) << r.C_REG | (n >> 3) << r.C_MOD3
            inside = [c for c in found if not (c.value ^ context) & c.mask & _GROUP_MASK]
            groups.append(self._list(inside, address, r.L_MODRM))
        return self.add(struct.pack("<17I", r.L_MODRM | r.L_GROUPED, *groups))

    def _list(self, found: list[Candidate], address: dict[Form, int], flags: int) -> int:
        entries = [struct.pack("<3I", c.mask, c.value, address[c.form]) for c in found]
        return self.add(struct.pack("<I", flags | len(found)) + b"".join(entries))


def _prefixes() -> bytes:
    """Which bytes are prefixes in 64-bit mode."""
    out = bytearray(256)
    out[0x66], out[0x67] = r.P_66, r.P_67
    out[0xF0], out[0xF3], out[0xF2] = r.P_LOCK, r.P_REP, r.P_REPNE
    for segment, byte in enumerate((0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65)):
        out[byte] = r.PREFIX_SEGMENT | segment
    out[0x40:0x50] = bytes([r.PREFIX_REX]) * 16
    return bytes(out)


def _form_bytes(form: Form, number: int) -> bytes:
    sizes = form.sizes
    size_code = 0
    for n, size in enumerate((16, 32, 64)):
        nearest = sizes.index(size) if size in sizes else _nearest(sizes, size)
        size_code |= nearest << 2 * n
    names = kinds(form)
    kind_code = 0
    for n, kind in enumerate("RBXG"):
        if kind in names:
            kind_code |= names.index(kind) << 2 * n
    default = r.D_FORCE_64 if form.has("f64") else r.D_64 if form.has("d64") else r.D_NORMAL
    letters = {o.letter: o for o in form.operands}
    return struct.pack(
        "<HBBIHBBBBBBBBBBBxxx",
        number,
        _immediate(form),
        default,
        _flags(form, set(letters)),
        FIRST_HANDLER.get(form, 0),
        size_code,
        len(reps(form)),
        len(names),
        kind_code,
        *_memory_size(form),
        _class(letters, "G", "V", "Z", "S", "P"),
        _class(letters, "E", "R", "W", "U", "STi"),
        _class(letters, "H", "B"),
        int(form.is_string),
        int(any(o.letter == "J" for o in form.operands)),
    )


def _nearest(sizes: tuple[int, ...], size: int) -> int:
    """A size that the form does not tell apart means the same as the next smaller, or else the smallest."""
    smaller = [n for n in sizes if n <= size]
    return sizes.index(max(smaller)) if smaller else 0


def _class(letters: dict[str, Operand], *wanted: str) -> int:
    """What kind of register the first of these operands is."""
    for letter in wanted:
        o = letters.get(letter)
        if o is None:
            continue
        if letter in ("V", "W", "U", "H"):
            return r.CLASS_XMM
        if letter == "S":
            return r.CLASS_SEGMENT
        if letter == "P":
            return r.CLASS_NONE
        if letter == "STi":
            return r.CLASS_STACK
        return r.CLASS_BYTE if o.size == "b" else r.CLASS_GPR
    return r.CLASS_NONE


def _immediate(form: Form) -> int:
    parts = [
        (o.letter, o.size)
        for o in form.operands
        if o.letter in ("I", "J", "O", "L") and not (o.letter == "I" and form.has("is4"))
    ]
    match parts:
        case []:
            return r.IMM_B if form.space == "3dnow" else r.IMM_NONE
        case [("I", "b") | ("L", _)]:
            return r.IMM_B
        case [("I", "bs")]:
            return r.IMM_BS
        case [("I", "w")]:
            return r.IMM_W
        case [("I", "d")]:
            return r.IMM_D
        case [("I", "z")]:
            return r.IMM_Z
        case [("I", "v")]:
            return r.IMM_V
        case [("I", "w"), ("I", "b")]:
            return r.IMM_WB
        case [("I", "b"), ("I", "b")]:
            return r.IMM_BB
        case [("O", _)]:
            return r.IMM_OFFSET
        case [("J", "b")]:
            return r.IMM_JB
        case [("J", "z")]:
            return r.IMM_JZ
    raise ValueError(f"{form!r}: immediates {parts}")


_LETTER_FLAGS = {
    "H": r.FF_VVVV, "B": r.FF_VVVV, "Kv": r.FF_VVVV | r.FF_K_VVVV, "Tv": r.FF_VVVV | r.FF_TILE,
    "Tr": r.FF_TILE, "Tm": r.FF_TILE, "Kr": r.FF_K_REG, "G": r.FF_GPR_REG,
    "S": r.FF_SEGMENT, "C": r.FF_CONTROL, "D": r.FF_DEBUG,
}  # fmt: skip
_ATTRIBUTE_FLAGS = {
    "lock": r.FF_LOCK, "k": r.FF_MASK, "kz": r.FF_MASK | r.FF_ZERO, "knz": r.FF_MASK | r.FF_MASKED,
    "b16": r.FF_BROADCAST, "b32": r.FF_BROADCAST, "b64": r.FF_BROADCAST,
    "er": r.FF_ROUND, "sae": r.FF_ROUND, "vsib": r.FF_VSIB, "distinct": r.FF_DISTINCT, "sib": r.FF_SIB,
    "noseg": r.FF_NO_SEGMENT,
}  # fmt: skip


def _flags(form: Form, letters: set[str]) -> int:
    flags = 0
    for letter in letters:
        flags |= _LETTER_FLAGS.get(letter, 0)
    for attribute in form.attributes:
        flags |= _ATTRIBUTE_FLAGS.get(attribute, 0)
    if form.operands and form.operands[0].letter == "S":
        flags |= r.FF_NOT_CS
    if form.operands and form.operands[0].is_rm:
        flags |= r.FF_STORE
    if form.attributes.get("mod") == "ignored":
        flags |= r.FF_REGISTER
    if letters & {"W", "U"}:
        flags |= r.FF_WIDE_RM
    return flags


def _memory_size(form: Form) -> tuple[int, int]:
    """F_TUPLE and F_ELEMENT: by how much EVEX scales an 8-bit displacement."""
    if form.space != "evex" or form.rm_operand is None or form.mod == "3":
        return 0, 0
    element = next((n for n in (16, 32, 64) if form.has(f"b{n}")), 8)
    size = form.rm_operand.size
    scale = int(form.attributes.get("n", 0))
    if scale:
        code = scale.bit_length() - 1
    elif size in VECTOR_SIZE:
        code = r.T_L | 4 - VECTOR_SIZE[size]
    elif size == "y":
        code = r.T_W | 2
    else:
        code = (FIXED_SIZE[size] // 8).bit_length() - 1
    assert code or size == "b" or scale
    return code, (element // 8).bit_length() - 1
