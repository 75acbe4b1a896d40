"""AMD 3DNow!: names and lengths; no meaning yet (APM vol. 5)."""

from __future__ import annotations

from elfin.isa.row import each

each(
    """pi2fw 0C, pi2fd 0D, pf2iw 1C, pf2id 1D, pfnacc 8A, pfpnacc 8E, pfcmpge 90,
    pfmin 94, pfrcp 96, pfrsqrt 97, pfsub 9A, pfadd 9E, pfcmpgt A0, pfmax A4, pfrcpit1 A6, pfrsqit1 A7,
    pfsubr AA, pfacc AE, pfcmpeq B0, pfmul B4, pfrcpit2 B6, pmulhrw B7, pswapd BB, pavgusb BF""",
    "0F 0F /r {0}   P,q Q,q",
    "cpuid=3dnow",
    "APM",
)
each("femms 0E", "0F {0}", "cpuid=3dnow", "APM")
