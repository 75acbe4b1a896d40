"""BMI1, BMI2, RAO-INT, CMPccXADD, AMD's TBM and LWP: names and lengths; no meaning yet.

LZCNT, TZCNT and POPCNT are in `bit_scan.py`, ADCX and ADOX in `arithmetic.py`.
"""

from __future__ import annotations

from elfin.isa.row import each

each("andn F2", "VEX.LZ.NP.0F38 {0} /r   G,y B,y E,y", "cpuid=bmi1")
each("blsr 1, blsmsk 2, blsi 3", "VEX.LZ.NP.0F38 F3 /{0}   B,y E,y", "cpuid=bmi1")
each("bextr F7", "VEX.LZ.NP.0F38 {0} /r   G,y E,y B,y", "cpuid=bmi1")
each(
    "bzhi NP F5, shlx 66 F7, sarx F3 F7, shrx F2 F7",
    "VEX.LZ.{0}.0F38 {1} /r   G,y E,y B,y",
    "cpuid=bmi2",
)
each("pext F3 F5, pdep F2 F5, mulx F2 F6", "VEX.LZ.{0}.0F38 {1} /r   G,y B,y E,y", "cpuid=bmi2")
each("rorx F0", "VEX.LZ.F2.0F3A {0} /r   G,y E,y I,b", "cpuid=bmi2")

each("aadd NP, aand 66, axor F3, aor F2", "{0} 0F 38 FC /r   M,y G,y", "cpuid=rao-int")
CONDITIONS = "o no b nb z nz be nbe s ns p np l nl le nle"
for number, condition in enumerate(CONDITIONS.split()):
    each(
        f"cmp{condition}xadd {0xE0 + number:02X}",
        "VEX.128.66.0F38 {0} /r   M,y G,y B,y",
        "cpuid=cmpccxadd",
    )

each(
    "blcfill 01 1, blsfill 01 2, blcs 01 3, tzmsk 01 4, blcic 01 5, blsic 01 6, t1mskc 01 7, "
    "blcmsk 02 1, blci 02 6",
    "XOP.LZ.NP.09 {0} /{1}   B,y E,y",
    "cpuid=tbm",
    "APM",
)
each("bextr 10", "XOP.LZ.NP.0A {0} /r   G,y E,y I,d", "cpuid=tbm", "APM")
each("llwpcb 0, slwpcb 1", "XOP.LZ.NP.09 12 /{0}   R,y", "cpuid=lwp", "APM")
each("lwpins 0, lwpval 1", "XOP.LZ.NP.0A 12 /{0}   B,y E,d I,d", "cpuid=lwp", "APM")
