"""The tables: the same rows give the same bytes, and no row is hidden behind another."""

from __future__ import annotations

import pytest

from elfin import layout
from elfin.decode import tables
from elfin.decode.insn import Insn, decode
from elfin.decode.tables import AmbiguousRowsError, candidates, in_order
from elfin.decode.variant import FIRST, FIRST_HANDLER, VARIANTS, kinds, reps, variants
from elfin.isa.row import Form, Rows, parse_row
from elfin.isa.table import FORMS

PREFIX_BYTE = {"66": b"\x66", "F3": b"\xf3", "F2": b"\xf2"}
PP = {"NP": 0, "66": 1, "F3": 2, "F2": 3}


def example(form: Form) -> bytes:
    """Bytes that the row describes, with the simplest operands it allows."""
    head = b"\x67" if form.address_size == 32 else b""
    w = form.w or int(form.size == 64)
    length = form.l[0] if form.l else 0
    modrm = modrm_of(form)
    # Registers that must differ do: reg 1, rm (or index) 2, vvvv 3; a vvvv without meaning is 0.
    vvvv = 3 if {o.letter for o in form.operands} & {"H", "B", "Kv", "Tv"} else 0
    if form.space == "legacy":
        head += PREFIX_BYTE.get(form.pp, b"")
        head += b"\x66" if form.size == 16 and not form.pp.startswith("66") else b""
        head += b"\x48" if w else b""
        head += (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a")[form.map]
    elif form.space == "3dnow":
        return b"\x0f\x0f" + modrm + bytes((form.opcode,))
    elif form.space == "evex":
        mask = 1 if form.has("knz") else 0
        second = w << 7 | (~vvvv & 15) << 3 | 4 | PP[form.pp]
        head += bytes((0x62, 0xF0 | form.map, second, length << 5 | 8 | mask))
    else:
        escape = 0xC4 if form.space == "vex" else 0x8F
        third = w << 7 | (~vvvv & 15) << 3 | length << 2 | PP[form.pp]
        head += bytes((escape, 0xE0 | form.map, third))
    opcode = form.opcode + form.plus_r  # not register 0: 90 is NOP
    return head + bytes((opcode,)) + modrm + bytes(9)


def modrm_of(form: Form) -> bytes:
    if not form.has_modrm:
        return b""
    reg = 1 if form.reg is None else form.reg
    if form.operands and form.operands[0].letter == "S":
        reg = 0
    if form.operands and "C" in {o.letter for o in form.operands}:
        reg = 2
    if form.mod == "m":
        sib = form.has("vsib") or form.has("sib")
        return bytes((reg << 3 | (4 if sib else 0),)) + (b"\x10" if sib else b"")
    rm = 2 if form.rm is None else form.rm
    return bytes((0xC0 | reg << 3 | rm,))


def test_each_row_is_found_by_its_own_encoding() -> None:
    for form in FORMS:
        if form.has("x64no"):
            continue
        code = example(form)
        found = decode(code)
        assert isinstance(found, Insn), f"{form!r}: {code.hex(' ')}"
        assert found.form is form, f"{form!r}: {code.hex(' ')} is {found.form!r}"


def test_the_same_rows_give_the_same_bytes() -> None:
    first = tables.build()
    assert first == tables.build()
    assert layout.TABLES + len(first) <= layout.TABLES_LIMIT


def test_rows_that_neither_win_are_an_error() -> None:
    def form(line: str) -> Form:
        return parse_row(Rows("test", "SDM", {}), line)

    a, b = form("66 0F 10 /r   V,pd W,pd"), form("0F 10 /3   E,v")
    with pytest.raises(AmbiguousRowsError, match="0F 10"):
        in_order([*candidates(a), *candidates(b)])
    with pytest.raises(AmbiguousRowsError):
        in_order([*candidates(a), *candidates(a)])
    c = form("66 0F 10 /3   E,v")
    assert in_order([*candidates(a), *candidates(c)])[0].form is c


def test_handlers_are_numbered_by_form_size_kind_and_prefix() -> None:
    assert len({v.name for v in VARIANTS}) == len(VARIANTS)
    for form, first in FIRST_HANDLER.items():
        own = variants(form)
        numbered = VARIANTS[first - FIRST : first - FIRST + len(own)]
        assert [v.name for v in numbered] == [v.name for v in own]
        assert len(own) == len(form.sizes) * len(kinds(form)) * len(reps(form))
