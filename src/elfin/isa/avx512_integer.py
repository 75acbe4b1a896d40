"""AVX-512 integer arithmetic, logic, shifts and comparison: names and lengths; no meaning yet."""

from __future__ import annotations

from elfin.isa.row import each

AVX512 = "cpuid=avx512"

# -- bytes and words: no broadcast -------------------------------------------------------------------
each(
    """vpunpcklbw 60, vpunpcklwd 61, vpacksswb 63, vpackuswb 67, vpunpckhbw 68, vpunpckhwd 69, vpmullw D5,
    vpsubusb D8, vpsubusw D9, vpminub DA, vpaddusb DC, vpaddusw DD, vpmaxub DE, vpavgb E0, vpavgw E3,
    vpmulhuw E4, vpmulhw E5, vpsubsb E8, vpsubsw E9, vpminsw EA, vpaddsb EC, vpaddsw ED, vpmaxsw EE,
    vpmaddwd F5, vpsubb F8, vpsubw F9, vpaddb FC, vpaddw FD""",
    "EVEX.66.0F {0} /r   V,x H,x W,x   kz",
    AVX512,
)
each(
    "vpshufb 00, vpmaddubsw 04, vpmulhrsw 0B, vpminsb 38, vpminuw 3A, vpmaxsb 3C, vpmaxuw 3E",
    "EVEX.66.0F38 {0} /r   V,x H,x W,x   kz",
    AVX512,
)
each("vpabsb 1C, vpabsw 1D", "EVEX.66.0F38 {0} /r   V,x W,x   kz", AVX512)
each("vpsadbw F6", "EVEX.66.0F {0} /r   V,x H,x W,x", AVX512)
each("vpalignr 0F", "EVEX.66.0F3A {0} /r   V,x H,x W,x I,b   kz", AVX512)
each("vdbpsadbw 42", "EVEX.66.0F3A.W0 {0} /r   V,x H,x W,x I,b   kz", AVX512)
each(
    "vpcmpgtb 64, vpcmpgtw 65, vpcmpeqb 74, vpcmpeqw 75",
    "EVEX.66.0F {0} /r   Kr H,x W,x   k",
    AVX512,
)

# -- doublewords and quadwords -------------------------------------------------------------------------
each(
    """vpunpckldq 62, vpackssdw 6B, vpunpckhdq 6A, vpandd DB, vpandnd DF, vpord EB, vpxord EF, vpsubd FA,
    vpaddd FE""",
    "EVEX.66.0F.W0 {0} /r   V,x H,x W,x   kz b32",
    AVX512,
)
each(
    """vpunpcklqdq 6C, vpunpckhqdq 6D, vpaddq D4, vpandq DB, vpandnq DF, vporq EB, vpxorq EF, vpmuludq F4,
    vpsubq FB""",
    "EVEX.66.0F.W1 {0} /r   V,x H,x W,x   kz b64",
    AVX512,
)
each(
    """vprorvd 14, vprolvd 15, vpackusdw 2B, vpminsd 39, vpminud 3B, vpmaxsd 3D, vpmaxud 3F, vpmulld 40,
    vpsrlvd 45, vpsravd 46, vpsllvd 47, vpdpbusd 50, vpdpbusds 51, vpdpwssd 52, vpdpwssds 53, vpshldvd 71,
    vpshrdvd 73""",
    "EVEX.66.0F38.W0 {0} /r   V,x H,x W,x   kz b32",
    AVX512,
)
each(
    """vprorvq 14, vprolvq 15, vpmuldq 28, vpminsq 39, vpminuq 3B, vpmaxsq 3D, vpmaxuq 3F, vpmullq 40,
    vpsrlvq 45, vpsravq 46, vpsllvq 47, vpshldvq 71, vpshrdvq 73, vpmultishiftqb 83, vpmadd52luq B4,
    vpmadd52huq B5""",
    "EVEX.66.0F38.W1 {0} /r   V,x H,x W,x   kz b64",
    AVX512,
)
each("vpsrlvw 10, vpsravw 11, vpsllvw 12, vpshldvw 70, vpshrdvw 72",
     "EVEX.66.0F38.W1 {0} /r   V,x H,x W,x   kz", AVX512)  # fmt: skip
each("vpabsd 1E W0 b32, vpabsq 1F W1 b64, vplzcntd 44 W0 b32, vplzcntq 44 W1 b64, vpconflictd C4 W0 b32, "
     "vpconflictq C4 W1 b64, vpopcntd 55 W0 b32, vpopcntq 55 W1 b64",
     "EVEX.66.0F38.{1} {0} /r   V,x W,x   kz {2}", AVX512)  # fmt: skip
each("vpopcntb W0, vpopcntw W1", "EVEX.66.0F38.{0} 54 /r   V,x W,x   kz", AVX512)
each(
    "vpternlogd W0 b32, vpternlogq W1 b64",
    "EVEX.66.0F3A.{0} 25 /r   V,x H,x W,x I,b   kz {1}",
    AVX512,
)
each("vpshldw 70, vpshrdw 72", "EVEX.66.0F3A.W1 {0} /r   V,x H,x W,x I,b   kz", AVX512)
each("vpshldd 71 W0 b32, vpshldq 71 W1 b64, vpshrdd 73 W0 b32, vpshrdq 73 W1 b64",
     "EVEX.66.0F3A.{1} {0} /r   V,x H,x W,x I,b   kz {2}", AVX512)  # fmt: skip
