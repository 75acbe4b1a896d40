"""AVX-512 moves, broadcasts, permutations, compression, gather and scatter: names and lengths; no meaning yet."""

from __future__ import annotations

from elfin.isa.row import each

AVX512 = "cpuid=avx512"

# -- floating-point moves --------------------------------------------------------------------------
for kind, scalar, w, np, f3 in (("ps", "ss", "W0", "NP", "F3"), ("pd", "sd", "W1", "66", "F2")):
    each("vmovu 10 11, vmova 28 29", f"""
        EVEX.{np}.0F.{w} {{0}} /r   V,x W,x   kz
        EVEX.{np}.0F.{w} {{1}} /r   W,x V,x   kz
        """, AVX512, suffix=kind)  # fmt: skip
    each("vmovnt 2B", f"EVEX.{np}.0F.{w} {{0}} /r   M,x V,x", AVX512, suffix=kind)
    each("vmovl 12 13, vmovh 16 17", f"""
        EVEX.128.{np}.0F.{w} {{0}} /r   V,dq H,dq M,q
        EVEX.128.{np}.0F.{w} {{1}} /r   M,q V,dq
        """, AVX512, suffix=kind)  # fmt: skip
    each("vmov 10 11", f"""
        EVEX.LIG.{f3}.0F.{w} {{0}} /r   V,{scalar} M,{scalar}   kz
        EVEX.LIG.{f3}.0F.{w} {{1}} /r   M,{scalar} V,{scalar}   k
        EVEX.LIG.{f3}.0F.{w} {{0}} /r   V,{scalar} H,{scalar} U,{scalar}   kz
        EVEX.LIG.{f3}.0F.{w} {{1}} /r   U,{scalar} H,{scalar} V,{scalar}   kz
        """, AVX512, suffix=scalar)  # fmt: skip
each("vmovhlps 12, vmovlhps 16", "EVEX.128.NP.0F.W0 {0} /r   V,dq H,dq U,dq", AVX512)
each("vmovsldup 12, vmovshdup 16", "EVEX.F3.0F.W0 {0} /r   V,x W,x   kz", AVX512)
each("vmovddup 12", """
    EVEX.128.F2.0F.W1 {0} /r   V,dq W,q   kz
    EVEX.256.512.F2.0F.W1 {0} /r   V,x W,x   kz
    """, AVX512)  # fmt: skip

# -- integer moves ---------------------------------------------------------------------------------
each(
    """vmovdqa32 66 W0, vmovdqa64 66 W1, vmovdqu32 F3 W0, vmovdqu64 F3 W1, vmovdqu8 F2 W0,
    vmovdqu16 F2 W1""",
    "EVEX.{0}.0F.{1} 6F /r   V,x W,x   kz\nEVEX.{0}.0F.{1} 7F /r   W,x V,x   kz",
    AVX512,
)
each(
    "vmovd 6E 7E",
    """
    EVEX.128.66.0F {0} /r   V,dq E,y   as=vmovd/vmovd/vmovq
    EVEX.128.66.0F {1} /r   E,y V,dq   as=vmovd/vmovd/vmovq
    """,
    AVX512,
)
each(
    "vmovq 7E D6",
    "EVEX.128.F3.0F.W1 {0} /r   V,dq W,q\nEVEX.128.66.0F.W1 {1} /r   W,q V,dq",
    AVX512,
)
each("vmovntdq E7", "EVEX.66.0F.W0 {0} /r   M,x V,x", AVX512)
each("vmovntdqa 2A", "EVEX.66.0F38.W0 {0} /r   V,x M,x", AVX512)
each(
    "vpinsrb 0F3A 20 b, vpinsrw 0F C4 w",
    "EVEX.128.66.{0} {1} /r   V,dq H,dq R,y I,b\nEVEX.128.66.{0} {1} /r   V,dq H,dq M,{2} I,b",
    AVX512,
)
each(
    "vpinsrd 22", "EVEX.128.66.0F3A {0} /r   V,dq H,dq E,y I,b   as=vpinsrd/vpinsrd/vpinsrq", AVX512
)
each("vpextrw C5", "EVEX.128.66.0F {0} /r   G,y U,dq I,b", AVX512)
each(
    "vpextrb 14 b, vpextrw 15 w, vextractps 17 d",
    "EVEX.128.66.0F3A {0} /r   R,y V,dq I,b\nEVEX.128.66.0F3A {0} /r   M,{1} V,dq I,b",
    AVX512,
)
each("vpextrd 16", "EVEX.128.66.0F3A {0} /r   E,y V,dq I,b   as=vpextrd/vpextrd/vpextrq", AVX512)
each("vinsertps 21", "EVEX.128.66.0F3A.W0 {0} /r   V,dq H,dq W,ss I,b", AVX512)

