"""The XSAVE family and a few newer system instructions that this processor does not have: names and lengths.

FXSAVE and FXRSTOR are in the SSE families, XGETBV in `system.py`.
"""

from __future__ import annotations

from elfin.isa.row import each

each(
    "xsave AE 4, xrstor AE 5, xsaveopt AE 6, xrstors C7 3, xsavec C7 4, xsaves C7 5",
    "NP 0F {0} /{1}   M,n",
    "cpuid=xsave",
)
for number, name in enumerate(["xsave", "xrstor", "xsaveopt"], 4):
    each(f"{name}64 {number}", "NP REX.W 0F AE /{0}   M,n", "cpuid=xsave")
for number, name in enumerate(["xrstors", "xsavec", "xsaves"], 3):
    each(f"{name}64 {number}", "NP REX.W 0F C7 /{0}   M,n", "cpuid=xsave")
