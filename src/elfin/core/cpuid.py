"""CPUID: what this processor says of itself (SDM vol. 2A CPUID; APM vol. 3, appendix E).

It says what is implemented, no more; a family that adds an extension adds its bit.  FPU and MMX are named
because no x86-64 processor lacks them.  BMI1 is not, though TZCNT is: its other instructions are missing.
The vendor is one whose cache leaves C libraries know how to read; ERMS is true in its sense: REP MOVSB and
REP STOSB are by far the fastest copies here.
"""

from __future__ import annotations

from elfin.dialect import core_function, u32
from elfin.isa.features import FEATURES_D


def _words(text: str, size: int) -> tuple[int, ...]:
    """A text as little-endian words, filled up with zeros to `size` bytes."""
    data = text.encode().ljust(size, b"\0")
    return tuple(int.from_bytes(data[i : i + 4], "little") for i in range(0, size, 4))


HIGHEST = 7
HIGHEST_EXTENDED = 0x80000008
VENDOR_B, VENDOR_D, VENDOR_C = _words("GenuineIntel", 12)
(
    BRAND_0, BRAND_1, BRAND_2, BRAND_3, BRAND_4, BRAND_5,
    BRAND_6, BRAND_7, BRAND_8, BRAND_9, BRAND_10, BRAND_11,
) = _words("elfin: x86-64 interpreted in WebAssembly", 48)  # fmt: skip
SIGNATURE = 0x000006F1  # family 6, model 15: 64 bits, SSE2, nothing newer is assumed of it
# leaf 1, ECX
CMPXCHG16B = 1 << 13
MOVBE = 1 << 22
POPCNT = 1 << 23
FEATURES_C = CMPXCHG16B | MOVBE | POPCNT
LINE = 64
CLFLUSH_LINE = (LINE // 8) << 8  # leaf 1, EBX
# leaf 7, EBX, ECX, EDX
FSGSBASE = 1 << 0
ERMS = 1 << 9
ADX = 1 << 19
CLFLUSHOPT = 1 << 23
CLWB = 1 << 24
STRUCTURED_B = FSGSBASE | ERMS | ADX | CLFLUSHOPT | CLWB
RDPID = 1 << 22
FSRM = 1 << 4
# leaf 80000001H, ECX, EDX
LAHF = 1 << 0
LZCNT = 1 << 5
PREFETCHW = 1 << 8
EXTENDED_C = LAHF | LZCNT | PREFETCHW
SYSCALL = 1 << 11
NX = 1 << 20
RDTSCP = 1 << 27
LONG_MODE = 1 << 29
EXTENDED_D = SYSCALL | NX | RDTSCP | LONG_MODE
INVARIANT_TSC = 1 << 8
ADDRESS_BITS = 0x3030  # 48 physical, 48 linear
# Caches: 32 KiB for data, 32 KiB for code, 1 MiB, 16 MiB.
DESCRIPTORS = 0x00FE_FF01  # leaf 2: "see leaf 4"
LINES_8_WAYS = 7 << 22 | (LINE - 1)
LINES_16_WAYS = 15 << 22 | (LINE - 1)
L1_SETS = 63
L2_SETS = 1023
L3_SETS = 16383
DATA = 1
CODE = 2
UNIFIED = 3
SELF_INITIALIZING = 1 << 8
L2_LEGACY = 1024 << 16 | 8 << 12 | LINE  # leaf 80000006H: KiB, 16 ways, line


@core_function()
def _four(register: u32, a: u32, b: u32, c: u32, d: u32) -> u32:
    """One of EAX, EBX, ECX, EDX."""
    if register == 0:
        return a
    if register == 1:
        return b
    if register == 2:
        return c
    return d


@core_function()
def _cache(level: u32, register: u32) -> u32:
    """Leaf 4: type, level and geometry of each cache, not shared."""
    ways = u32(LINES_8_WAYS)
    if level == 0:
        kind = u32(DATA | 1 << 5)
        sets = u32(L1_SETS)
    elif level == 1:
        kind = u32(CODE | 1 << 5)
        sets = u32(L1_SETS)
    elif level == 2:
        kind = u32(UNIFIED | 2 << 5)
        sets = u32(L2_SETS)
        ways = u32(LINES_16_WAYS)
    elif level == 3:
        kind = u32(UNIFIED | 3 << 5)
        sets = u32(L3_SETS)
        ways = u32(LINES_16_WAYS)
    else:
        return u32(0)
    return _four(register, kind | SELF_INITIALIZING, ways, sets, u32(0))


@core_function()
def _extended(leaf: u32, register: u32) -> u32:
    if leaf == 0x80000000:
        return _four(register, u32(HIGHEST_EXTENDED), u32(0), u32(0), u32(0))
    if leaf == 0x80000001:
        return _four(register, u32(0), u32(0), u32(EXTENDED_C), u32(EXTENDED_D))
    if leaf == 0x80000002:
        return _four(register, u32(BRAND_0), u32(BRAND_1), u32(BRAND_2), u32(BRAND_3))
    if leaf == 0x80000003:
        return _four(register, u32(BRAND_4), u32(BRAND_5), u32(BRAND_6), u32(BRAND_7))
    if leaf == 0x80000004:
        return _four(register, u32(BRAND_8), u32(BRAND_9), u32(BRAND_10), u32(BRAND_11))
    if leaf == 0x80000006:
        return _four(register, u32(0), u32(0), u32(L2_LEGACY), u32(0))
    if leaf == 0x80000007:
        return _four(register, u32(0), u32(0), u32(0), u32(INVARIANT_TSC))
    if leaf == 0x80000008:
        return _four(register, u32(ADDRESS_BITS), u32(0), u32(0), u32(0))
    return u32(0)


@core_function()
def cpuid(leaf: u32, subleaf: u32, register: u32) -> u32:
    """EAX, EBX, ECX or EDX (register 0..3) of a leaf."""
    if leaf >= 0x80000000:
        return _extended(leaf, register)
    if leaf == 0:
        return _four(register, u32(HIGHEST), u32(VENDOR_B), u32(VENDOR_C), u32(VENDOR_D))
    if leaf == 1:
        return _four(register, u32(SIGNATURE), u32(CLFLUSH_LINE), u32(FEATURES_C), u32(FEATURES_D))
    if leaf == 2:
        return _four(register, u32(DESCRIPTORS), u32(0), u32(0), u32(0))
    if leaf == 4:
        return _cache(subleaf, register)
    if leaf == 7 and subleaf == 0:
        return _four(register, u32(0), u32(STRUCTURED_B), u32(RDPID), u32(FSRM))
    return u32(0)