# -- lanes in and out ------------------------------------------------------------------------------
LANES = "f32x4 18 W0 dq 256.512, f64x2 18 W1 dq 256.512, f32x8 1A W0 qq 512, f64x4 1A W1 qq 512"
MORE = "i32x4 38 W0 dq 256.512, i64x2 38 W1 dq 256.512, i32x8 3A W0 qq 512, i64x4 3A W1 qq 512"
for item in f"{LANES}, {MORE}".split(", "):
    name, opcode, w, size, lengths = item.split()
    each(
        f"vinsert{name} {opcode}",
        f"EVEX.{lengths}.66.0F3A.{w} {{0}} /r   V,x H,x W,{size} I,b   kz",
        AVX512,
    )
    each(
        f"vextract{name} {int(opcode, 16) + 1:02X}",
        f"EVEX.{lengths}.66.0F3A.{w} {{0}} /r   W,{size} V,x I,b   kz",
        AVX512,
    )
each(
    """vshuff32x4 23 W0 b32, vshuff64x2 23 W1 b64, vshufi32x4 43 W0 b32, vshufi64x2 43 W1 b64""",
    "EVEX.256.512.66.0F3A.{1} {0} /r   V,x H,x W,x I,b   kz {2}",
    AVX512,
)

# -- broadcast -------------------------------------------------------------------------------------
each(
    """vpbroadcastb 78 W0 b, vpbroadcastw 79 W0 w, vpbroadcastd 58 W0 d, vpbroadcastq 59 W1 q,
    vbroadcastss 18 W0 ss, vbroadcasti32x2 59 W0 q""",
    "EVEX.66.0F38.{1} {0} /r   V,x W,{2}   kz",
    AVX512,
)
each(
    "vbroadcastsd 19 W1, vbroadcastf32x2 19 W0",
    "EVEX.256.512.66.0F38.{1} {0} /r   V,x W,q   kz",
    AVX512,
)
each(
    "vbroadcastf32x4 1A W0, vbroadcastf64x2 1A W1, vbroadcasti32x4 5A W0, vbroadcasti64x2 5A W1",
    "EVEX.256.512.66.0F38.{1} {0} /r   V,x M,dq   kz",
    AVX512,
)
each(
    "vbroadcastf32x8 1B W0, vbroadcastf64x4 1B W1, vbroadcasti32x8 5B W0, vbroadcasti64x4 5B W1",
    "EVEX.512.66.0F38.{1} {0} /r   V,x M,qq   kz",
    AVX512,
)
each(
    "vpbroadcastb 7A W0 d, vpbroadcastw 7B W0 d, vpbroadcastd 7C W0 d, vpbroadcastq 7C W1 q",
    "EVEX.66.0F38.{1} {0} /r   V,x R,{2}   kz",
    AVX512,
)
each("vpbroadcastmb2q 2A W1, vpbroadcastmw2d 3A W0", "EVEX.F3.0F38.{1} {0} /r   V,x Kn", AVX512)
each("vpmovm2b 28 W0, vpmovm2w 28 W1, vpmovm2d 38 W0, vpmovm2q 38 W1",
     "EVEX.F3.0F38.{1} {0} /r   V,x Kn", AVX512)  # fmt: skip
each("vpmovb2m 29 W0, vpmovw2m 29 W1, vpmovd2m 39 W0, vpmovq2m 39 W1",
     "EVEX.F3.0F38.{1} {0} /r   Kr U,x", AVX512)  # fmt: skip

