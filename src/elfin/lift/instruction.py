"""One decoded instruction -> the effects it has.

Input:  a decoded instruction whose form has a meaning.
Output: effects with constant operands, in the order in which they happen (`ir.stmt`).
"""

from __future__ import annotations

from elfin.ir.stmt import Effect
from elfin.isa.sem import Sem
from elfin.lift.bind import Decoded, StaticBinder


def lift(insn: Decoded, first_var: int = 0) -> list[Effect]:
    """The effects of `insn`; its variables are named from `first_var` on."""
    meaning = insn.form.meaning
    assert meaning is not None, f"{insn.form!r} has no meaning"
    binder = StaticBinder(insn)
    m = Sem(binder, insn.size, insn.rep, first_var)
    meaning(m, *binder.operands())
    m.commit()
    return m.out
