"""Conversions between floats and integers, and between floats (SDM vol. 2: CVTDQ2PD ... CVTTSS2SI)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.types import I32, I64, V128
from elfin.ir.value import const, make
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vector import aligned, alone, float_result, op

SSE = "cpuid=sse"
SSE2 = "cpuid=sse2"

CVTSI2SS = rows("cvtsi2ss", "SDM 2A CVTSI2SS", SSE)
CVTSI2SS("F3 0F 2A /r   V,ss E,y")
CVTSI2SD = rows("cvtsi2sd", "SDM 2A CVTSI2SD", SSE2)
CVTSI2SD("F2 0F 2A /r   V,sd E,y")
CVTSS2SI = rows("cvtss2si", "SDM 2A CVTSS2SI", SSE)
CVTSS2SI("F3 0F 2D /r   G,y W,ss")
CVTSD2SI = rows("cvtsd2si", "SDM 2A CVTSD2SI", SSE2)
CVTSD2SI("F2 0F 2D /r   G,y W,sd")
CVTTSS2SI = rows("cvttss2si", "SDM 2A CVTTSS2SI", SSE)
CVTTSS2SI("F3 0F 2C /r   G,y W,ss")
CVTTSD2SI = rows("cvttsd2si", "SDM 2A CVTTSD2SI", SSE2)
CVTTSD2SI("F2 0F 2C /r   G,y W,sd")
CVTSS2SD = rows("cvtss2sd", "SDM 2A CVTSS2SD", SSE2)
CVTSS2SD("F3 0F 5A /r   V,sd W,ss")
CVTSD2SS = rows("cvtsd2ss", "SDM 2A CVTSD2SS", SSE2)
CVTSD2SS("F2 0F 5A /r   V,ss W,sd")

CVTDQ2PD = rows("cvtdq2pd", "SDM 2A CVTDQ2PD", SSE2)
CVTDQ2PD("F3 0F E6 /r   V,pd W,q")
CVTDQ2PS = rows("cvtdq2ps", "SDM 2A CVTDQ2PS", SSE2)
CVTDQ2PS("NP 0F 5B /r   V,ps W,dq")
CVTPS2DQ = rows("cvtps2dq", "SDM 2A CVTPS2DQ", SSE2)
CVTPS2DQ("66 0F 5B /r   V,dq W,ps")
CVTTPS2DQ = rows("cvttps2dq", "SDM 2A CVTTPS2DQ", SSE2)
CVTTPS2DQ("F3 0F 5B /r   V,dq W,ps")
CVTPD2DQ = rows("cvtpd2dq", "SDM 2A CVTPD2DQ", SSE2)
CVTPD2DQ("F2 0F E6 /r   V,dq W,pd")
CVTTPD2DQ = rows("cvttpd2dq", "SDM 2A CVTTPD2DQ", SSE2)
CVTTPD2DQ("66 0F E6 /r   V,dq W,pd")
CVTPD2PS = rows("cvtpd2ps", "SDM 2A CVTPD2PS", SSE2)
CVTPD2PS("66 0F 5A /r   V,ps W,pd")
CVTPS2PD = rows("cvtps2pd", "SDM 2A CVTPS2PD", SSE2)
CVTPS2PD("NP 0F 5A /r   V,pd W,q")


@semantics("cvtsi2ss")
def cvtsi2ss(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, float_result(m, "i64_to_f32", I32, m.read(src).sext(I64)))


@semantics("cvtsi2sd")
def cvtsi2sd(m: Sem, dst: Place, src: Place) -> None:
    x = m.read(src)
    if x.type is I32:  # exact
        m.write(dst, make("bitcast", I64, op("f64.convert_i32_s", x)))
    else:
        m.write(dst, float_result(m, "i64_to_f64", I64, x))


def _to_integer(truncates: int) -> Callable[[Sem, Place, Place], None]:
    def meaning(m: Sem, dst: Place, src: Place) -> None:
        function = "f64_to_integer" if src.type is I64 else "f32_to_integer"
        bits, way = const(I32, dst.type.bits), const(I32, truncates)
        m.write(dst, float_result(m, function, I64, m.read(src), bits, way).trunc(dst.type))

    return meaning


semantics("cvtss2si", "cvtsd2si")(_to_integer(0))
semantics("cvttss2si", "cvttsd2si")(_to_integer(1))


@semantics("cvtss2sd")
def cvtss2sd(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, float_result(m, "f32_to_f64", I64, m.read(src)))


@semantics("cvtsd2ss")
def cvtsd2ss(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, float_result(m, "f64_to_f32", I32, m.read(src)))


@semantics("cvtdq2pd")
def cvtdq2pd(m: Sem, dst: Place, src: Place) -> None:
    """Every 32-bit integer is an f64."""
    m.write(dst, op("f64x2.convert_low_i32x4_s", alone(m.read(src))))


@semantics("cvtps2pd")
def cvtps2pd(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, float_result(m, "f32x4_to_f64x2", V128, m.read(src)))


# The core function of each conversion of a whole register, and whether it truncates where it can.
_PACKED: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "cvtdq2ps": ("i32x4_to_f32x4", ()),
    "cvtpd2ps": ("f64x2_to_f32x4", ()),
    "cvtps2dq": ("f32x4_to_i32x4", (0,)),
    "cvttps2dq": ("f32x4_to_i32x4", (1,)),
    "cvtpd2dq": ("f64x2_to_i32x4", (0,)),
    "cvttpd2dq": ("f64x2_to_i32x4", (1,)),
}


def _packed(function: str, arguments: tuple[int, ...]) -> Callable[[Sem, Place, Place], None]:
    def meaning(m: Sem, dst: Place, src: Place) -> None:
        constants = (const(I32, argument) for argument in arguments)
        m.write(dst, float_result(m, function, V128, aligned(m, src), *constants))

    return meaning


for _name, (_function, _arguments) in _PACKED.items():
    semantics(_name)(_packed(_function, _arguments))
