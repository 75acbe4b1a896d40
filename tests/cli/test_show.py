"""`elfin show`: each stage prints, places are found by name and address, mistakes are one line."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.command import elfin
from tests.programs.tiny import tiny


@pytest.fixture
def program(tmp_path):
    (tmp_path / "tiny").write_bytes(tiny())
    return tmp_path / "tiny"


def test_decode(program):
    done = elfin("show", program, "--stage", "decode")
    assert done.stdout.decode().splitlines() == [
        "_start:",
        "  400000  b8 01 00 00 00                  mov eax, 0x1",
        "  400005  bf 01 00 00 00                  mov edi, 0x1",
        "  40000a  48 8d 35 12 00 00 00            lea rsi, [rel 0x400023 <message>]",
        "  400011  ba 1f 00 00 00                  mov edx, 0x1f",
        "  400016  0f 05                           syscall",
        "  400018  b8 e7 00 00 00                  mov eax, 0xe7",
        "  40001d  31 ff                           xor edi, edi",
        "  40001f  0f 05                           syscall",
        "  400021  0f 0b                           ud2",
    ]


def test_ir(program):
    done = elfin("show", program, "--stage", "ir", "--count", "1")
    assert done.stdout == b"400000: mov eax, 0x1\n    rax = 0x1:i64\n"


def test_opt(program):
    done = elfin("show", program, "--stage", "opt", "--at", "40001d", "--count", "1")
    assert done.stdout.decode().splitlines() == [
        "40001d: xor edi, edi",
        "    rdi = 0x0:i64",
        "    cf = 0x0:i1",
        "    of = 0x0:i1",
        "    af = 0x0:i1",
        "    sf = 0x0:i1",
        "    zf = 0x1:i1",
        "    pf = 0x1:i1",
        "    rip = 0x40001f:i64",
    ]


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loop")
    source = "int sum(int *a, int n) { int s = 0; while (n--) s += *a++; return s; }\n"
    (folder / "a.c").write_text(source + "int main(int n, char **a) { return sum(&n, n); }\n")
    options = ["-O1", "-fno-inline", "-static-pie", "-o", folder / "a", folder / "a.c"]
    subprocess.run(["gcc", *options], check=True)
    return folder / "a"


def test_tree_shows_the_loop_of_a_position_independent_program(loop):
    lines = elfin("show", loop, "--stage", "tree", "--at", "sum").stdout.decode().splitlines()
    assert any(line.strip().startswith("loop ") for line in lines)
    assert any("raw_load" in line for line in lines)


def test_wasm_is_the_text_format(loop):
    text = elfin("show", loop, "--stage", "wasm", "--at", "sum").stdout.decode()
    assert text.startswith('(module $"unit ')
    assert " loop\n" in text
    assert "(func $sum (result i32)" in text


def test_places(program):
    by_name = elfin("show", program, "--at", "_start", "--stage", "decode").stdout
    assert elfin("show", program, "--at", "0x400000", "--stage", "decode").stdout == by_name
    one = elfin("show", program, "--at", "400016", "--count", "1", "--stage", "decode").stdout
    assert one.decode().split() == ["400016", "0f", "05", "syscall"]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--at", "nothing"], 126, "no symbol 'nothing'"),
        (["--at", "0x999999"], 126, "no bytes of the file lie at 0x999999"),
    ],
)
def test_mistakes(program, words, status, message):
    done = elfin("show", program, "--stage", "decode", *words)
    assert done.returncode == status
    (line,) = done.stderr.decode().splitlines()
    assert message in line


def test_files_that_are_no_programs(tmp_path):
    (tmp_path / "x").write_text("hello")
    assert elfin("show", tmp_path / "x", "--stage", "ir").returncode == 126
    assert elfin("show", tmp_path / "none", "--stage", "ir").returncode == 127


def test_a_function_of_a_real_program_is_shown_whole(tmp_path):
    (tmp_path / "a.c").write_text("int main(int n) { return n * 3 + 1; }\n")
    subprocess.run(["gcc", "-O1", "-static", "-o", tmp_path / "a", tmp_path / "a.c"], check=True)
    lines = elfin("show", tmp_path / "a", "--stage", "decode").stdout.decode().splitlines()
    assert lines[0] == "main:"
    assert lines[-1].endswith("ret")
