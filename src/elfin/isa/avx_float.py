"""AVX, FMA, F16C on floating-point vectors: names and lengths; no meaning yet (SDM vol. 1, chapter 14)."""

from __future__ import annotations

from elfin.isa.row import each

AVX = "cpuid=avx"

# -- arithmetic, logic, comparison -----------------------------------------------------------------
for kind, prefix in (("ps", "NP"), ("pd", "66")):
    each(
        """vunpckl 14, vunpckh 15, vand 54, vandn 55, vor 56, vxor 57, vadd 58, vmul 59, vsub 5C, vmin 5D,
        vdiv 5E, vmax 5F""",
        f"VEX.{prefix}.0F {{0}} /r   V,x H,x W,x",
        AVX,
        suffix=kind,
    )
    each("vsqrt 51", f"VEX.{prefix}.0F {{0}} /r   V,x W,x", AVX, suffix=kind)
    each("vcmp C2, vshuf C6", f"VEX.{prefix}.0F {{0}} /r   V,x H,x W,x I,b", AVX, suffix=kind)
    each("vmovmsk 50", f"VEX.{prefix}.0F {{0}} /r   G,y U,x", AVX, suffix=kind)
    each("vmovu 10 11, vmova 28 29", f"""
        VEX.{prefix}.0F {{0}} /r   V,x W,x
        VEX.{prefix}.0F {{1}} /r   W,x V,x
        """, AVX, suffix=kind)  # fmt: skip
    each("vmovnt 2B", f"VEX.{prefix}.0F {{0}} /r   M,x V,x", AVX, suffix=kind)
    each("vmovl 12 13, vmovh 16 17", f"""
        VEX.128.{prefix}.0F {{0}} /r   V,dq H,dq M,q
        VEX.128.{prefix}.0F {{1}} /r   M,q V,dq
        """, AVX, suffix=kind)  # fmt: skip
each("vrsqrtps 52, vrcpps 53", "VEX.NP.0F {0} /r   V,x W,x", AVX)
each("vmovhlps 12, vmovlhps 16", "VEX.128.NP.0F {0} /r   V,dq H,dq U,dq", AVX)
for kind, prefix in (("ss", "F3"), ("sd", "F2")):
    each(
        "vsqrt 51, vadd 58, vmul 59, vsub 5C, vmin 5D, vdiv 5E, vmax 5F",
        f"VEX.LIG.{prefix}.0F {{0}} /r   V,{kind} H,{kind} W,{kind}",
        AVX,
        suffix=kind,
    )
    each(f"vcmp{kind} C2", f"VEX.LIG.{prefix}.0F {{0}} /r   V,{kind} H,{kind} W,{kind} I,b", AVX)
    each(f"vmov{kind} 10 11", f"""
        VEX.LIG.{prefix}.0F {{0}} /r   V,{kind} M,{kind}
        VEX.LIG.{prefix}.0F {{1}} /r   M,{kind} V,{kind}
        VEX.LIG.{prefix}.0F {{0}} /r   V,{kind} H,{kind} U,{kind}
        VEX.LIG.{prefix}.0F {{1}} /r   U,{kind} H,{kind} V,{kind}
        """, AVX)  # fmt: skip
    each(f"vcvtsi2{kind} 2A", f"VEX.LIG.{prefix}.0F {{0}} /r   V,{kind} H,{kind} E,y", AVX)
    each(
        f"vcvtt{kind}2si 2C, vcvt{kind}2si 2D", f"VEX.LIG.{prefix}.0F {{0}} /r   G,y W,{kind}", AVX
    )
each("vrsqrtss 52, vrcpss 53", "VEX.LIG.F3.0F {0} /r   V,ss H,ss W,ss", AVX)
each("vucomiss NP 2E ss, vcomiss NP 2F ss, vucomisd 66 2E sd, vcomisd 66 2F sd",
     "VEX.LIG.{0}.0F {1} /r   V,{2} W,{2}", AVX)  # fmt: skip
each("vaddsubpd 66 D0, vaddsubps F2 D0, vhaddpd 66 7C, vhaddps F2 7C, vhsubpd 66 7D, vhsubps F2 7D",
     "VEX.{0}.0F {1} /r   V,x H,x W,x", AVX)  # fmt: skip
each("vmovsldup 12, vmovshdup 16", "VEX.F3.0F {0} /r   V,x W,x", AVX)
each("vmovddup 12", "VEX.128.F2.0F {0} /r   V,dq W,q\nVEX.256.F2.0F {0} /r   V,qq W,qq", AVX)
each("vldmxcsr 2, vstmxcsr 3", "VEX.LZ.NP.0F AE /{0}   M,d", AVX)

