"""Integer arithmetic on XMM registers (SDM vol. 2: PADDB ... PSADBW)."""

from __future__ import annotations

from typing import Final

from elfin.ir.types import I32
from elfin.ir.value import Value, const
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vector import aligned, lanes, lanewise, op, shuffle

# The row of each instruction that is one SIMD op, and that op.
# fmt: off
SIMPLE: Final = {
    "paddb":   ("66 0F FC /r", "i8x16.add"),
    "paddw":   ("66 0F FD /r", "i16x8.add"),
    "paddd":   ("66 0F FE /r", "i32x4.add"),
    "paddq":   ("66 0F D4 /r", "i64x2.add"),
    "paddsb":  ("66 0F EC /r", "i8x16.add_sat_s"),
    "paddsw":  ("66 0F ED /r", "i16x8.add_sat_s"),
    "paddusb": ("66 0F DC /r", "i8x16.add_sat_u"),
    "paddusw": ("66 0F DD /r", "i16x8.add_sat_u"),
    "psubb":   ("66 0F F8 /r", "i8x16.sub"),
    "psubw":   ("66 0F F9 /r", "i16x8.sub"),
    "psubd":   ("66 0F FA /r", "i32x4.sub"),
    "psubq":   ("66 0F FB /r", "i64x2.sub"),
    "psubsb":  ("66 0F E8 /r", "i8x16.sub_sat_s"),
    "psubsw":  ("66 0F E9 /r", "i16x8.sub_sat_s"),
    "psubusb": ("66 0F D8 /r", "i8x16.sub_sat_u"),
    "psubusw": ("66 0F D9 /r", "i16x8.sub_sat_u"),
    "pmullw":  ("66 0F D5 /r", "i16x8.mul"),
    "pmaddwd": ("66 0F F5 /r", "i32x4.dot_i16x8_s"),
    "pavgb":   ("66 0F E0 /r", "i8x16.avgr_u"),
    "pavgw":   ("66 0F E3 /r", "i16x8.avgr_u"),
    "pminub":  ("66 0F DA /r", "i8x16.min_u"),
    "pmaxub":  ("66 0F DE /r", "i8x16.max_u"),
    "pminsw":  ("66 0F EA /r", "i16x8.min_s"),
    "pmaxsw":  ("66 0F EE /r", "i16x8.max_s"),
    "pcmpeqb": ("66 0F 74 /r", "i8x16.eq"),
    "pcmpeqw": ("66 0F 75 /r", "i16x8.eq"),
    "pcmpeqd": ("66 0F 76 /r", "i32x4.eq"),
    "pcmpgtb": ("66 0F 64 /r", "i8x16.gt_s"),
    "pcmpgtw": ("66 0F 65 /r", "i16x8.gt_s"),
    "pcmpgtd": ("66 0F 66 /r", "i32x4.gt_s"),
}
# fmt: on
for _name, (_row, _op) in SIMPLE.items():
    rows(_name, f"SDM 2B {_name.upper()}", "cpuid=sse2")(f"{_row}   V,dq W,dq")
    semantics(_name)(lanewise(_op))

PMULHW = rows("pmulhw", "SDM 2B PMULHW", "cpuid=sse2")
PMULHW("66 0F E5 /r   V,dq W,dq")
PMULHUW = rows("pmulhuw", "SDM 2B PMULHUW", "cpuid=sse2")
PMULHUW("66 0F E4 /r   V,dq W,dq")
PMULUDQ = rows("pmuludq", "SDM 2B PMULUDQ", "cpuid=sse2")
PMULUDQ("66 0F F4 /r   V,dq W,dq")
PSADBW = rows("psadbw", "SDM 2B PSADBW", "cpuid=sse2")
PSADBW("66 0F F6 /r   V,dq W,dq")

_UPPER_WORDS: Final = [4 * i + 2 + b for i in range(8) for b in (0, 1)]
_EVEN_DWORDS: Final = [*range(4), *range(8, 12), *range(4), *range(8, 12)]


def _high_products(a: Value, b: Value, sign: str) -> Value:
    """The upper words of eight 32-bit products."""
    low = op(f"i32x4.extmul_low_i16x8_{sign}", a, b)
    high = op(f"i32x4.extmul_high_i16x8_{sign}", a, b)
    return shuffle(low, high, _UPPER_WORDS)


@semantics("pmulhw")
def pmulhw(m: Sem, dst: Place, src: Place) -> None:
    b = aligned(m, src)
    m.write(dst, _high_products(m.read(dst), b, "s"))


@semantics("pmulhuw")
def pmulhuw(m: Sem, dst: Place, src: Place) -> None:
    b = aligned(m, src)
    m.write(dst, _high_products(m.read(dst), b, "u"))


@semantics("pmuludq")
def pmuludq(m: Sem, dst: Place, src: Place) -> None:
    """Dwords 0 and 2 of both are multiplied in full."""
    b = aligned(m, src)
    a = m.read(dst)
    even_a, even_b = shuffle(a, a, _EVEN_DWORDS), shuffle(b, b, _EVEN_DWORDS)
    m.write(dst, op("i64x2.extmul_low_i32x4_u", even_a, even_b))


@semantics("psadbw")
def psadbw(m: Sem, dst: Place, src: Place) -> None:
    """The sums of eight absolute differences of bytes, in two quadwords."""
    b = aligned(m, src)
    a = m.read(dst)
    differences = op("v128.or", op("i8x16.sub_sat_u", a, b), op("i8x16.sub_sat_u", b, a))
    fours = op("i32x4.extadd_pairwise_i16x8_u", op("i16x8.extadd_pairwise_i8x16_u", differences))
    eights = op("i64x2.add", fours, op("i64x2.shr_u", fours, const(I32, 32)))
    m.write(dst, op("v128.and", eights, lanes(64, (0xFFFF, 0xFFFF))))
