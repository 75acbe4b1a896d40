"""Where the interpreter and translated code meet.

Input:  decode entries with handler TRANSLATED: their IMM is an index in the table, their LINK an entry with
        the instruction itself (`core.cache.install`).
Output: the handler that enters translated code, and the counters that find what to translate.  The
        results of translated functions are in `runtime.translated`.
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen import state
from elfin.codegen.state import BASE, raw_load
from elfin.config import MISSES, SLOW_EXITS
from elfin.decode.variant import FIRST, VARIANTS
from elfin.ir.stmt import Br, If, Let, RawStore, Set, Stmt
from elfin.ir.types import I16, I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.isa.leave import LEAVE_EDGE, LEAVE_HOT, LEAVE_SLOW
from elfin.layout import SPREAD
from elfin.runtime import translated
from elfin.tiers.interp.frame import (
    BACK,
    BEFORE,
    CAME,
    ENTRY,
    FAULT,
    FETCH_FAULT,
    GOAL,
    GOING,
    LEAVE,
    LEFT,
    REASON,
    RESULT,
    SAVED,
    STOP,
    UNTIL,
    field,
)
from elfin.tiers.interp.loop import leave_behind, unwind
from elfin.tiers.interp.lower import DIRECT, PENDING, TARGET
from elfin.tiers.interp.nested import LEVELS, NONE

TRANSLATED = FIRST + len(VARIANTS)
KIND = local(I32, "kind")  # RESULT, which is NONE from then on
USES = local(I32, "uses")
COUNTER = local(I32, "counter")
FROM = local(I32, "from")
FUEL = raw_load(I64, BASE, layout.STATE + layout.FUEL)
HOT = raw_load(I32, BASE, layout.STATE + layout.HOT)
BRANCHED: list[Stmt] = [Set(LEFT, LEFT - 1)]  # the branch itself counts


def leave_now(reason: int) -> list[Stmt]:
    return [Set(REASON, const(I32, reason)), Br(LEAVE)]


def enter_translated() -> list[Stmt]:
    """Call the function."""
    return [
        Set(BEFORE, LEFT),
        state.store(layout.EXPECTED, UNTIL),
        state.store(layout.FUEL, ((LEFT - 1).zext(I64) << layout.FUEL_BITS) + LEVELS.zext(I64)),
        Set(RESULT, make("call_indirect", I32, field(I32, layout.ENTRY_IMM))),
        Br(CAME),
    ]


def come_back(counted: bool) -> list[Stmt]:
    """Go on where translated code left, with RESULT.  `counted`: tell `core.leaves`."""
    plain = make("call", I32, ENTRY, const(I32, TRANSLATED), imm="plain_entry")
    return [
        Set(KIND, RESULT),
        Set(RESULT, NONE),
        Set(LEFT, FUEL.ashr(layout.FUEL_BITS).trunc(I32) + 1),
        Set(GOAL, state.read(I64, layout.RIP)),
        If(
            const(I32, translated.REASONS).leu(KIND),
            [*([_count_leave(KIND)] if counted else []), *leave_behind(KIND, counted)],
        ),
        Set(ENTRY, make("call", I32, GOAL, imm="find_entry")),
        *([_count_leave(_kind())] if counted else []),
        If(ENTRY.eq(0), [Br(FETCH_FAULT)]),
        If(KIND.eq(translated.FAULT), [Br(FAULT)]),
        If(LEFT.les(0), [Br(STOP)]),
        # Decoded code was written to: as in `lower.END_SOON`.
        If(PENDING.ne(0), [Set(SAVED, SAVED + LEFT), Set(LEFT, const(I32, 0)), Br(STOP)]),
        If(KIND.eq(translated.STEP), [Set(ENTRY, plain), Br(GOING)]),
        If(
            KIND.eq(translated.SLOW),
            [
                *_uses(),
                If(USES.eq(SLOW_EXITS), leave_now(LEAVE_SLOW)),
                Set(ENTRY, plain),
                Br(GOING),
            ],
        ),
        If(KIND.eq(translated.MISSED), _missed()),
        If(GOAL.eq(UNTIL) & KIND.eq(translated.CONTINUE), [Br(BACK)]),
        If(KIND.eq(translated.UNWIND), unwind(counted)),
        If(field(I16, layout.ENTRY_HANDLER).ne(TRANSLATED), _count(ENTRY, [])),
        Br(GOING),
    ]


def _missed() -> list[Stmt]:
    """Note the way that translated code lacks; leave where it is taken often, and each time that it was taken
    twice as often."""
    often = (USES & (USES - 1)).eq(0) & const(I32, MISSES).leu(USES)
    return [
        Set(FROM, state.read(I32, layout.EDGE_FROM)),
        *_note_edge(FROM),
        *_uses(FROM),
        If(often, leave_now(LEAVE_EDGE)),
    ]


def _note_edge(source: Value) -> list[Stmt]:
    """Control went from `source` to GOAL: the row that both hash to holds the last such way."""
    spread = ((GOAL.trunc(I32) * SPREAD + source) * SPREAD) >> (32 - layout.EDGES_BITS)
    return [
        Set(COUNTER, spread << 3),
        RawStore(COUNTER, layout.EDGES, source.zext(I64) | GOAL << 32, 64),
    ]


def _count_leave(kind: Value) -> Stmt:
    return Let(None, make("call", I32, GOAL, BEFORE - LEFT, kind, imm="count_leave"))


def _kind() -> Value:
    """What is counted: the result, and whether translated code or the end of the budget follows."""
    again = field(I16, layout.ENTRY_HANDLER).eq(TRANSLATED).zext(I32) * translated.AGAIN
    ended = LEFT.les(0).zext(I32) * translated.ENDED
    return KIND | again | ended


def count_taken(target: Value) -> list[Stmt]:
    """Leave with LEAVE_HOT when a branch has been taken often, and each time that it was taken twice as often.
    TARGET is the entry it goes to."""
    if target is not DIRECT:
        return [*_note_edge(field(I32, layout.ENTRY_PC)), *_count(TARGET, BRANCHED)]
    # Direct branches do not use the field.
    return [
        Set(USES, field(I32, layout.ENTRY_IMM) + 1),
        RawStore(ENTRY, layout.ENTRY_IMM, USES, 32),
        *_leave_hot([Set(ENTRY, TARGET), *BRANCHED]),
    ]


def _leave_hot(before: list[Stmt]) -> list[Stmt]:
    """Leave, having done what is `before`, when USES is a power of two from HOT on."""
    often = If(HOT.leu(USES), [*before, *leave_now(LEAVE_HOT)])
    return [If((USES & (USES - 1)).eq(0), [often], rare=True)]


def _uses(pc: Value | None = None) -> list[Stmt]:
    """USES becomes how often control came to `pc`, else to GOAL, like this."""
    at = GOAL.trunc(I32) if pc is None else pc
    spread = (at * SPREAD) >> (32 - layout.PROFILE_BITS)
    return [
        Set(COUNTER, spread << 1),
        Set(USES, raw_load(I16, COUNTER, layout.PROFILE).zext(I32) + 1),
        RawStore(COUNTER, layout.PROFILE, USES, 16),
    ]


def _count(entry: Value, done: list[Stmt]) -> list[Stmt]:
    """Control came to GOAL, whose entry is `entry`, by no direct branch."""
    return [
        *_uses(),
        *_leave_hot([Set(ENTRY, entry), *done]),
    ]
