"""AVX512-FP16, half precision: names and lengths; no meaning yet (SDM vol. 2C, maps 5 and 6)."""

from __future__ import annotations

from elfin.isa.row import each

FP16 = "cpuid=avx512-fp16"

# -- arithmetic and comparison -----------------------------------------------------------------------
each("vaddph 58 er, vmulph 59 er, vsubph 5C er, vminph 5D sae, vdivph 5E er, vmaxph 5F sae",
     "EVEX.NP.MAP5.W0 {0} /r   V,x H,x W,x   kz b16 {1}", FP16)  # fmt: skip
each("vsqrtsh 51 er, vaddsh 58 er, vmulsh 59 er, vsubsh 5C er, vminsh 5D sae, vdivsh 5E er, vmaxsh 5F sae",
     "EVEX.LIG.F3.MAP5.W0 {0} /r   V,w H,w W,w   kz {1}", FP16)  # fmt: skip
each("vsqrtph 51", "EVEX.NP.MAP5.W0 {0} /r   V,x W,x   kz b16 er", FP16)
each("vucomish 2E, vcomish 2F", "EVEX.LIG.NP.MAP5.W0 {0} /r   V,w W,w   sae", FP16)
each("vcmpph C2", "EVEX.NP.0F3A.W0 {0} /r   Kr H,x W,x I,b   k b16 sae", FP16)
each("vcmpsh C2", "EVEX.LIG.F3.0F3A.W0 {0} /r   Kr H,w W,w I,b   k sae", FP16)
each(
    "vrndscaleph 08, vgetmantph 26, vreduceph 56",
    "EVEX.NP.0F3A.W0 {0} /r   V,x W,x I,b   kz b16 sae",
    FP16,
)
each(
    "vrndscalesh 0A, vgetmantsh 27, vreducesh 57",
    "EVEX.LIG.NP.0F3A.W0 {0} /r   V,w H,w W,w I,b   kz sae",
    FP16,
)
each("vfpclassph 66", "EVEX.NP.0F3A.W0 {0} /r   Kr W,x I,b   k b16", FP16)
each("vfpclasssh 67", "EVEX.LIG.NP.0F3A.W0 {0} /r   Kr W,w I,b   k", FP16)
each("vscalefph 2C", "EVEX.66.MAP6.W0 {0} /r   V,x H,x W,x   kz b16 er", FP16)
each("vscalefsh 2D er, vgetexpsh 43 sae", "EVEX.LIG.66.MAP6.W0 {0} /r   V,w H,w W,w   kz {1}", FP16)
each("vrcpsh 4D, vrsqrtsh 4F", "EVEX.LIG.66.MAP6.W0 {0} /r   V,w H,w W,w   kz", FP16)
each("vgetexpph 42", "EVEX.66.MAP6.W0 {0} /r   V,x W,x   kz b16 sae", FP16)
each("vrcpph 4C, vrsqrtph 4E", "EVEX.66.MAP6.W0 {0} /r   V,x W,x   kz b16", FP16)
for order, row in (("132", "9"), ("213", "A"), ("231", "B")):
    each(
        "vfmaddsub 6, vfmsubadd 7, vfmadd 8, vfmsub A, vfnmadd C, vfnmsub E",
        f"EVEX.66.MAP6.W0 {row}{{0}} /r   V,x H,x W,x   kz b16 er",
        FP16,
        suffix=f"{order}ph",
    )
    each(
        "vfmadd 9, vfmsub B, vfnmadd D, vfnmsub F",
        f"EVEX.LIG.66.MAP6.W0 {row}{{0}} /r   V,w H,w W,w   kz er",
        FP16,
        suffix=f"{order}sh",
    )
# Complex numbers: pairs of halves.
each("vfmaddcph F3 56, vfcmaddcph F2 56, vfmulcph F3 D6, vfcmulcph F2 D6",
     "EVEX.{0}.MAP6.W0 {1} /r   V,x H,x W,x   kz b32 er distinct", FP16)  # fmt: skip