each("vp4dpwssd 52, vp4dpwssds 53", "EVEX.512.F2.0F38.W0 {0} /r   V,x H,x M,dq   kz", AVX512)

# -- shifts and shuffles by an immediate or one count ----------------------------------------------------
each("vpsrlw D1, vpsraw E1, vpsllw F1", "EVEX.66.0F {0} /r   V,x H,x W,dq   kz", AVX512)
each("vpsrld D2 W0, vpsrlq D3 W1, vpsrad E2 W0, vpsraq E2 W1, vpslld F2 W0, vpsllq F3 W1",
     "EVEX.66.0F.{1} {0} /r   V,x H,x W,dq   kz", AVX512)  # fmt: skip
each("vpsrlw 2, vpsraw 4, vpsllw 6", "EVEX.66.0F 71 /{0}   H,x W,x I,b   kz", AVX512)
each(
    """vprord 72 0 W0 b32, vprorq 72 0 W1 b64, vprold 72 1 W0 b32, vprolq 72 1 W1 b64, vpsrld 72 2 W0 b32,
    vpsrad 72 4 W0 b32, vpsraq 72 4 W1 b64, vpslld 72 6 W0 b32, vpsrlq 73 2 W1 b64, vpsllq 73 6 W1 b64""",
    "EVEX.66.0F.{2} {0} /{1}   H,x W,x I,b   kz {3}",
    AVX512,
)
each("vpsrldq 3, vpslldq 7", "EVEX.66.0F 73 /{0}   H,x W,x I,b", AVX512)
each(
    "vpshufd 66.0F.W0 b32, vpshufhw F3.0F n=0, vpshuflw F2.0F n=0",
    "EVEX.{0} 70 /r   V,x W,x I,b   kz {1}",
    AVX512,
)

# -- comparison into masks -----------------------------------------------------------------------------
each("vpcmpgtd 66, vpcmpeqd 76", "EVEX.66.0F.W0 {0} /r   Kr H,x W,x   k b32", AVX512)
each("vpcmpeqq 29, vpcmpgtq 37", "EVEX.66.0F38.W1 {0} /r   Kr H,x W,x   k b64", AVX512)
each("vptestmb 66 W0, vptestmw 66 W1, vptestnmb F3 W0, vptestnmw F3 W1",
     "EVEX.{0}.0F38.{1} 26 /r   Kr H,x W,x   k", AVX512)  # fmt: skip
each("vptestmd 66 W0 b32, vptestmq 66 W1 b64, vptestnmd F3 W0 b32, vptestnmq F3 W1 b64",
     "EVEX.{0}.0F38.{1} 27 /r   Kr H,x W,x   k {2}", AVX512)  # fmt: skip
each("vpcmpub 3E W0, vpcmpuw 3E W1, vpcmpb 3F W0, vpcmpw 3F W1",
     "EVEX.66.0F3A.{1} {0} /r   Kr H,x W,x I,b   k", AVX512)  # fmt: skip
each("vpcmpud 1E W0 b32, vpcmpuq 1E W1 b64, vpcmpd 1F W0 b32, vpcmpq 1F W1 b64",
     "EVEX.66.0F3A.{1} {0} /r   Kr H,x W,x I,b   k {2}", AVX512)  # fmt: skip
each(
    "vp2intersectd W0 b32, vp2intersectq W1 b64",
    "EVEX.F2.0F38.{0} 68 /r   Kr H,x W,x   {1}",
    AVX512,
)
each("vpshufbitqmb 8F", "EVEX.66.0F38.W0 {0} /r   Kr H,x W,x   k", AVX512)

# -- widening and narrowing ------------------------------------------------------------------------------
each(
    """vpmovsxbw 20 hx, vpmovsxbd 21 qx, vpmovsxbq 22 ox, vpmovsxwd 23 hx, vpmovsxwq 24 qx,
    vpmovzxbw 30 hx, vpmovzxbd 31 qx, vpmovzxbq 32 ox, vpmovzxwd 33 hx, vpmovzxwq 34 qx""",
    "EVEX.66.0F38 {0} /r   V,x W,{1}   kz",
    AVX512,
)
each("vpmovsxdq 25, vpmovzxdq 35", "EVEX.66.0F38.W0 {0} /r   V,x W,hx   kz", AVX512)
for name, row in (("vpmovus", "1"), ("vpmovs", "2"), ("vpmov", "3")):
    each(
        f"{name}wb 0 hx, {name}db 1 qx, {name}qb 2 ox, {name}dw 3 hx, {name}qw 4 qx, {name}qd 5 hx",
        f"EVEX.F3.0F38.W0 {row}{{0}} /r   W,{{1}} V,x   kz",
        AVX512,
    )

# -- cryptography ----------------------------------------------------------------------------------------
each("vaesenc DC, vaesenclast DD, vaesdec DE, vaesdeclast DF",
     "EVEX.66.0F38 {0} /r   V,x H,x W,x", "cpuid=vaes")  # fmt: skip
each("vpclmulqdq 44", "EVEX.66.0F3A {0} /r   V,x H,x W,x I,b", "cpuid=vpclmulqdq")
each("vgf2p8mulb CF", "EVEX.66.0F38.W0 {0} /r   V,x H,x W,x   kz", "cpuid=gfni")
each(
    "vgf2p8affineqb CE, vgf2p8affineinvqb CF",
    "EVEX.66.0F3A.W1 {0} /r   V,x H,x W,x I,b   kz b64",
    "cpuid=gfni",
)
