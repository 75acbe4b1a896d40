"""Regions from lines of decoded code, as the decode cache gives them (tiers/jit/region.py)."""

from __future__ import annotations

from elfin.decode.variant import VARIANTS, Variant
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.region import discover, head


def variant(mnemonic: str) -> Variant:
    return next(v for v in VARIANTS if v.form.mnemonic == mnemonic)


def op(name: str, pc: int, target: int = 0, taken: int = 0) -> Op:
    return Op(variant(name), pc, 4, 0, 0, 0, 0, 0, target, taken)


def test_runs_that_overlap_count_together() -> None:
    """A loop at 4 that is entered from 0: the run from 0 on executes its branches once, that from 4 on often."""
    runs = {
        0: [op("nop", 0), op("nop", 4), op("je", 8, 0x20, 0), op("jne", 12, 4, 1), op("hlt", 16)],
        4: [op("nop", 4), op("je", 8, 0x20, 30), op("jne", 12, 4, 999), op("hlt", 16)],
        0x20: [op("nop", 0x20), op("hlt", 0x24)],
    }
    region = discover(0, lambda pc: runs.get(pc, []))
    taken = {o.pc: o.taken for block in region.blocks.values() for o in block.ops}
    assert taken[12] == 1000
    assert taken[8] == 30
    assert 0x20 in region.blocks  # which the first run alone would not show


def test_what_goes_on_in_line_has_a_limit_too() -> None:
    """Branches that are never taken and calls end no region."""
    runs = {
        pc: [op("nop", pc), op("je", pc + 4, 0x10_0000), op("call", pc + 8, 0x20_0000)]
        for pc in range(0, 0x1000, 4)
    }
    region = discover(0, lambda pc: runs.get(pc, []), most=50)
    assert 50 <= region.size < 60
    assert region.full


def test_the_inner_loop_of_an_entry_is_what_goes_round_often() -> None:
    """A loop of two blocks at 8 in another one that begins at 0."""
    runs = {
        0: [op("nop", 0), op("nop", 4)],
        8: [op("nop", 8), op("je", 12, 0x18, 500)],
        16: [op("nop", 16), op("jmp", 20, 8, 500)],
        0x18: [op("nop", 0x18), op("jne", 0x1C, 8, 499)],
        0x20: [op("nop", 0x20), op("jne", 0x24, 0, 10), op("hlt", 0x28)],
    }
    runs[0] += [op("nop", 8), op("je", 12, 0x18, 10)]
    region = discover(8, lambda pc: runs.get(pc, []))
    assert {0, 8, 16, 0x18, 0x20} <= region.blocks.keys()
    loop = region.loop()
    assert loop is not None and loop.full
    assert loop.blocks.keys() == {8, 16, 0x18}


def test_a_loop_with_calls_is_no_inner_loop() -> None:
    runs = {0: [op("nop", 0), op("call", 4, 0x40, 9)], 8: [op("nop", 8), op("jne", 12, 0, 99)]}
    assert discover(0, lambda pc: runs.get(pc, [])).loop() is None
    plain = {0: [op("nop", 0), op("jne", 4, 0, 99), op("hlt", 8)]}
    loop = discover(0, lambda pc: plain.get(pc, [])).loop()
    assert loop is not None and loop.blocks.keys() == {0}


def test_no_region_goes_where_it_ends() -> None:
    """Neither by a jump nor in line; but a loop may go round through its entry."""
    runs = {
        0: [op("nop", 0), op("je", 4, 0x20, 9), op("jne", 8, 0x30, 9), op("nop", 12)],
        0x20: [op("nop", 0x20), op("jmp", 0x24, 0, 9)],
        0x30: [op("nop", 0x30), op("hlt", 0x34)],
    }
    region = discover(0, lambda pc: runs.get(pc, []), ends={0, 12, 0x30})
    assert region.blocks.keys() == {0, 8, 0x20}


def test_a_head_is_what_runs_mostly() -> None:
    """One way is seldom taken; behind the branch at 12 nothing was ever called, so that is always taken."""
    runs = {
        0: [op("nop", 0), op("jne", 4, 0x100, 3), op("nop", 8), op("je", 12, 0x40, 4000)],
        0x40: [op("nop", 0x40), op("ret", 0x44)],
    }
    runs[0] += [op("nop", 16), op("jne", 20, 0x40, 0), op("call", 24, 0x200, 0)]
    found = head(0, lambda pc: runs.get(pc, []), {}, 128)
    assert found is not None
    assert found.blocks.keys() == {0, 8, 0x40}
    assert found.tails == {0x100, 16}


def test_a_head_is_small() -> None:
    runs = {0: [op("jne", 0, 0x1000, 0), *[op("nop", pc) for pc in range(4, 200, 4)]]}
    assert head(0, lambda pc: runs.get(pc, []), {}, 128) is None
