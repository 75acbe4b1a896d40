"""Names and addresses: what `nm` and pyelftools say of the same file."""

from __future__ import annotations

import io
import subprocess

from elftools.elf.elffile import ELFFile

from elfin.loader.symbols import Symbol, Symbols, read_symbols
from elfin.loader.writer import RW, RX, Name, Piece, write_elf
from tests.loader.programs import parsed, reader

NAMES = [Name("_start", 0x400000, 8), Name("end", 0x400008, 2), Name("table", 0x500000, 16)]
ELF = write_elf(
    [Piece(0x400000, b"\x90" * 10, RX), Piece(0x500000, b"x" * 16, RW, 0x2000)],
    0x400000,
    names=NAMES,
)


def symbols_of(data: bytes) -> Symbols:
    return read_symbols(parsed(data), reader(data))


def test_what_the_writer_names_the_reader_finds():
    symbols = symbols_of(ELF)
    assert [(s.name, s.address, s.size) for s in symbols] == [
        (n.text, n.address, n.size) for n in NAMES
    ]
    assert symbols.name_at(0x400000) == "_start"
    assert symbols.name_at(0x400009) == "end+0x1"
    assert symbols.name_at(0x40000A) is None
    assert symbols.find("table") == Symbol("table", 0x500000, 16, code=True)
    assert symbols.find("absent") is None


def test_the_writers_file_is_understood_by_pyelftools():
    elf = ELFFile(io.BytesIO(ELF))
    table = elf.get_section_by_name(".symtab")
    assert [s.name for s in table.iter_symbols()][1:] == [n.text for n in NAMES]
    loads = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
    assert [s.data() for s in loads] == [b"\x90" * 10, b"x" * 16]
    assert [s["p_memsz"] for s in loads] == [10, 0x2000]


def test_a_static_program_has_the_symbols_that_pyelftools_finds(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", tmp_path / "a", source], check=True)
    data = (tmp_path / "a").read_bytes()
    table = ELFFile(io.BytesIO(data)).get_section_by_name(".symtab")
    kinds = {"STT_FUNC", "STT_OBJECT", "STT_NOTYPE", "STT_LOOS"}
    expected = {
        (s.name, s["st_value"], s["st_size"])
        for s in table.iter_symbols()
        if s.name and s["st_info"]["type"] in kinds and s["st_shndx"] != "SHN_UNDEF"
    }
    symbols = symbols_of(data)
    assert {(s.name, s.address, s.size) for s in symbols} == expected
    main = symbols.find("main")
    assert main is not None
    assert symbols.name_at(main.address + 2) == "main+0x2"


def test_a_stripped_program_has_no_names(tmp_path):
    (tmp_path / "a").write_bytes(ELF)
    subprocess.run(["strip", tmp_path / "a"], check=True)
    symbols = symbols_of((tmp_path / "a").read_bytes())
    assert len(symbols) == 0
    assert symbols.name_at(0x400000) is None
