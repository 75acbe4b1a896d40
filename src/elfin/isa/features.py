"""CPUID leaf 1, EDX: what every x86-64 processor has, which is also AT_HWCAP (SDM vol. 2A, CPUID).

In a file of its own, without imports, because a process start needs it and nothing else of `isa`.
"""

from __future__ import annotations

FPU = 1 << 0
TSC = 1 << 4
CX8 = 1 << 8
CMOV = 1 << 15
CLFSH = 1 << 19
MMX = 1 << 23
FXSR = 1 << 24
SSE = 1 << 25
SSE2 = 1 << 26
FEATURES_D = FPU | TSC | CX8 | CMOV | CLFSH | MMX | FXSR | SSE | SSE2
