"""AVX, AVX2 and the later VEX extensions on integer vectors: names and lengths; no meaning yet."""

from __future__ import annotations

from elfin.isa.row import each

AVX = "cpuid=avx"
AVX2 = "cpuid=avx2"

each(
    """vpunpcklbw 60, vpunpcklwd 61, vpunpckldq 62, vpacksswb 63, vpcmpgtb 64, vpcmpgtw 65, vpcmpgtd 66,
    vpackuswb 67, vpunpckhbw 68, vpunpckhwd 69, vpunpckhdq 6A, vpackssdw 6B, vpunpcklqdq 6C, vpunpckhqdq 6D,
    vpcmpeqb 74, vpcmpeqw 75, vpcmpeqd 76, vpaddq D4, vpmullw D5, vpsubusb D8, vpsubusw D9, vpminub DA,
    vpand DB, vpaddusb DC, vpaddusw DD, vpmaxub DE, vpandn DF, vpavgb E0, vpavgw E3, vpmulhuw E4, vpmulhw E5,
    vpsubsb E8, vpsubsw E9, vpminsw EA, vpor EB, vpaddsb EC, vpaddsw ED, vpmaxsw EE, vpxor EF, vpmuludq F4,
    vpmaddwd F5, vpsadbw F6, vpsubb F8, vpsubw F9, vpsubd FA, vpsubq FB, vpaddb FC, vpaddw FD, vpaddd FE""",
    "VEX.66.0F {0} /r   V,x H,x W,x",
    AVX,
)
each(
    "vpsrlw D1, vpsrld D2, vpsrlq D3, vpsraw E1, vpsrad E2, vpsllw F1, vpslld F2, vpsllq F3",
    "VEX.66.0F {0} /r   V,x H,x W,dq",
    AVX,
)
each(
    """vpsrlw 71 2, vpsraw 71 4, vpsllw 71 6, vpsrld 72 2, vpsrad 72 4, vpslld 72 6, vpsrlq 73 2, vpsrldq 73 3,
    vpsllq 73 6, vpslldq 73 7""",
    "VEX.66.0F {0} /{1}   H,x U,x I,b",
    AVX,
)
each("vpshufd 66, vpshufhw F3, vpshuflw F2", "VEX.{0}.0F 70 /r   V,x W,x I,b", AVX)
each("vzeroupper 128, vzeroall 256", "VEX.{0}.NP.0F 77", AVX)

# -- moves -----------------------------------------------------------------------------------------
each(
    "vmovd 6E 7E",
    """
    VEX.128.66.0F {0} /r   V,dq E,y   as=vmovd/vmovd/vmovq
    VEX.128.66.0F {1} /r   E,y V,dq   as=vmovd/vmovd/vmovq
    """,
    AVX,
)
each("vmovq 7E D6", "VEX.128.F3.0F {0} /r   V,dq W,q\nVEX.128.66.0F {1} /r   W,q V,dq", AVX)
each("vmovdqa 66, vmovdqu F3", "VEX.{0}.0F 6F /r   V,x W,x\nVEX.{0}.0F 7F /r   W,x V,x", AVX)
each("vmovntdq E7", "VEX.66.0F {0} /r   M,x V,x", AVX)
each("vmovntdqa 2A", "VEX.66.0F38 {0} /r   V,x M,x", AVX)
each("vlddqu F0", "VEX.F2.0F {0} /r   V,x M,x", AVX)
each("vmaskmovdqu F7", "VEX.128.66.0F {0} /r   [rDI],dq V,dq U,dq", AVX)
each("vpmovmskb D7", "VEX.66.0F {0} /r   G,y U,x", AVX)
each(
    "vpmaskmovd W0, vpmaskmovq W1",
    "VEX.66.0F38.{0} 8C /r   V,x H,x M,x\nVEX.66.0F38.{0} 8E /r   M,x H,x V,x",
    AVX2,
)

