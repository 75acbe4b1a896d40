"""AMD's XOP and FMA4: names and lengths; no meaning yet (APM vol. 6)."""

from __future__ import annotations

from elfin.isa.row import each

XOP = "cpuid=xop"

each(
    """vpmacssww 85, vpmacsswd 86, vpmacssdql 87, vpmacssdd 8E, vpmacssdqh 8F, vpmacsww 95, vpmacswd 96,
    vpmacsdql 97, vpmacsdd 9E, vpmacsdqh 9F, vpmadcsswd A6, vpmadcswd B6""",
    "XOP.128.NP.08.W0 {0} /r   V,dq H,dq W,dq L,dq",
    XOP,
    "APM",
)
each(
    "vpcmov A2",
    "XOP.NP.08.W0 {0} /r   V,x H,x W,x L,x\nXOP.NP.08.W1 {0} /r   V,x H,x L,x W,x",
    XOP,
    "APM",
)
each("vpperm A3", "XOP.128.NP.08.W0 {0} /r   V,dq H,dq W,dq L,dq\nXOP.128.NP.08.W1 {0} /r   V,dq H,dq L,dq W,dq",
     XOP, "APM")  # fmt: skip
each(
    "vprotb C0, vprotw C1, vprotd C2, vprotq C3",
    "XOP.128.NP.08.W0 {0} /r   V,dq W,dq I,b",
    XOP,
    "APM",
)
each(
    "vpcomb CC, vpcomw CD, vpcomd CE, vpcomq CF, vpcomub EC, vpcomuw ED, vpcomud EE, vpcomuq EF",
    "XOP.128.NP.08.W0 {0} /r   V,dq H,dq W,dq I,b",
    XOP,
    "APM",
)
each("vfrczps 80, vfrczpd 81", "XOP.NP.09.W0 {0} /r   V,x W,x", XOP, "APM")
each("vfrczss 82 ss, vfrczsd 83 sd", "XOP.128.NP.09.W0 {0} /r   V,{1} W,{1}", XOP, "APM")
each(
    """vprotb 90, vprotw 91, vprotd 92, vprotq 93, vpshlb 94, vpshlw 95, vpshld 96, vpshlq 97,
    vpshab 98, vpshaw 99, vpshad 9A, vpshaq 9B""",
    "XOP.128.NP.09.W0 {0} /r   V,dq W,dq H,dq\nXOP.128.NP.09.W1 {0} /r   V,dq H,dq W,dq",
    XOP,
    "APM",
)
each(
    """vphaddbw C1, vphaddbd C2, vphaddbq C3, vphaddwd C6, vphaddwq C7, vphadddq CB,
    vphaddubw D1, vphaddubd D2, vphaddubq D3, vphadduwd D6, vphadduwq D7, vphaddudq DB,
    vphsubbw E1, vphsubwd E2, vphsubdq E3""",
    "XOP.128.NP.09.W0 {0} /r   V,dq W,dq",
    XOP,
    "APM",
)
each("vpermil2ps 48, vpermil2pd 49", """
    VEX.66.0F3A.W0 {0} /r   V,x H,x W,x L,x I,b   is4
    VEX.66.0F3A.W1 {0} /r   V,x H,x L,x W,x I,b   is4
    """, XOP, "APM")  # fmt: skip

FMA4 = "cpuid=fma4"
each(
    """vfmaddsubps 5C, vfmaddsubpd 5D, vfmsubaddps 5E, vfmsubaddpd 5F, vfmaddps 68, vfmaddpd 69, vfmsubps 6C,
    vfmsubpd 6D, vfnmaddps 78, vfnmaddpd 79, vfnmsubps 7C, vfnmsubpd 7D""",
    "VEX.66.0F3A.W0 {0} /r   V,x H,x W,x L,x\nVEX.66.0F3A.W1 {0} /r   V,x H,x L,x W,x",
    FMA4,
    "APM",
)
each(
    """vfmaddss 6A ss, vfmaddsd 6B sd, vfmsubss 6E ss, vfmsubsd 6F sd, vfnmaddss 7A ss, vfnmaddsd 7B sd,
    vfnmsubss 7E ss, vfnmsubsd 7F sd""",
    "VEX.LIG.66.0F3A.W0 {0} /r   V,{1} H,{1} W,{1} L,{1}\nVEX.LIG.66.0F3A.W1 {0} /r   V,{1} H,{1} L,{1} W,{1}",
    FMA4,
    "APM",
)
