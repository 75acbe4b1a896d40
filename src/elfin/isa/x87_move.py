"""x87 loads, stores, constants and register moves (SDM vol. 2: FLD ... FCMOVcc).  The rows are in `x87.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.types import I8, I32, I64
from elfin.ir.value import Value, const
from elfin.isa.row import semantics
from elfin.isa.sem import Imm, Place, Sem
from elfin.isa.x87_operand import (
    address,
    begin,
    integer,
    number,
    offset,
    operand,
    raise_pending,
    register,
)

# Significand and exponent; how it is rounded down, and whether up or to nearest adds one.
CONSTANTS: Final = {
    "fld1": (0x8000_0000_0000_0000, 0x3FFF),
    "fldl2t": (0xD49A_784B_CD1B_8AFE, 0x4000),
    "fldl2e": (0xB8AA_3B29_5C17_F0BB, 0x3FFF),
    "fldpi": (0xC90F_DAA2_2168_C234, 0x4000),
    "fldlg2": (0x9A20_9A84_FBCF_F798, 0x3FFD),
    "fldln2": (0xB172_17F7_D1CF_79AB, 0x3FFE),
    "fldz": (0, 0),
}
ROUNDED_UP: Final = frozenset({"fldl2e", "fldpi", "fldlg2", "fldln2"})  # to nearest
INEXACT: Final = ROUNDED_UP | {"fldl2t"}


@semantics("fld")
def fld(m: Sem, src: Place) -> None:
    if isinstance(src, Imm):
        begin(m)
        m.call("x87_load_register", None, register(src))
    elif src.type is I8:  # 80 bits
        raise_pending(m)
        m.call("x87_load_extended", None, m.rip, address(src), offset(m, src))
    else:
        value = operand(m, src)
        m.call("x87_load_single" if src.type is I32 else "x87_load_double", None, value)


@semantics("fild")
def fild(m: Sem, src: Place) -> None:
    m.call("x87_load_integer", None, integer(m, src))


def _store(pops: int) -> Callable[[Sem, Place], None]:
    def meaning(m: Sem, dst: Place) -> None:
        if isinstance(dst, Imm):
            begin(m)
            m.call("x87_store_register", None, register(dst), number(pops))
            return
        raise_pending(m)
        if dst.type is I8:
            m.call("x87_store_extended", None, m.rip, address(dst), offset(m, dst))
        else:
            bits = 24 if dst.type is I32 else 53
            m.call(
                "x87_store_float",
                None,
                m.rip,
                address(dst),
                offset(m, dst),
                number(bits),
                number(pops),
            )

    return meaning


semantics("fst")(_store(0))
semantics("fstp")(_store(1))


@semantics("fstpnce")
def fstpnce(m: Sem, dst: Place) -> None:
    begin(m)
    m.call("x87_store_quietly", None, register(dst))


def _constant(name: str) -> Callable[[Sem], None]:
    significand, exponent = CONSTANTS[name]

    def meaning(m: Sem) -> None:
        begin(m)
        if name in INEXACT:
            nearest = number(int(name in ROUNDED_UP))
            m.call("x87_push_rounded", None, const(I64, significand), number(exponent), nearest)
        else:
            m.call("x87_push", None, const(I64, significand), number(exponent))

    return meaning


for _name in CONSTANTS:
    semantics(_name)(_constant(_name))


@semantics("fxch")
def fxch(m: Sem, _: Place, other: Place) -> None:
    begin(m)
    m.call("x87_exchange", None, register(other))


@semantics("fchs")
def fchs(m: Sem) -> None:
    begin(m)
    m.call("x87_sign", None, number(1), number(1))


@semantics("fabs")
def fabs(m: Sem) -> None:
    begin(m)
    m.call("x87_sign", None, number(0), number(0))


def _condition(name: str) -> Callable[[Sem], Value]:
    flags = {"b": "c", "e": "z", "be": "cz", "u": "p"}[name.removeprefix("n")]

    def condition(m: Sem) -> Value:
        value = m.flag(flags[0])
        for flag in flags[1:]:
            value = value | m.flag(flag)
        return ~value if name.startswith("n") else value

    return condition


def _move_if(name: str) -> Callable[[Sem, Place, Place], None]:
    condition = _condition(name)

    def meaning(m: Sem, _: Place, src: Place) -> None:
        begin(m)
        m.call("x87_move_if", None, register(src), condition(m).zext(I32))

    return meaning


for _name in ("b", "e", "be", "u", "nb", "ne", "nbe", "nu"):
    semantics(f"fcmov{_name}")(_move_if(_name))


@semantics("ffree")
def ffree(m: Sem, dst: Place) -> None:
    begin(m)
    m.call("x87_free", None, register(dst), number(0))


@semantics("ffreep")
def ffreep(m: Sem, dst: Place) -> None:
    begin(m)
    m.call("x87_free", None, register(dst), number(1))


@semantics("fincstp")
def fincstp(m: Sem) -> None:
    begin(m)
    m.call("x87_rotate", None, number(1))


@semantics("fdecstp")
def fdecstp(m: Sem) -> None:
    begin(m)
    m.call("x87_rotate", None, number(0))


@semantics("fnop")
def fnop(m: Sem) -> None:
    begin(m)
