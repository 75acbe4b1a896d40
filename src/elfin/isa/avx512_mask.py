"""Opmask instructions of AVX-512 (SDM vol. 1, 15.3): names and lengths; no meaning yet."""

from __future__ import annotations

from elfin.isa.row import each

KMASK = "cpuid=avx512"

# The element width is spelled by prefix and W: b 66.W0, w NP.W0, d 66.W1, q NP.W1.
for width, prefix, w in (
    ("b", "66", "W0"),
    ("w", "NP", "W0"),
    ("d", "66", "W1"),
    ("q", "NP", "W1"),
):
    each(
        "kand 41, kandn 42, kor 45, kxnor 46, kxor 47, kadd 4A",
        f"VEX.L1.{prefix}.0F.{w} {{0}} /r   Kr Kv Kn",
        KMASK,
        suffix=width,
    )
    each(
        "knot 44, kortest 98, ktest 99",
        f"VEX.L0.{prefix}.0F.{w} {{0}} /r   Kr Kn",
        KMASK,
        suffix=width,
    )
    each("kmov 90", f"VEX.L0.{prefix}.0F.{w} {{0}} /r   Kr Km,{width}", KMASK, suffix=width)
    each("kmov 91", f"VEX.L0.{prefix}.0F.{w} {{0}} /r   M,{width} Kr", KMASK, suffix=width)
each(
    "kunpckbw 66.0F.W0, kunpckwd NP.0F.W0, kunpckdq NP.0F.W1", "VEX.L1.{0} 4B /r   Kr Kv Kn", KMASK
)
each(
    "kmovb 66.0F.W0 d, kmovw NP.0F.W0 d, kmovd F2.0F.W0 d, kmovq F2.0F.W1 q",
    "VEX.L0.{0} 92 /r   Kr R,{1}\nVEX.L0.{0} 93 /r   G,{1} Kn",
    KMASK,
)
each(
    """kshiftrb W0 30, kshiftrw W1 30, kshiftrd W0 31, kshiftrq W1 31,
    kshiftlb W0 32, kshiftlw W1 32, kshiftld W0 33, kshiftlq W1 33""",
    "VEX.L0.66.0F3A.{0} {1} /r   Kr Kn I,b",
    KMASK,
)
