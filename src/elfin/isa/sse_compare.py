"""Float comparisons (SDM vol. 2: CMPPS, CMPPD, CMPSS, CMPSD, COMISS, COMISD, UCOMISS, UCOMISD).

CMPxx leave a mask of ones or zeros; COMIS and UCOMIS set the flags, and differ in whether a quiet NaN is
invalid.  SDM vol. 2A, table 3-1 has the predicates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.types import I32, I64, V128
from elfin.ir.value import FALSE, const
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vector import aligned, float_result

CMPPS = rows("cmpps", "SDM 2A CMPPS", "cpuid=sse")
CMPPS("NP 0F C2 /r   V,ps W,ps I,b")
CMPPD = rows("cmppd", "SDM 2A CMPPD", "cpuid=sse2")
CMPPD("66 0F C2 /r   V,pd W,pd I,b")
CMPSS = rows("cmpss", "SDM 2A CMPSS", "cpuid=sse")
CMPSS("F3 0F C2 /r   V,ss W,ss I,b")
CMPSD = rows("cmpsd", "SDM 2A CMPSD", "cpuid=sse2 meaning=cmpsd_xmm")
CMPSD("F2 0F C2 /r   V,sd W,sd I,b")

COMISS = rows("comiss", "SDM 2A COMISS", "cpuid=sse")
COMISS("NP 0F 2F /r   V,ss W,ss")
COMISD = rows("comisd", "SDM 2A COMISD", "cpuid=sse2")
COMISD("66 0F 2F /r   V,sd W,sd")
UCOMISS = rows("ucomiss", "SDM 2C UCOMISS", "cpuid=sse")
UCOMISS("NP 0F 2E /r   V,ss W,ss")
UCOMISD = rows("ucomisd", "SDM 2C UCOMISD", "cpuid=sse2")
UCOMISD("66 0F 2E /r   V,sd W,sd")

_COMPARE: Final = {"cmpps": "cmpps", "cmppd": "cmppd", "cmpss": "f32_compare", "cmpsd_xmm": "f64_compare"}  # fmt: skip


def _compare(function: str) -> Callable[[Sem, Place, Place, Place], None]:
    def meaning(m: Sem, dst: Place, src: Place, predicate: Place) -> None:
        b = aligned(m, src) if src.type is V128 else m.read(src)
        which = m.read(predicate).zext(I32)
        m.write(dst, float_result(m, function, dst.type, m.read(dst), b, which))

    return meaning


for _name, _function in _COMPARE.items():
    semantics(_name)(_compare(_function))


def _set_flags(m: Sem, a: Place, b: Place, quiet_is_invalid: int) -> None:
    function = "f64_relation" if a.type is I64 else "f32_relation"
    x, y = m.read(a), m.read(b)
    relation = float_result(m, function, I32, x, y, const(I32, quiet_is_invalid))
    m.flags(c=relation.bit(0), p=relation.bit(2), z=relation.bit(6), a=FALSE, s=FALSE, o=FALSE)


@semantics("comiss", "comisd")
def comis(m: Sem, a: Place, b: Place) -> None:
    _set_flags(m, a, b, 1)


@semantics("ucomiss", "ucomisd")
def ucomis(m: Sem, a: Place, b: Place) -> None:
    _set_flags(m, a, b, 0)
