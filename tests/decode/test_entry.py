"""Decode entries, in Wasm: what each field holds, which handler, page faults and code marks.

The oracle of the fields is the `Insn` of the same bytes and `layout`, put together here a second time.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

import pytest

from elfin import layout
from elfin.bits import mask
from elfin.decode import record as r
from elfin.decode.entry import decode_entry
from elfin.decode.insn import Insn, decode
from elfin.decode.variant import (
    FIRST,
    FIRST_HANDLER,
    SCALE_A32,
    UNDEFINED,
    VARIANTS,
    Variant,
    kinds,
)
from elfin.dialect import bound, u32, u64
from elfin.isa.vectors import GP, PF
from tests.decode.compare import random_code
from tests.decode.compiled import CompiledDecoder

CODE = 0x1F000  # guest address; the pages around it are free
ENTRY = layout.CACHE
RWX = layout.PAGE_R | layout.PAGE_W | layout.PAGE_X
RX = layout.PAGE_R | layout.PAGE_X


@dataclass(frozen=True)
class Entry:
    handler: int
    length: int
    scale: int
    pc: int
    r: int
    b: int
    x: int
    v: int
    disp: int
    imm: int


@pytest.fixture(scope="module")
def machine() -> CompiledDecoder:
    return CompiledDecoder()


def put(
    machine: CompiledDecoder, code: bytes, at: int = CODE, pages: tuple[int, ...] = (RX, RX)
) -> None:
    """`code` at a guest address, on pages with these permissions; every other page is unmapped."""
    machine.memory[layout.PAGES : layout.PAGES + 64] = bytes(64)
    for n, page in enumerate(pages):
        machine.memory[layout.PAGES + at // layout.PAGE + n] = page
    start = layout.GUEST_BASE + at
    machine.memory[start : start + len(code)] = code


def read(machine: CompiledDecoder) -> Entry:
    raw = bytes(machine.memory[ENTRY : ENTRY + layout.ENTRY_SIZE])
    return Entry(*struct.unpack("<HBBI4HQQ", raw))


def page(machine: CompiledDecoder, address: int) -> int:
    return machine.memory[layout.PAGES + address // layout.PAGE]


def fault(machine: CompiledDecoder) -> tuple[int, int, int]:
    """Address, vector, error code."""
    at = layout.STATE + layout.FAULT_ADDRESS
    return struct.unpack("<QII", bytes(machine.memory[at : at + 16]))


def variant(entry: Entry) -> Variant:
    return VARIANTS[entry.handler - FIRST]


def entry_of(machine: CompiledDecoder, code: str) -> Entry:
    put(machine, bytes.fromhex(code).ljust(15, b"\xcc"))
    assert machine.entry(CODE, ENTRY) == 0
    return read(machine)


def gpr(number: int) -> int:
    return layout.GPR + 8 * number


def expected_memory(insn: Insn) -> tuple[int, int, int]:
    """Slots of base and index, displacement."""
    base = layout.ZERO if insn.base >= r.NO_BASE else gpr(insn.base)
    index = layout.ZERO if insn.index == r.NO_INDEX else gpr(insn.index)
    relative = insn.next if insn.base == r.RIP_BASE else 0
    return base, index, (insn.displacement + relative) & mask(64)


def expected_variant(insn: Insn) -> Variant:
    form = insn.form
    segment = insn.segment and not form.has("noseg")
    general = segment or insn.address_size == 32
    names = kinds(form)
    if form.is_string:
        kind = "A" if insn.address_size == 32 else "G" if segment else "N"
    elif "B" in names and (insn.mod < 3 or any(o.letter == "O" for o in form.operands)):
        kind = "G" if general else "B" if insn.index == r.NO_INDEX else "X"
    else:
        kind = names[0]
    fitting = [n for n in form.sizes if n <= insn.size]
    size = max(fitting) if fitting else min(form.sizes)
    return Variant(form, size, kind, insn.rep)


def test_fields_and_handlers_of_random_instructions(machine: CompiledDecoder) -> None:
    source = random.Random(5)
    seen = set()
    for _ in range(20_000):
        code = random_code(source)[:15]
        insn = decode(code, CODE)
        put(machine, code)
        if not isinstance(insn, Insn):
            continue
        assert machine.entry(CODE, ENTRY) == 0
        entry = read(machine)
        assert (entry.length, entry.pc) == (insn.length, CODE)
        if insn.form not in FIRST_HANDLER:
            assert entry.handler == UNDEFINED
            continue
        assert variant(entry).name == expected_variant(insn).name
        seen.add(entry.handler)
        if variant(entry).kind in "BXG" and not insn.form.is_string:
            assert (entry.b, entry.x, entry.disp) == expected_memory(insn)
            assert entry.scale & 3 == insn.scale
        if variant(entry).kind in "GA":
            assert bool(entry.scale & SCALE_A32) == (insn.address_size == 32) or insn.form.is_string
            segment = {0: layout.ZERO, 4: layout.FS_BASE, 5: layout.GS_BASE}[insn.segment]
            assert entry.v == (layout.ZERO if insn.form.has("noseg") else segment)
        if any(o.letter == "I" for o in insn.form.operands):
            assert entry.imm == insn.immediate
        if any(o.letter == "J" for o in insn.form.operands):
            assert entry.disp == insn.target
    assert len(seen) > 1000


@pytest.mark.parametrize(
    ("code", "kind", "fields"),
    [
        ("48 01 d8", "R", {"r": gpr(3), "b": gpr(0)}),
        ("00 e1", "R", {"r": gpr(0) + 1, "b": gpr(1)}),
        ("40 00 e1", "R", {"r": gpr(4), "b": gpr(1)}),
        ("88 38", "B", {"r": gpr(3) + 1, "b": gpr(0)}),
        ("45 00 e1", "R", {"r": gpr(12), "b": gpr(9)}),
        ("41 b4 07", "N", {"r": gpr(12), "imm": 7}),
        ("b4 07", "N", {"r": gpr(0) + 1, "imm": 7}),
        ("66 44 0f 6f c9", "R", {"r": layout.XMM + 16 * 9, "b": layout.XMM + 16}),
        ("8e d8", "R", {"r": layout.SEGMENT + 6, "b": gpr(0)}),
        ("8b 44 88 08", "X", {"b": gpr(0), "x": gpr(1), "scale": 2, "disp": 8}),
        ("8b 05 00 01 00 00", "B", {"b": layout.ZERO, "disp": CODE + 6 + 0x100}),
        ("65 8b 04 25 10 00 00 00", "G", {"v": layout.GS_BASE, "b": layout.ZERO, "disp": 0x10}),
        ("67 8b 40 fc", "G", {"v": layout.ZERO, "scale": SCALE_A32, "disp": mask(64) - 3}),
        ("48 a1 08 07 06 05 04 03 02 01", "B", {"b": layout.ZERO, "disp": 0x0102030405060708}),
        ("48 83 c0 ff", "R", {"imm": mask(64)}),
        ("48 c7 c0 00 00 00 80", "R", {"imm": 0xFFFF_FFFF_8000_0000}),
        ("c8 34 12 05", "N", {"imm": 0x05_1234}),
        ("eb fe", "N", {"disp": CODE}),
        ("f3 48 ab", "N", {}),
        ("64 a4", "G", {"v": layout.FS_BASE}),
        ("67 64 a4", "A", {"v": layout.FS_BASE}),
        ("67 a4", "A", {"v": layout.ZERO}),
        ("64 48 8d 00", "B", {"b": gpr(0)}),
    ],
)
def test_fields(machine: CompiledDecoder, code: str, kind: str, fields: dict[str, int]) -> None:
    entry = entry_of(machine, code)
    assert variant(entry).kind == kind
    assert {name: getattr(entry, name) for name in fields} == fields


def test_repeat_prefixes_choose_the_handler(machine: CompiledDecoder) -> None:
    assert [variant(entry_of(machine, f"{p} a6")).rep for p in ("", "f3", "f2")] == [
        "",
        "rep",
        "repne",
    ]
    assert [variant(entry_of(machine, f"{p} a4")).rep for p in ("", "f3", "f2")] == [
        "",
        "rep",
        "rep",
    ]
    assert variant(entry_of(machine, "f3 01 c0")).rep == ""


def test_what_is_no_instruction_raises_ud(machine: CompiledDecoder) -> None:
    for code in ("06", "0f 04", "f0 90", "c5 f8 58 c0"):
        assert entry_of(machine, code).handler == UNDEFINED


def test_python_makes_the_same_entry(machine: CompiledDecoder) -> None:
    size = layout.GUEST_BASE + CODE + 2 * layout.PAGE
    memory = bytearray(size)
    for code in ("48 01 d8", "8b 44 88 08", "f3 a4", "06", "65 8b 04 25 10 00 00 00"):
        wanted = entry_of(machine, code)
        memory[:] = machine.memory[:size]
        memory[ENTRY : ENTRY + layout.ENTRY_SIZE] = bytes(layout.ENTRY_SIZE)
        with bound(memory):
            assert decode_entry(u64(CODE), u32(ENTRY)) == 0
        assert Entry(*struct.unpack("<HBBI4HQQ", memory[ENTRY : ENTRY + 32])) == wanted


def test_an_instruction_may_cross_into_the_next_page(machine: CompiledDecoder) -> None:
    code = bytes.fromhex("48b80102030405060708")
    for before in range(1, len(code)):
        at = CODE + layout.PAGE - before
        put(machine, code, at, (RX, RX))
        assert machine.entry(at, ENTRY) == 0
        assert read(machine).imm == 0x0807060504030201
        assert page(machine, CODE) & page(machine, CODE + layout.PAGE) & layout.PAGE_CODE


def test_a_short_instruction_at_the_end_needs_no_next_page(machine: CompiledDecoder) -> None:
    at = CODE + layout.PAGE - 1
    put(machine, b"\x90", at, (RX, 0))
    assert machine.entry(at, ENTRY) == 0
    put(machine, b"\x06", at, (RX, 0))
    assert machine.entry(at, ENTRY) == 0
    assert read(machine).handler == UNDEFINED


@pytest.mark.parametrize(
    ("perm", "error"), [(0, 0x14), (layout.PAGE_R, 0x15), (layout.PAGE_R | layout.PAGE_W, 0x15)]
)
def test_fetch_faults_name_the_first_byte_that_cannot_be_fetched(
    machine: CompiledDecoder, perm: int, error: int
) -> None:
    put(machine, b"\x90", CODE, (perm,))
    assert machine.entry(CODE, ENTRY) == 1
    assert fault(machine) == (CODE, PF, error)
    at = CODE + layout.PAGE - 2
    put(machine, bytes.fromhex("48b80102030405060708"), at, (RX, perm))
    assert machine.entry(at, ENTRY) == 1
    assert fault(machine) == (CODE + layout.PAGE, PF, error)
    assert not page(machine, CODE) & layout.PAGE_CODE


def test_addresses_beyond_the_guest(machine: CompiledDecoder) -> None:
    assert machine.entry(layout.GUEST_LIMIT, ENTRY) == 1
    assert fault(machine) == (layout.GUEST_LIMIT, PF, 0x14)
    assert machine.entry(0x7FFF_FFFF_F000, ENTRY) == 1
    assert fault(machine) == (0x7FFF_FFFF_F000, PF, 0x14)
    assert machine.entry(1 << 62, ENTRY) == 1
    assert fault(machine)[1] == GP


def test_more_than_fifteen_bytes_are_a_general_protection_fault(machine: CompiledDecoder) -> None:
    put(machine, b"\x2e" * 15 + b"\x90")
    assert machine.entry(CODE, ENTRY) == 1
    assert fault(machine)[1:] == (GP, 0)


def test_code_on_a_writable_page_takes_its_write_bit(machine: CompiledDecoder) -> None:
    put(machine, b"\x90", CODE, (RWX,))
    assert machine.entry(CODE, ENTRY) == 0
    assert page(machine, CODE) == RX | layout.PAGE_CODE | layout.PAGE_WSAVED
    assert machine.entry(CODE, ENTRY) == 0
    assert page(machine, CODE) == RX | layout.PAGE_CODE | layout.PAGE_WSAVED
    put(machine, b"\x90", CODE, (RX,))
    assert machine.entry(CODE, ENTRY) == 0
    assert page(machine, CODE) == RX | layout.PAGE_CODE
