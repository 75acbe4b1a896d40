"""AMX, tiles and their multiplication: names and lengths; no meaning yet (SDM vol. 1, chapter 18)."""

from __future__ import annotations

from elfin.isa.row import each

AMX = "cpuid=amx"

each("ldtilecfg NP, sttilecfg 66", "VEX.128.{0}.0F38.W0 49 /0   M,oq", AMX)
each("tilerelease C0", "VEX.128.NP.0F38.W0 49 !{0}", AMX)
each("tilezero F2", "VEX.128.{0}.0F38.W0 49 11:rrr:000   Tr", AMX)
each("tileloadd F2, tileloaddt1 66", "VEX.128.{0}.0F38.W0 4B /r   Tr M,n   sib", AMX)
each("tilestored F3", "VEX.128.{0}.0F38.W0 4B /r   M,n Tr   sib", AMX)
each(
    """tdpbf16ps F3 5C, tdpfp16ps F2 5C, tdpbuud NP 5E, tdpbusd 66 5E, tdpbsud F3 5E, tdpbssd F2 5E,
    tcmmrlfp16ps NP 6C, tcmmimfp16ps 66 6C""",
    "VEX.128.{0}.0F38.W0 {1} /r   Tr Tm Tv   distinct",
    AMX,
)
