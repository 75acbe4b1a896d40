"""The decoder agrees with iced-x86: on random sequences, on real programs (sampled), and on its list of encodings.

`python -m tests.decode.compare FILE ... --random N` is the long run.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import iced_x86 as iced
import pytest

from elfin.decode.insn import decode
from elfin.isa.table import FORMS
from tests.decode.against_iced import MNEMONIC, difference, of_elfin, of_iced
from tests.decode.compare import code_of, linear, random_code
from tests.decode.compiled import CompiledDecoder

PROGRAMS = ("/bin/busybox", "/lib/x86_64-linux-gnu/libc.so.6", "/bin/bash", "/usr/bin/git")
PER_PROGRAM = 4_000
KNC = 5  # iced's number of Knights Corner's encoding, which shares its first byte with EVEX


@pytest.fixture(scope="module")
def compiled() -> CompiledDecoder:
    return CompiledDecoder()


def test_random_sequences(compiled: CompiledDecoder) -> None:
    source = random.Random(20)
    for _ in range(20_000):
        assert difference(random_code(source)[:15], decoder=compiled) is None


def test_compiled_and_python_decode_alike(compiled: CompiledDecoder) -> None:
    source = random.Random(21)
    for _ in range(3_000):
        code = random_code(source)[: source.choice((15, 15, source.randrange(16)))]
        assert decode(code, 0x1000) == compiled(code, 0x1000)


@pytest.mark.parametrize("program", PROGRAMS)
def test_real_programs(program: str, compiled: CompiledDecoder) -> None:
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    every = Path(program).stat().st_size // 5 // PER_PROGRAM + 1
    for address, code in code_of(program):
        for window, at in linear(address, code, every):
            assert difference(window, at, compiled) is None


def test_all_opcodes(compiled: CompiledDecoder) -> None:
    """Each opcode of each legacy map with each prefix that selects and each ModRM.reg."""
    source = random.Random(22)
    for escape in (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a"):
        for opcode in range(256):
            for prefix in (b"", b"\x66", b"\xf2", b"\xf3", b"\x48", b"\xf0"):
                for modrm in range(0, 256, 8):
                    head = prefix + escape + bytes((opcode, modrm | source.randrange(8)))
                    code = (head + source.randbytes(12))[:15]
                    assert difference(code, decoder=compiled) is None


def test_no_mnemonic_is_missing() -> None:
    names = {form.name(size) for form in FORMS for size in (16, 32, 64)}
    missing = set()
    for code in vars(iced.Code).values():
        if not isinstance(code, int) or code == iced.Code.INVALID:
            continue
        known = iced.OpCodeInfo(code)
        waits = known.op_code_string.startswith("9B ")  # two instructions: WAIT and another
        if (
            known.is_instruction
            and known.mode64
            and not (waits or known.decoder_option or known.encoding == KNC)
        ):
            missing.add(MNEMONIC[known.mnemonic])
    assert missing - names <= {"reservednop"}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("0f ae e8", "lfence"),
        ("0f ae ef", "lfence"),
        ("f3 90", "pause"),
        ("f3 41 90", "xchg"),
        ("66 90", "nop"),
        ("90", "nop"),
        ("67 e3 00", "jecxz"),
        ("e3 00", "jrcxz"),
        ("48 98", "cdqe"),
        ("66 f2 0f 10 c1", "movsd"),
        ("f2 f3 0f 10 c1", "movss"),
        ("66 f3 0f b8 c1", "popcnt"),
        ("62 f1 7c 48 58 c0", "vaddps"),
    ],
)
def test_which_row_wins(code: str, name: str) -> None:
    found = of_elfin(bytes.fromhex(code), 0)
    assert found is not None
    assert found[1] == name


def test_they_can_differ() -> None:
    """The comparison itself sees a difference."""
    assert of_iced(b"\x90", 0) != of_elfin(b"\x91", 0)
    assert difference(b"\x90", decoder=lambda code, address: decode(b"\x91", address)) is not None
