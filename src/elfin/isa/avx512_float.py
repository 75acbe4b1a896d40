"""AVX-512 floating-point arithmetic, comparison and FMA: names and lengths; no meaning yet (SDM vol. 2C).

`ps` is W0 with 32-bit elements, `pd` W1 with 64-bit ones.
"""

from __future__ import annotations

from elfin.isa.row import each

AVX512 = "cpuid=avx512"

for kind, scalar, w, np, f3, b in (
    ("ps", "ss", "W0", "NP", "F3", "b32"),
    ("pd", "sd", "W1", "66", "F2", "b64"),
):
    # -- arithmetic and comparison --------------------------------------------------------------------
    packed = f"EVEX.{np}.0F.{w} {{0}} /r   V,x H,x W,x   kz {b}"
    single = f"EVEX.LIG.{f3}.0F.{w} {{0}} /r   V,{scalar} H,{scalar} W,{scalar}   kz"
    each("vadd 58, vmul 59, vsub 5C, vdiv 5E", f"{packed} er", AVX512, suffix=kind)
    each("vmin 5D, vmax 5F", f"{packed} sae", AVX512, suffix=kind)
    each("vunpckl 14, vunpckh 15, vand 54, vandn 55, vor 56, vxor 57", packed, AVX512, suffix=kind)
    each("vsqrt 51", f"EVEX.{np}.0F.{w} {{0}} /r   V,x W,x   kz {b} er", AVX512, suffix=kind)
    each("vsqrt 51, vadd 58, vmul 59, vsub 5C, vdiv 5E", f"{single} er", AVX512, suffix=scalar)
    each("vmin 5D, vmax 5F", f"{single} sae", AVX512, suffix=scalar)
    each("vcmp C2", f"EVEX.{np}.0F.{w} {{0}} /r   Kr H,x W,x I,b   k {b} sae", AVX512, suffix=kind)
    each(
        "vcmp C2",
        f"EVEX.LIG.{f3}.0F.{w} {{0}} /r   Kr H,{scalar} W,{scalar} I,b   k sae",
        AVX512,
        suffix=scalar,
    )
    each(
        "vucomi 2E, vcomi 2F",
        f"EVEX.LIG.{np}.0F.{w} {{0}} /r   V,{scalar} W,{scalar}   sae",
        AVX512,
        suffix=scalar,
    )
    each("vshuf C6", f"EVEX.{np}.0F.{w} {{0}} /r   V,x H,x W,x I,b   kz {b}", AVX512, suffix=kind)

    # -- approximation, scaling, exponent and mantissa ------------------------------------------------
    packed = f"EVEX.66.0F38.{w} {{0}} /r   V,x W,x   kz {b}"
    single = f"EVEX.LIG.66.0F38.{w} {{0}} /r   V,{scalar} H,{scalar} W,{scalar}   kz"
    each("vrcp14 4C, vrsqrt14 4E", packed, AVX512, suffix=kind)
    each("vgetexp 42", f"{packed} sae", AVX512, suffix=kind)
    each("vrcp14 4D, vrsqrt14 4F", single, AVX512, suffix=scalar)
    each("vgetexp 43, vrcp28 CB, vrsqrt28 CD", f"{single} sae", AVX512, suffix=scalar)
    each("vscalef 2D", f"{single} er", AVX512, suffix=scalar)
    each(
        "vexp2 C8, vrcp28 CA, vrsqrt28 CC",
        f"EVEX.512.66.0F38.{w} {{0}} /r   V,x W,x   kz {b} sae",
        AVX512,
        suffix=kind,
    )
    each("vscalef 2C", f"EVEX.66.0F38.{w} {{0}} /r   V,x H,x W,x   kz {b} er", AVX512, suffix=kind)
    packed = f"EVEX.66.0F3A.{w} {{0}} /r   V,x W,x I,b   kz {b} sae"
    each("vgetmant 26, vreduce 56", packed, AVX512, suffix=kind)
    packed = f"EVEX.66.0F3A.{w} {{0}} /r   V,x H,x W,x I,b   kz {b} sae"
    single = f"EVEX.LIG.66.0F3A.{w} {{0}} /r   V,{scalar} H,{scalar} W,{scalar} I,b   kz sae"
    each("vrange 50, vfixupimm 54", packed, AVX512, suffix=kind)
    each("vgetmant 27, vrange 51, vfixupimm 55, vreduce 57", single, AVX512, suffix=scalar)
    each("vfpclass 66", f"EVEX.66.0F3A.{w} {{0}} /r   Kr W,x I,b   k {b}", AVX512, suffix=kind)
    each(
        "vfpclass 67",
        f"EVEX.LIG.66.0F3A.{w} {{0}} /r   Kr W,{scalar} I,b   k",
        AVX512,
        suffix=scalar,
    )

    # -- fused multiply and add -----------------------------------------------------------------------
    for order, row in (("132", "9"), ("213", "A"), ("231", "B")):
        each(
            "vfmaddsub 6, vfmsubadd 7, vfmadd 8, vfmsub A, vfnmadd C, vfnmsub E",
            f"EVEX.66.0F38.{w} {row}{{0}} /r   V,x H,x W,x   kz {b} er",
            AVX512,
            suffix=order + kind,
        )
        each(
            "vfmadd 9, vfmsub B, vfnmadd D, vfnmsub F",
            f"EVEX.LIG.66.0F38.{w} {row}{{0}} /r   V,{scalar} H,{scalar} W,{scalar}   kz er",
            AVX512,
            suffix=order + scalar,
        )

each(
    "vrndscaleps 08 W0 b32, vrndscalepd 09 W1 b64",
    "EVEX.66.0F3A.{1} {0} /r   V,x W,x I,b   kz {2} sae",
    AVX512,
)
each(
    "vrndscaless 0A W0 ss, vrndscalesd 0B W1 sd",
    "EVEX.LIG.66.0F3A.{1} {0} /r   V,{2} H,{2} W,{2} I,b   kz sae",
    AVX512,
)
# Four iterations of multiply and add over a block of registers (Xeon Phi).
each("v4fmaddps 9A, v4fnmaddps AA", "EVEX.512.F2.0F38.W0 {0} /r   V,x H,x M,dq   kz", AVX512)
each("v4fmaddss 9B, v4fnmaddss AB", "EVEX.LIG.F2.0F38.W0 {0} /r   V,ss H,ss M,dq   kz", AVX512)
each("vdpbf16ps 52", "EVEX.F3.0F38.W0 {0} /r   V,x H,x W,x   kz b32", AVX512)
