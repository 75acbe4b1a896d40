"""Which XMM registers are thought to hold scalars (tiers/jit/scalars.py)."""

from __future__ import annotations

from elfin import layout
from elfin.decode.variant import VARIANTS
from elfin.ir.types import F64
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.region import Block, Region
from elfin.tiers.jit.scalars import scalars


def op(name: str, pc: int, target: int = 0) -> Op:
    variant = next(v for v in VARIANTS if v.form.mnemonic == name)
    r, b = (layout.XMM, layout.XMM + 16) if name.startswith("mul") else (0, 0)
    return Op(variant, pc, 4, 0, r, b, 0, 0, target, 0)


def test_a_loop_counts_for_more_than_what_is_around_it() -> None:
    """One use of all lanes in an inner loop, three of one lane around it; and with the loops the other way round."""
    for outside, inside, expected in (("mulsd", "mulpd", {}), ("mulpd", "mulsd", F64)):
        blocks = {
            0: Block(0, [op(outside, 0), op(outside, 4), op(outside, 8)]),
            12: Block(12, [op(inside, 12), op("jne", 16, 12)]),
            20: Block(20, [op(outside, 20), op("hlt", 24)]),
        }
        found = scalars([Region(0, blocks)])
        assert found == (expected and {layout.XMM: F64, layout.XMM + 16: F64})
