"""What execve answers to a damaged file: the same as the native kernel, in one clear line."""

from __future__ import annotations

import struct
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elfin.errors import ElfError, LoadError
from elfin.layout import GUEST_LIMIT
from elfin.loader.image import parse
from elfin.loader.symbols import read_symbols
from elfin.loader.writer import RX, Piece, write_elf
from tests.loader.native import run_native
from tests.loader.programs import loaded, parsed, reader
from tests.programs.tiny import MESSAGE, tiny

ELF = tiny()
HEADERS = 64 + 2 * 56

# name, offset and width of each field of the file header and of the first program header
FIELDS = {
    "class": (4, 1), "data": (5, 1), "version": (6, 1), "osabi": (7, 1), "padding": (12, 4),
    "type": (16, 2), "machine": (18, 2), "e_version": (20, 4), "entry": (24, 8), "phoff": (32, 8),
    "shoff": (40, 8), "flags": (48, 4), "ehsize": (52, 2), "phentsize": (54, 2), "phnum": (56, 2),
    "shentsize": (58, 2), "shnum": (60, 2), "shstrndx": (62, 2),
    "p_type": (64, 4), "p_flags": (68, 4), "p_offset": (72, 8), "p_vaddr": (80, 8),
    "p_paddr": (88, 8), "p_filesz": (96, 8), "p_memsz": (104, 8), "p_align": (112, 8),
    "stack_type": (120, 4), "stack_offset": (128, 8), "stack_filesz": (152, 8),
}  # fmt: skip
EDGES = [0, 1, 2, 3, 7, 0x38, 0x40, 0xFFF, 0x1000, 0x1001, 0x2000, 0x400000, 0x400FFF]
WIDE = [1 << 31, 1 << 32, 1 << 46, (1 << 47) - 0x1000, 1 << 47, 1 << 62, (1 << 63) - 1, 1 << 63]


def changed(name: str, value: int) -> bytes:
    offset, width = FIELDS[name]
    value &= (1 << 8 * width) - 1
    return ELF[:offset] + value.to_bytes(width, "little") + ELF[offset + width :]


def assert_like_native(elf: bytes, folder) -> None:
    """Refused, killed at start, or started: the three things that execve can do."""
    native = run_native(elf, folder)
    try:
        loaded(elf)
    except LoadError as error:
        assert native.refused is None, error
        assert (native.status, native.output) == (-11, b""), error
    except ElfError as error:
        beyond = "address space" in str(error)  # Linux has room that elfin does not have
        assert native.refused or beyond, error
    except MemoryError:
        pass  # more pages than the test's space gives
    else:
        assert native.refused is None


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_with_edge_values(tmp_path, name):
    offset, width = FIELDS[name]
    old = int.from_bytes(ELF[offset : offset + width], "little")
    for value in [*EDGES, *(WIDE if width == 8 else []), old + 1, old - 1, old ^ 1, (1 << 64) - 1]:
        assert_like_native(changed(name, value), tmp_path)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, HEADERS - 1), st.integers(0, 255)), min_size=1, max_size=4)
)
def test_random_bytes_of_the_headers(tmp_path, changes):
    elf = bytearray(ELF)
    for at, value in changes:
        elf[at] = value
    assert_like_native(bytes(elf), tmp_path)


@pytest.mark.parametrize("length", [0, 3, 4, 16, 52, 63, 64, 100, 120, 175, 176, 4096, 4097, 4200])
def test_truncated_files(tmp_path, length):
    assert_like_native(ELF[:length], tmp_path)


@settings(max_examples=500)
@given(st.data())
def test_nothing_but_elf_errors_comes_out_of_a_damaged_file(data):
    """The parsing side alone, at speed: headers, loader and symbols of a mutated file."""
    elf = bytearray(ELF)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.one_of(st.integers(0, HEADERS), st.integers(0, len(elf) - 8)))
        new = data.draw(
            st.one_of(
                st.binary(min_size=1, max_size=8),
                st.sampled_from([*EDGES, *WIDE, (1 << 64) - 1]).map(lambda v: struct.pack("<Q", v)),
            )
        )
        elf[at : at + len(new)] = new
    elf = elf[: data.draw(st.one_of(st.just(len(elf)), st.integers(0, len(elf))))]
    try:
        image = parsed(bytes(elf))
        read_symbols(image, reader(bytes(elf))).name_at(0x400001)
        loaded(bytes(elf))
    except ElfError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 200
    except MemoryError:
        pass


def test_the_tiny_program_runs_natively(tmp_path):
    native = run_native(ELF, tmp_path)
    assert (native.status, native.output) == (0, MESSAGE)


ARM = changed("machine", 183)
CASES = [
    (b"", "the file is empty"),
    (b"#!/bin/sh\n", "a script"),
    (b"MZ\x90\0", "a Windows or DOS program"),
    (b"hello world, this is text", "not an ELF file: it starts with 68 65 6c 6c 6f"),
    (changed("machine", 3), "a program for 32-bit x86; .*build it with -m64"),
    (ARM, "a program for AArch64; .*get its x86-64 build"),
    (changed("type", 1), "an object file, not a program: link it first"),
    (changed("type", 4), "a core dump"),
    (changed("phnum", 0), "no program headers"),
    (changed("phnum", 2000), "at most 1170"),
    (changed("phoff", 1 << 40), "past the end of the file"),
    (changed("phentsize", 32), "instead of 56"),
    (changed("p_vaddr", GUEST_LIMIT), "elfin's address space ends"),
    (ELF[:40], "truncated"),
]


@pytest.mark.parametrize(("elf", "message"), CASES)
def test_messages_say_what_the_file_is(elf, message):
    with pytest.raises(ElfError, match=message):
        parsed(elf)


def test_the_interpreter_path(tmp_path):
    elf = write_elf([Piece(0x400000, b"\xc3", RX)], 0x400000, interpreter=b"/lib64/ld.so")
    assert parsed(elf).interpreter == b"/lib64/ld.so"
    at = elf.index(b"/lib64/ld.so\0") + 12
    broken = elf[:at] + b"!" + elf[at + 1 :]
    assert run_native(broken, tmp_path).refused == "ENOEXEC"
    with pytest.raises(ElfError, match="does not end in a zero byte"):
        parsed(broken)


def test_a_real_dynamic_program_is_recognised():
    with open("/bin/ls", "rb") as file:
        data = file.read()
    image = parsed(data)
    assert image.interpreter == b"/lib64/ld-linux-x86-64.so.2"
    assert image.position_independent


def test_headers_are_read_without_reading_the_file():
    asked = []

    def read(offset: int, n: int) -> bytes:
        asked.append(n)
        return ELF[offset : offset + n]

    parse(read, len(ELF))
    assert sum(asked) <= HEADERS


def test_a_static_c_program_loads(tmp_path):
    source = tmp_path / "a.c"
    source.write_text('#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n')
    for flags in (["-static"], ["-static-pie"]):
        subprocess.run(["gcc", *flags, "-o", tmp_path / "a", source], check=True)
        entry, space = loaded((tmp_path / "a").read_bytes())
        assert space.prot[entry.rip & -4096] == 5