each("vfmaddcsh F3 57, vfcmaddcsh F2 57, vfmulcsh F3 D7, vfcmulcsh F2 D7",
     "EVEX.LIG.{0}.MAP6.W0 {1} /r   V,d H,d W,d   kz er distinct", FP16)  # fmt: skip

# -- moves -----------------------------------------------------------------------------------------
each("vmovsh 10 11", """
    EVEX.LIG.F3.MAP5.W0 {0} /r   V,w M,w   kz
    EVEX.LIG.F3.MAP5.W0 {1} /r   M,w V,w   k
    EVEX.LIG.F3.MAP5.W0 {0} /r   V,w H,w U,w   kz
    EVEX.LIG.F3.MAP5.W0 {1} /r   U,w H,w V,w   kz
    """, FP16)  # fmt: skip
each("vmovw 6E 7E", """
    EVEX.128.66.MAP5 {0} /r   V,dq R,y
    EVEX.128.66.MAP5 {0} /r   V,dq M,w
    EVEX.128.66.MAP5 {1} /r   R,y V,dq
    EVEX.128.66.MAP5 {1} /r   M,w V,dq
    """, FP16)  # fmt: skip

# -- conversions -------------------------------------------------------------------------------------
# Each line: mnemonic, prefix, W, opcode, destination, source, broadcast element, rounding.
for line in """
    vcvtps2phx  66 W0 1D hx x  b32 er
    vcvtph2pd   NP W0 5A x  qx b16 sae
    vcvtpd2ph   66 W1 5A qx x  b64 er
    vcvtdq2ph   NP W0 5B hx x  b32 er
    vcvtqq2ph   NP W1 5B qx x  b64 er
    vcvtph2dq   66 W0 5B x  hx b16 er
    vcvttph2dq  F3 W0 5B x  hx b16 sae
    vcvttph2udq NP W0 78 x  hx b16 sae
    vcvttph2uqq 66 W0 78 x  qx b16 sae
    vcvtph2udq  NP W0 79 x  hx b16 er
    vcvtph2uqq  66 W0 79 x  qx b16 er
    vcvttph2qq  66 W0 7A x  qx b16 sae
    vcvtudq2ph  F2 W0 7A hx x  b32 er
    vcvtuqq2ph  F2 W1 7A qx x  b64 er
    vcvtph2qq   66 W0 7B x  qx b16 er
    vcvttph2uw  NP W0 7C x  x  b16 sae
    vcvttph2w   66 W0 7C x  x  b16 sae
    vcvtph2uw   NP W0 7D x  x  b16 er
    vcvtph2w    66 W0 7D x  x  b16 er
    vcvtw2ph    F3 W0 7D x  x  b16 er
    vcvtuw2ph   F2 W0 7D x  x  b16 er
""".strip().splitlines():  # fmt: skip
    each(line, "EVEX.{0}.MAP5.{1} {2} /r   V,{3} W,{4}   kz {5} {6}", FP16)
each("vcvtph2psx 13", "EVEX.66.MAP6.W0 {0} /r   V,x W,hx   kz b16 sae", FP16)
each("vcvtss2sh NP.MAP5.W0 1D d er, vcvtsh2sd F3.MAP5.W0 5A w sae, vcvtsd2sh F2.MAP5.W1 5A q er, "
     "vcvtsh2ss NP.MAP6.W0 13 w sae",
     "EVEX.LIG.{0} {1} /r   V,dq H,dq W,{2}   kz {3}", FP16)  # fmt: skip
each("vcvttsh2si 2C sae, vcvtsh2si 2D er, vcvttsh2usi 78 sae, vcvtsh2usi 79 er",
     "EVEX.LIG.F3.MAP5 {0} /r   G,y W,w   {1}", FP16)  # fmt: skip
each("vcvtsi2sh 2A, vcvtusi2sh 7B", "EVEX.LIG.F3.MAP5 {0} /r   V,dq H,dq E,y   er", FP16)
