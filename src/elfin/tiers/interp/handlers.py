"""One handler a variant: the form's meaning over run-time operands, lowered to raw statements."""

from __future__ import annotations

from elfin import layout
from elfin.decode.variant import FIRST, GOTO, VARIANTS, Variant
from elfin.ir.stmt import Br, Effect, If, Jump, Leave, Raise, Set, Stmt
from elfin.ir.types import I32
from elfin.ir.value import TRUE, make
from elfin.isa.sem import Sem
from elfin.isa.vectors import UD
from elfin.lift.entry import EntryBinder
from elfin.tiers.interp.fields import RunTimeFields
from elfin.tiers.interp.frame import ENTRY, FETCH_FAULT, GOAL, NEXT, field
from elfin.tiers.interp.lower import DIRECT, TARGET, lower, raise_fault
from elfin.tiers.interp.translated import TRANSLATED, count_taken, enter_translated


def effects(variant: Variant) -> list[Effect]:
    """What the variant does, over the fields of its decode entry."""
    binder = EntryBinder(variant, RunTimeFields())
    m = Sem(binder, variant.size, variant.rep)
    meaning = variant.form.meaning
    assert meaning is not None, variant.form
    meaning(m, *binder.operands(m))
    m.commit()
    return m.out


def ends_run(body: list[Effect]) -> bool:
    """Does control never go on in line behind it?"""
    last = body[-1] if body else None
    return isinstance(last, Jump) or (isinstance(last, Raise | Leave) and last.when is TRUE)


def handlers(profiled: bool = False) -> tuple[list[list[Stmt]], bytes]:
    """The statements of each handler by number, and the table at `layout.ENDS`.

    `profiled`: taken branches are counted, and there is a last handler, TRANSLATED.
    """
    undefined = raise_fault(UD, 0)
    cases: list[list[Stmt]] = [undefined] * FIRST
    ends = bytearray([1] * FIRST)
    cases[GOTO] = goto()
    for variant in VARIANTS:
        body = effects(variant)
        is_ret = variant.form.mnemonic == "ret"
        counter = count_taken if profiled and not is_ret else None
        cases.append(lower(body, counter, returns=profiled and is_ret))
        ends.append(ends_run(body))
    if profiled:
        assert len(cases) == TRANSLATED
        cases.append(enter_translated())
        ends.append(1)
    assert len(ends) <= layout.ENDS_LIMIT - layout.ENDS
    return cases, bytes(ends)


def goto() -> list[Stmt]:
    """The end of a run: go on at the entry's own address.  Not an instruction: it costs no budget."""
    return [
        Set(TARGET, field(I32, layout.ENTRY_LINK)),
        If(TARGET.eq(0), [Set(TARGET, make("call", I32, ENTRY, imm="link_entry"))]),
        Set(GOAL, DIRECT),
        If(TARGET.eq(0), [Br(FETCH_FAULT)]),
        Set(ENTRY, TARGET),
        Br(NEXT),
    ]
