"""The pipeline on straight code: as text, and against the reference tier on random code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

from elfin import layout
from elfin.decode.insn import Insn, decode
from elfin.ir.evaluate import Fault, Next
from elfin.ir.printer import show
from elfin.ir.verify import verify
from elfin.isa.row import Form
from elfin.isa.table import FORMS
from elfin.lift.block import lift_block
from elfin.opt.pipeline import optimise
from elfin.tiers.reference import Reference
from tests import golden
from tests.lift.test_lift import instructions
from tests.oracle import record
from tests.oracle.encode import encodings
from tests.oracle.generate import States
from tests.oracle.reference import ReferenceExecutor, load_state

# fmt: off
MNEMONICS = frozenset({
    "add", "adc", "sub", "sbb", "and", "or", "xor", "cmp", "test", "inc", "dec", "neg", "not", "mov",
    "movzx", "movsx", "lea", "xchg", "shl", "shr", "sar", "rol", "imul", "bt", "bts", "cmovl", "cmove",
    "setb", "setg", "push", "pop", "bswap", "xadd", "cmpxchg", "paddd", "pxor", "movdqu", "movd",
})
# fmt: on
EASY = [f for f in FORMS if f.implemented and f.mnemonic in MNEMONICS and not f.has("priv")]
LENGTH = 6


def optimised(text: str) -> str:
    effects = optimise(lift_block(instructions(text)))
    assert verify(effects) == []
    return show(effects)


def test_blocks(bless: bool) -> None:
    golden.check(Path(__file__).with_name("block.test"), optimised, bless)


def random_code(rng: Random) -> list[Insn]:
    """Instructions in line, from random rows."""
    insns: list[Insn] = []
    at = record.slot_address(0)
    while len(insns) < LENGTH:
        form: Form = rng.choice(EASY)
        for encoding in _some(form, rng, at):
            insn = decode(encoding, at)
            if isinstance(insn, Insn) and insn.form.mnemonic in MNEMONICS:
                insns.append(insn)
                at += insn.length
                break
    return insns


def _some(form: Form, rng: Random, at: int) -> Iterator[bytes]:
    chosen = list(encodings(form, rng, (at for _ in count()), 1))
    yield rng.choice(chosen).code


def run(
    machine: Reference, before: bytes, insns: list[Insn], *, whole: bool
) -> tuple[object, bytes]:
    """The outcome and everything that can be seen: one by one, or as one optimised block."""
    load_state(machine.state, before)
    machine.guest.poke(record.DATA, before[record.MEMORY :])
    blocks = [insns] if whole else [[insn] for insn in insns]
    outcome: object = Next()
    for block in blocks:
        effects = lift_block(block)
        effects = optimise(effects) if whole else effects
        assert verify(effects) == []
        outcome = machine.run(effects)
        if isinstance(outcome, Fault):
            break
    seen = bytes(machine.state[: layout.TASK_SIZE]) + machine.guest.peek(record.DATA, record.PAGE)
    return outcome, seen


def test_random_blocks_keep_their_meaning() -> None:
    rng = Random(12)
    machine, states = ReferenceExecutor().machine, States(12)
    faults = 0
    for _ in range(150):
        insns = random_code(rng)
        encoding = next(encodings(EASY[0], rng, iter([insns[0].address]), 1))
        for _ in range(4):
            before = bytearray(states.one(encoding, rng))
            for reg in range(16):
                if rng.random() < 0.4:  # so that some accesses hit memory
                    record.set_quad(before, 8 * reg, record.DATA + rng.randrange(record.PAGE))
            one_by_one = run(machine, bytes(before), insns, whole=False)
            at_once = run(machine, bytes(before), insns, whole=True)
            faults += isinstance(one_by_one[0], Fault)
            assert at_once == one_by_one, [insn.form for insn in insns]
    assert 50 < faults < 550
