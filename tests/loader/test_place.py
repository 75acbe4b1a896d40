"""Segments in memory: every page has the bytes that the native kernel puts there."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from elfin.config import PIE_BASE
from elfin.errors import ElfError, LoadError
from elfin.layout import PAGE
from elfin.loader.elf import PROGRAM_HEADER, ProgramHeader, SegmentType
from elfin.loader.load import load
from elfin.loader.writer import RW, RX, Piece, write_elf
from tests.loader.memory import PageSpace
from tests.loader.native import run_native
from tests.loader.programs import dumper, loaded, parsed, reader, start

BASE = 0x400000
FIELD = BASE + 0x10_0000  # where the random segments lie
PAGES = [FIELD + n * PAGE for n in range(8)]
EFAULT = struct.pack("<q", -14)


def with_headers(elf: bytes, headers: list[ProgramHeader]) -> bytes:
    """The file with its program headers replaced by as many others."""
    table = b"".join(PROGRAM_HEADER.pack(*header) for header in headers)
    return elf[:64] + table + elf[64 + len(table) :]


def dump_of(space) -> bytes:
    """What `dumper` prints when run in `space`."""
    out = b""
    for page in PAGES:
        readable = space.prot.get(page, 0)  # x86 has no page that can be written and not read
        out += bytes(space.pages[page]) + struct.pack("<q", PAGE) if readable else EFAULT
    return out


@st.composite
def segments(draw) -> list[ProgramHeader]:
    """One to three PT_LOADs in the field: any overlap, any part of the file, any order."""
    made = []
    for _ in range(draw(st.integers(1, 3))):
        vaddr = FIELD + draw(st.integers(0, 5 * PAGE))
        crooked = draw(st.integers(0, 9)) == 0
        offset = (
            draw(st.integers(0, 3)) * PAGE + vaddr % PAGE
            if not crooked
            else draw(st.integers(0, 3 * PAGE))
        )
        filesz = draw(st.sampled_from([0, 1, 100, PAGE, 5000, 2 * PAGE, 12000]))
        memsz = max(0, filesz + draw(st.sampled_from([-1, 0, 0, 1, 100, PAGE, 5000, 9000])))
        # Execute-only is left out: whether it can be read depends on the processor (PKU).
        flags = draw(st.sampled_from([0, 2, 3, 4, 5, 6, 7]))
        made.append(
            ProgramHeader(SegmentType.LOAD, flags, offset, vaddr, vaddr, filesz, memsz, PAGE)
        )
    return made


def field_program(chosen: list[ProgramHeader]) -> bytes:
    """A program with the chosen segments that prints the whole field."""
    code = Piece(BASE, dumper(PAGES), RX)
    filler = bytes((n * 7 + n // 256) % 255 + 1 for n in range(9000))
    spare = [Piece(FIELD, filler if n == 0 else b"", RW) for n in range(len(chosen))]
    elf = write_elf([code, *spare], BASE)
    first, *_, stack = parsed(elf).segments
    return with_headers(elf, [first, *chosen, stack])


def load_segment(offset=0, vaddr=FIELD, filesz=100, memsz=100, flags=6) -> ProgramHeader:
    return ProgramHeader(SegmentType.LOAD, flags, offset, vaddr, vaddr, filesz, memsz, PAGE)


@settings(max_examples=150)
@example([load_segment(filesz=100, memsz=9000)])
@example(
    [load_segment(filesz=100, memsz=9000, flags=4)]
)  # read-only: the tail stays as in the file
@example([load_segment(filesz=0, memsz=5000, vaddr=FIELD + 10)])
@example([load_segment(filesz=12000, memsz=12000), load_segment(vaddr=FIELD + PAGE, offset=0)])
@example([load_segment(offset=1)])
@given(segments())
def test_pages_are_as_the_native_kernel_maps_them(tmp_path, chosen):
    elf = field_program(chosen)
    native = run_native(elf, tmp_path)
    assert native.refused is None
    try:
        _, space = loaded(elf)
    except LoadError:
        assert (native.status, native.output) == (-11, b"")
        return
    assert native.status == 0
    assert native.output == dump_of(space)


def test_a_segment_beyond_the_file_has_pages_only_where_the_file_has():
    elf = field_program([load_segment(filesz=5 * PAGE, memsz=5 * PAGE)])
    _, space = loaded(elf)
    there = [page for page in PAGES if page in space.pages]
    assert there == PAGES[: (len(elf) + PAGE - 1) // PAGE]


def test_a_truncated_writable_segment_is_death_at_start(tmp_path):
    elf = field_program([load_segment(filesz=0x10100, memsz=0x11000)])
    assert run_native(elf, tmp_path).status == -11
    with pytest.raises(LoadError, match="truncated"):
        loaded(elf)


@pytest.mark.parametrize("alignment", [PAGE, 1 << 16, 1 << 21, 1 << 24])
def test_a_pie_lies_at_the_base_and_keeps_its_alignment(alignment):
    elf = write_elf([Piece(0x2000, b"\xc3"), Piece(0x5000, b"x", RW)], 0x2000, position_independent=True)  # fmt: skip
    headers = [s._replace(align=alignment) for s in parsed(elf).segments]
    entry, space = loaded(with_headers(elf, headers))
    assert entry.bias % alignment == 0
    assert entry.bias >= PIE_BASE - 0x2000
    assert entry.rip == entry.bias + 0x2000
    assert space.read(entry.rip, 1) == b"\xc3"
    assert space.read(entry.bias + 0x5000, 1) == b"x"


def test_brk_follows_the_highest_segment():
    entry, _ = loaded(write_elf([Piece(BASE, b"\xc3"), Piece(0x600010, b"x", RW, 0x12345)], BASE))
    assert entry.brk == 0x613000


def test_names_and_offsets_for_proc_maps():
    elf = write_elf([Piece(BASE, b"\xc3" * 5000), Piece(0x600000, b"x", RW, 0x2000)], BASE)
    _, space = loaded(elf)
    offset = parsed(elf).loads[0].offset
    assert space.names[BASE] == (b"/bin/program", offset)
    assert space.names[BASE + PAGE] == (b"/bin/program", offset + PAGE)
    assert space.names[0x601000] == (b"", 0)  # bss is anonymous


def test_a_large_program_moves_the_stack_out_of_its_way():
    entry, space = loaded(write_elf([Piece(0xFF0_0000, b"\xc3", RX)], 0xFF0_0000))
    low, high = entry.stack
    assert low >= 0x1000_0000
    assert low < entry.rsp < high
    assert space.is_free(0xFF0_1000, 0x1000)


def test_a_program_linked_above_four_gigabytes_is_refused_with_advice():
    with pytest.raises(ElfError, match="link it lower or as a PIE") as caught:
        loaded(write_elf([Piece(0x2_0000_0000, b"\xc3")], 0x2_0000_0000))
    assert not isinstance(caught.value, LoadError)


def test_an_interpreter_is_loaded_beside_and_runs_first():
    program = write_elf([Piece(0, b"\xc3")], 0, position_independent=True, interpreter=b"/ld.so")
    linker = write_elf([Piece(0, b"\x90\xc3")], 1, position_independent=True)
    space = PageSpace()
    image = parsed(program)
    assert image.interpreter == b"/ld.so"
    entry = load(image, reader(program), space, start(), (parsed(linker), reader(linker)))
    vector = dict(struct.iter_unpack("<QQ", entry.auxv))
    assert vector[7] == entry.rip - 1  # AT_BASE
    assert vector[9] == entry.bias  # AT_ENTRY is the program's
    assert space.read(entry.rip, 1) == b"\xc3"