# -- insertion and extraction ----------------------------------------------------------------------
each(
    "vpinsrw C4",
    "VEX.128.66.0F {0} /r   V,dq H,dq R,y I,b\nVEX.128.66.0F {0} /r   V,dq H,dq M,w I,b",
    AVX,
)
each(
    "vpinsrb 20",
    "VEX.128.66.0F3A {0} /r   V,dq H,dq R,y I,b\nVEX.128.66.0F3A {0} /r   V,dq H,dq M,b I,b",
    AVX,
)
each("vpinsrd 22", "VEX.128.66.0F3A {0} /r   V,dq H,dq E,y I,b   as=vpinsrd/vpinsrd/vpinsrq", AVX)
each("vpextrw C5", "VEX.128.66.0F {0} /r   G,y U,dq I,b", AVX)
each(
    "vpextrb 14 b, vpextrw 15 w",
    "VEX.128.66.0F3A {0} /r   R,y V,dq I,b\nVEX.128.66.0F3A {0} /r   M,{1} V,dq I,b",
    AVX,
)
each("vpextrd 16", "VEX.128.66.0F3A {0} /r   E,y V,dq I,b   as=vpextrd/vpextrd/vpextrq", AVX)
each("vinserti128 38", "VEX.256.66.0F3A.W0 {0} /r   V,qq H,qq W,dq I,b", AVX2)
each("vextracti128 39", "VEX.256.66.0F3A.W0 {0} /r   W,dq V,qq I,b", AVX2)

# -- SSSE3 and SSE4.1 in three-operand form ----------------------------------------------------------
each(
    """vpshufb 00, vphaddw 01, vphaddd 02, vphaddsw 03, vpmaddubsw 04, vphsubw 05, vphsubd 06, vphsubsw 07,
    vpsignb 08, vpsignw 09, vpsignd 0A, vpmulhrsw 0B, vpmuldq 28, vpcmpeqq 29, vpackusdw 2B, vpcmpgtq 37,
    vpminsb 38, vpminsd 39, vpminuw 3A, vpminud 3B, vpmaxsb 3C, vpmaxsd 3D, vpmaxuw 3E, vpmaxud 3F,
    vpmulld 40""",
    "VEX.66.0F38 {0} /r   V,x H,x W,x",
    AVX,
)
each("vpabsb 1C, vpabsw 1D, vpabsd 1E, vptest 17", "VEX.66.0F38 {0} /r   V,x W,x", AVX)
each("vphminposuw 41", "VEX.128.66.0F38 {0} /r   V,dq W,dq", AVX)
each(
    """vpmovsxbw 20 hx, vpmovsxbd 21 qx, vpmovsxbq 22 ox, vpmovsxwd 23 hx, vpmovsxwq 24 qx, vpmovsxdq 25 hx,
    vpmovzxbw 30 hx, vpmovzxbd 31 qx, vpmovzxbq 32 ox, vpmovzxwd 33 hx, vpmovzxwq 34 qx, vpmovzxdq 35 hx""",
    "VEX.66.0F38 {0} /r   V,x W,{1}",
    AVX,
)
each("vpblendw 0E, vpalignr 0F, vmpsadbw 42", "VEX.66.0F3A {0} /r   V,x H,x W,x I,b", AVX)
each("vpblendvb 4C", "VEX.66.0F3A.W0 {0} /r   V,x H,x W,x L,x", AVX)
each(
    "vpcmpestrm 60, vpcmpestri 61",
    "VEX.128.66.0F3A.W0 {0} /r   V,dq W,dq I,b",
    AVX,
)
each("vpcmpestrm64 60, vpcmpestri64 61", "VEX.128.66.0F3A.W1 {0} /r   V,dq W,dq I,b", AVX)
each("vpcmpistrm 62, vpcmpistri 63", "VEX.128.66.0F3A {0} /r   V,dq W,dq I,b", AVX)