# -- permutation and blending ------------------------------------------------------------------------
each(
    """vpermilps 0C W0 b32, vpermilpd 0D W1 b64, vpermi2d 76 W0 b32, vpermi2q 76 W1 b64, vpermi2ps 77 W0 b32,
    vpermi2pd 77 W1 b64, vpermt2d 7E W0 b32, vpermt2q 7E W1 b64, vpermt2ps 7F W0 b32, vpermt2pd 7F W1 b64,
    vblendmps 65 W0 b32, vblendmpd 65 W1 b64, vpblendmd 64 W0 b32, vpblendmq 64 W1 b64""",
    "EVEX.66.0F38.{1} {0} /r   V,x H,x W,x   kz {2}",
    AVX512,
)
each(
    "vpermps 16 W0 b32, vpermpd 16 W1 b64, vpermd 36 W0 b32, vpermq 36 W1 b64",
    "EVEX.256.512.66.0F38.{1} {0} /r   V,x H,x W,x   kz {2}",
    AVX512,
)
each(
    """vpermb 8D W0, vpermw 8D W1, vpermi2b 75 W0, vpermi2w 75 W1, vpermt2b 7D W0, vpermt2w 7D W1,
    vpblendmb 66 W0, vpblendmw 66 W1""",
    "EVEX.66.0F38.{1} {0} /r   V,x H,x W,x   kz",
    AVX512,
)
each(
    "vpermilps 04 W0 b32, vpermilpd 05 W1 b64",
    "EVEX.66.0F3A.{1} {0} /r   V,x W,x I,b   kz {2}",
    AVX512,
)
each("vpermq 00, vpermpd 01", "EVEX.256.512.66.0F3A.W1 {0} /r   V,x W,x I,b   kz b64", AVX512)
each("valignd W0 b32, valignq W1 b64", "EVEX.66.0F3A.{0} 03 /r   V,x H,x W,x I,b   kz {1}", AVX512)

# -- expansion, compression, conflict ----------------------------------------------------------------
each(
    """vpexpandb 62 W0 1, vpexpandw 62 W1 2, vexpandps 88 W0 4, vexpandpd 88 W1 8, vpexpandd 89 W0 4,
    vpexpandq 89 W1 8""",
    "EVEX.66.0F38.{1} {0} /r   V,x W,x   kz n={2}",
    AVX512,
)
each(
    """vpcompressb 63 W0 1, vpcompressw 63 W1 2, vcompressps 8A W0 4, vcompresspd 8A W1 8, vpcompressd 8B W0 4,
    vpcompressq 8B W1 8""",
    "EVEX.66.0F38.{1} {0} /r   W,x V,x   kz n={2}",
    AVX512,
)

# -- gather and scatter: the index is a vector; the narrower of index and data may be half as long ---------
INDEX = "d 0 W0 d x x, d 0 W1 q x hx, q 1 W0 d hx x, q 1 W1 q x x"
for item in INDEX.split(", "):
    index, last, w, size, data, vsib = item.split()
    integer = {"d": "d", "q": "q"}[size]
    kind = {"d": "ps", "q": "pd"}[size]
    load = f"EVEX.66.0F38.{w} {{0}}{last} /r   V,{data} M,{size}   knz distinct vsib={vsib}"
    each("vpgather 9", load, AVX512, suffix=index + integer)
    store = f"EVEX.66.0F38.{w} A{{0}} /r   M,{size} V,{data}   knz vsib={vsib}"
    each(f"vpscatter {last}", store, AVX512, suffix=index + integer)
    fload = f"EVEX.66.0F38.{w} 9{{0}} /r   V,{data} M,{size}   knz distinct vsib={vsib}"
    each(f"vgather {int(last) + 2}", fload, AVX512, suffix=index + kind)
    each(f"vscatter {int(last) + 2}", store, AVX512, suffix=index + kind)
    # Prefetches of Xeon Phi: 512 bits only.
    prefetch = f"EVEX.512.66.0F38.{w} C{6 + int(last)} /{{0}}   M,{size}   knz vsib={vsib}"
    names = "vgatherpf0 1, vgatherpf1 2, vscatterpf0 5, vscatterpf1 6"
    each(names, prefetch, AVX512, suffix=index + kind)
