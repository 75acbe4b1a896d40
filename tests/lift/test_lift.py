"""The effects of single instructions, as text; and that every form lifts to well-formed IR."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from elfin.decode.insn import Insn, decode
from elfin.ir.printer import show
from elfin.ir.verify import verify_instruction
from elfin.isa.row import Form
from elfin.isa.table import FORMS
from elfin.lift.instruction import lift
from tests import golden
from tests.oracle.encode import encodings

ADDRESS = 0x401000
IMPLEMENTED = [form for form in FORMS if form.implemented]


def instructions(text: str) -> list[Insn]:
    """Machine code in hex, one instruction a line."""
    found, at = [], ADDRESS
    for line in text.splitlines():
        code = bytes.fromhex(line.partition(";")[0])
        insn = decode(code, at)
        assert isinstance(insn, Insn), line
        assert insn.length == len(code), line
        found.append(insn)
        at += insn.length
    return found


def lifted(text: str) -> str:
    return "".join(show(lift(insn)) for insn in instructions(text))


def test_effects(bless: bool) -> None:
    golden.check(Path(__file__).with_name("instruction.test"), lifted, bless)


@pytest.mark.parametrize("form", IMPLEMENTED, ids=[f"{f.mnemonic} {f.text}" for f in IMPLEMENTED])
def test_every_form_lifts_to_good_ir(form: Form) -> None:
    rng = Random(form.text)
    for encoding in encodings(form, rng, iter(range(ADDRESS, 1 << 30)), 4):
        insn = decode(encoding.code, encoding.at)
        assert isinstance(insn, Insn)
        assert verify_instruction(lift(insn)) == []