# -- conversions -----------------------------------------------------------------------------------
each("vcvtps2pd NP 5A, vcvtdq2pd F3 E6", "VEX.{0}.0F {1} /r   V,x W,hx", AVX)
each("vcvtpd2ps 66 5A, vcvttpd2dq 66 E6, vcvtpd2dq F2 E6", "VEX.{0}.0F {1} /r   V,hx W,x", AVX)
each("vcvtdq2ps NP 5B, vcvtps2dq 66 5B, vcvttps2dq F3 5B", "VEX.{0}.0F {1} /r   V,x W,x", AVX)
each("vcvtss2sd F3 ss, vcvtsd2ss F2 sd", "VEX.LIG.{0}.0F 5A /r   V,dq H,dq W,{1}", AVX)
each("vcvtph2ps 13", "VEX.66.0F38.W0 {0} /r   V,x W,hx", "cpuid=f16c")
each("vcvtps2ph 1D", "VEX.66.0F3A.W0 {0} /r   W,hx V,x I,b", "cpuid=f16c")

# -- permutation, broadcast, blending --------------------------------------------------------------
each("vpermilps 0C 04, vpermilpd 0D 05", """
    VEX.66.0F38.W0 {0} /r   V,x H,x W,x
    VEX.66.0F3A.W0 {1} /r   V,x W,x I,b
    """, AVX)  # fmt: skip
each("vtestps 0E, vtestpd 0F", "VEX.66.0F38.W0 {0} /r   V,x W,x", AVX)
each("vbroadcastss 18", "VEX.66.0F38.W0 {0} /r   V,x W,ss", AVX)
each("vbroadcastsd 19", "VEX.256.66.0F38.W0 {0} /r   V,qq W,sd", AVX)
each("vbroadcastf128 1A", "VEX.256.66.0F38.W0 {0} /r   V,qq M,dq", AVX)
each("vmaskmovps 2C 2E, vmaskmovpd 2D 2F", """
    VEX.66.0F38.W0 {0} /r   V,x H,x M,x
    VEX.66.0F38.W0 {1} /r   M,x H,x V,x
    """, AVX)  # fmt: skip
each("vroundps 08, vroundpd 09", "VEX.66.0F3A {0} /r   V,x W,x I,b", AVX)
each("vroundss 0A ss, vroundsd 0B sd", "VEX.LIG.66.0F3A {0} /r   V,{1} H,{1} W,{1} I,b", AVX)
each("vblendps 0C, vblendpd 0D, vdpps 40", "VEX.66.0F3A {0} /r   V,x H,x W,x I,b", AVX)
each("vdppd 41", "VEX.128.66.0F3A {0} /r   V,dq H,dq W,dq I,b", AVX)
each("vblendvps 4A, vblendvpd 4B", "VEX.66.0F3A.W0 {0} /r   V,x H,x W,x L,x", AVX)
each("vperm2f128 06", "VEX.256.66.0F3A.W0 {0} /r   V,qq H,qq W,qq I,b", AVX)
each("vinsertf128 18", "VEX.256.66.0F3A.W0 {0} /r   V,qq H,qq W,dq I,b", AVX)
each("vextractf128 19", "VEX.256.66.0F3A.W0 {0} /r   W,dq V,qq I,b", AVX)
each(
    "vextractps 17",
    "VEX.128.66.0F3A {0} /r   R,y V,dq I,b\nVEX.128.66.0F3A {0} /r   M,d V,dq I,b",
    AVX,
)
each("vinsertps 21", "VEX.128.66.0F3A {0} /r   V,dq H,dq W,ss I,b", AVX)
each("vpermps 16", "VEX.256.66.0F38.W0 {0} /r   V,qq H,qq W,qq", "cpuid=avx2")
each("vpermpd 01", "VEX.256.66.0F3A.W1 {0} /r   V,qq W,qq I,b", "cpuid=avx2")

# -- gathers: the mask is an operand, and what is read decides the width ---------------------------------
GATHER = "cpuid=avx2 distinct"
each("vgatherdps 92", "VEX.66.0F38.W0 {0} /r   V,x M,d H,x   vsib=x", GATHER)
each("vgatherdpd 92", "VEX.66.0F38.W1 {0} /r   V,x M,q H,x   vsib=hx", GATHER)
each("vgatherqps 93", "VEX.66.0F38.W0 {0} /r   V,hx M,d H,hx   vsib=x", GATHER)
each("vgatherqpd 93", "VEX.66.0F38.W1 {0} /r   V,x M,q H,x   vsib=x", GATHER)

# -- fused multiply and add: 132, 213 and 231 say which operands are multiplied --------------------------
for order, row in (("132", "9"), ("213", "A"), ("231", "B")):
    for kind, scalar, w in (("ps", "ss", "W0"), ("pd", "sd", "W1")):
        each(
            "vfmaddsub 6, vfmsubadd 7, vfmadd 8, vfmsub A, vfnmadd C, vfnmsub E",
            f"VEX.66.0F38.{w} {row}{{0}} /r   V,x H,x W,x",
            "cpuid=fma",
            suffix=order + kind,
        )
        each(
            "vfmadd 9, vfmsub B, vfnmadd D, vfnmsub F",
            f"VEX.LIG.66.0F38.{w} {row}{{0}} /r   V,{scalar} H,{scalar} W,{scalar}",
            "cpuid=fma",
            suffix=order + scalar,
        )
