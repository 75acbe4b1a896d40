"""Conditions: Jcc, SETcc, CMOVcc (SDM vol. 2; the sixteen conditions in vol. 1, appendix B).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.value import Value
from elfin.isa.row import Meaning, rows, semantics
from elfin.isa.sem import Place, Sem


def below_or_equal(m: Sem) -> Value:
    return m.flag("c") | m.flag("z")


def less(m: Sem) -> Value:
    return m.flag("s") ^ m.flag("o")


def less_or_equal(m: Sem) -> Value:
    return m.flag("z") | less(m)


# By the low four bits of the opcode; each odd one is the opposite of the one before.
NAMES: Final = (
    "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g",
)  # fmt: skip
EVEN: Final[tuple[Callable[[Sem], Value], ...]] = (
    lambda m: m.flag("o"),
    lambda m: m.flag("c"),
    lambda m: m.flag("z"),
    below_or_equal,
    lambda m: m.flag("s"),
    lambda m: m.flag("p"),
    less,
    less_or_equal,
)


def condition(m: Sem, code: int) -> Value:
    """Does condition `code` (0..15) hold?"""
    holds = EVEN[code >> 1](m)
    return ~holds if code & 1 else holds


def jump_if(code: int) -> Meaning:
    """Jcc: both displacements; the operand size prefix means nothing here (SDM 2A Jcc)."""

    def meaning(m: Sem, target: Place) -> None:
        m.branch(condition(m, code), m.read(target))

    return meaning


def set_if(code: int) -> Meaning:
    def meaning(m: Sem, dst: Place) -> None:
        m.write(dst, condition(m, code).zext(dst.type))

    return meaning


def move_if(code: int) -> Meaning:
    """CMOVcc: the source is always read, a 32-bit destination always loses its upper half."""

    def meaning(m: Sem, dst: Place, src: Place) -> None:
        old, new = m.read(dst), m.read(src)
        m.write(dst, condition(m, code).select(new, old))

    return meaning


for _code, _name in enumerate(NAMES):
    _jump = rows(f"j{_name}", "SDM 2A Jcc", "f64")
    _jump(f"7{_code:X}   J,b")
    _jump(f"0F 8{_code:X}   J,z")
    rows(f"set{_name}", "SDM 2B SETcc")(f"0F 9{_code:X} /r   E,b")
    rows(f"cmov{_name}", "SDM 2A CMOVcc")(f"0F 4{_code:X} /r   G,v E,v")
    semantics(f"j{_name}")(jump_if(_code))
    semantics(f"set{_name}")(set_if(_code))
    semantics(f"cmov{_name}")(move_if(_code))