# -- AVX2 ------------------------------------------------------------------------------------------
each("vpermd 36", "VEX.256.66.0F38.W0 {0} /r   V,qq H,qq W,qq", AVX2)
each("vpermq 00", "VEX.256.66.0F3A.W1 {0} /r   V,qq W,qq I,b", AVX2)
each("vperm2i128 46", "VEX.256.66.0F3A.W0 {0} /r   V,qq H,qq W,qq I,b", AVX2)
each("vpblendd 02", "VEX.66.0F3A.W0 {0} /r   V,x H,x W,x I,b", AVX2)
each(
    "vpsrlvd 45 W0, vpsrlvq 45 W1, vpsravd 46 W0, vpsllvd 47 W0, vpsllvq 47 W1",
    "VEX.66.0F38.{1} {0} /r   V,x H,x W,x",
    AVX2,
)
each(
    "vpbroadcastd 58 d, vpbroadcastq 59 q, vpbroadcastb 78 b, vpbroadcastw 79 w",
    "VEX.66.0F38.W0 {0} /r   V,x W,{1}",
    AVX2,
)
each("vbroadcasti128 5A", "VEX.256.66.0F38.W0 {0} /r   V,qq M,dq", AVX2)
GATHER = "cpuid=avx2 distinct"
each("vpgatherdd 90", "VEX.66.0F38.W0 {0} /r   V,x M,d H,x   vsib=x", GATHER)
each("vpgatherdq 90", "VEX.66.0F38.W1 {0} /r   V,x M,q H,x   vsib=hx", GATHER)
each("vpgatherqd 91", "VEX.66.0F38.W0 {0} /r   V,hx M,d H,hx   vsib=x", GATHER)
each("vpgatherqq 91", "VEX.66.0F38.W1 {0} /r   V,x M,q H,x   vsib=x", GATHER)

# -- later: VNNI, IFMA, NE-CONVERT ---------------------------------------------------------------------
each(
    """vpdpbusd 66 50, vpdpbusds 66 51, vpdpwssd 66 52, vpdpwssds 66 53, vpdpbuud NP 50, vpdpbuuds NP 51,
    vpdpbsud F3 50, vpdpbsuds F3 51, vpdpbssd F2 50, vpdpbssds F2 51, vpdpwuud NP D2, vpdpwuuds NP D3,
    vpdpwusd 66 D2, vpdpwusds 66 D3, vpdpwsud F3 D2, vpdpwsuds F3 D3""",
    "VEX.{0}.0F38.W0 {1} /r   V,x H,x W,x",
    "cpuid=avx-vnni",
)
each("vpmadd52luq B4, vpmadd52huq B5", "VEX.66.0F38.W1 {0} /r   V,x H,x W,x", "cpuid=avx-ifma")
each(
    "vbcstnesh2ps 66, vbcstnebf162ps F3", "VEX.{0}.0F38.W0 B1 /r   V,x M,w", "cpuid=avx-ne-convert"
)
each(
    "vcvtneoph2ps NP, vcvtneeph2ps 66, vcvtneebf162ps F3, vcvtneobf162ps F2",
    "VEX.{0}.0F38.W0 B0 /r   V,x M,x",
    "cpuid=avx-ne-convert",
)
each("vcvtneps2bf16 72", "VEX.F3.0F38.W0 {0} /r   V,hx W,x", "cpuid=avx-ne-convert")

# -- cryptography ------------------------------------------------------------------------------------
each("vaesimc DB", "VEX.128.66.0F38 {0} /r   V,dq W,dq", "cpuid=aes")
each(
    "vaesenc DC, vaesenclast DD, vaesdec DE, vaesdeclast DF",
    "VEX.66.0F38 {0} /r   V,x H,x W,x",
    "cpuid=vaes",
)
each("vaeskeygenassist DF", "VEX.128.66.0F3A {0} /r   V,dq W,dq I,b", "cpuid=aes")
each("vpclmulqdq 44", "VEX.66.0F3A {0} /r   V,x H,x W,x I,b", "cpuid=vpclmulqdq")
each("vgf2p8mulb CF", "VEX.66.0F38.W0 {0} /r   V,x H,x W,x", "cpuid=gfni")
each(
    "vgf2p8affineqb CE, vgf2p8affineinvqb CF",
    "VEX.66.0F3A.W1 {0} /r   V,x H,x W,x I,b",
    "cpuid=gfni",
)
each("vsha512rnds2 CB", "VEX.256.F2.0F38.W0 {0} /r   V,qq H,qq U,dq", "cpuid=sha512")
each(
    "vsha512msg1 CC dq, vsha512msg2 CD qq", "VEX.256.F2.0F38.W0 {0} /r   V,qq U,{1}", "cpuid=sha512"
)
each("vsm3msg1 NP, vsm3msg2 66", "VEX.128.{0}.0F38.W0 DA /r   V,dq H,dq W,dq", "cpuid=sm3")
each("vsm3rnds2 DE", "VEX.128.66.0F3A.W0 {0} /r   V,dq H,dq W,dq I,b", "cpuid=sm3")
each("vsm4key4 F3, vsm4rnds4 F2", "VEX.{0}.0F38.W0 DA /r   V,x H,x W,x", "cpuid=sm4")
