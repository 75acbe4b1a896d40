"""The run function of the interpreter: look up the entry at RIP, dispatch, leave.

Input:  the handlers, by handler index.
Output: `run(budget: i32) -> i32`: executes up to `budget` instructions from the register file's RIP.
        Result: OUT_OF_BUDGET, FAULTED (fault slots written, RIP at the instruction), or the reason of
        a `Leave` (RIP behind it).  COUNT is advanced by the instructions that were done.

One `loop { br_table }` in one function, every handler with a back-edge of its own: see RATIONALE.md,
"How does the interpreter dispatch?".
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen import state
from elfin.codegen.state import BASE, raw_load
from elfin.ir.stmt import Block, Br, Function, If, Let, Loop, Return, Set, Stmt, Switch
from elfin.ir.types import I16, I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.isa.leave import FAULTED, OUT_OF_BUDGET
from elfin.tiers.interp.frame import (
    ENTRY,
    FAULT,
    FETCH_FAULT,
    GOAL,
    LEAVE,
    LEFT,
    NEXT,
    REASON,
    SAVED,
    STOP,
    field,
)

AGAIN = "again"
BUDGET = local(I32, "budget")
PENDING = raw_load(I32, BASE, layout.STATE + layout.PENDING)


def run_function(cases: list[list[Stmt]], default: list[Stmt]) -> Function:
    """The function, from the statements of each handler."""
    dispatch = Loop(NEXT, [Switch(field(I16, layout.ENTRY_HANDLER).zext(I32), cases, default)])
    body: list[Stmt] = [
        Set(LEFT, BUDGET),
        Set(SAVED, const(I32, 0)),
        Loop(
            AGAIN,
            [
                If(PENDING.ne(0), [Let(None, make("call", I32, imm="drop_code"))]),
                Set(GOAL, state.read(I64, layout.RIP)),
                Set(ENTRY, make("call", I32, GOAL, imm="find_entry")),
                Block(
                    LEAVE,
                    [
                        Block(
                            FETCH_FAULT,
                            [
                                If(ENTRY.eq(0), [Br(FETCH_FAULT)]),
                                Block(FAULT, [Block(STOP, [dispatch]), *_stopped()]),
                                *_end(_entry_pc(), const(I32, FAULTED)),
                            ],
                        ),
                        *_end(GOAL, const(I32, FAULTED)),
                    ],
                ),
                *_end(_entry_pc(), REASON),
            ],
        ),
    ]
    return Function("run", (BUDGET,), (I32,), body, export="run")


def _entry_pc() -> Value:
    return field(I32, layout.ENTRY_PC).zext(I64)


def _stopped() -> list[Stmt]:
    """The countdown is at 0: the budget's end, or decoded code was written to."""
    resume: list[Stmt] = [
        state.write(layout.RIP, _entry_pc()),
        Set(LEFT, SAVED),
        Set(SAVED, const(I32, 0)),
        Br(AGAIN),
    ]
    return [If(SAVED.ne(0), resume), *_end(_entry_pc(), const(I32, OUT_OF_BUDGET))]


def _end(rip: Value, result: Value) -> list[Stmt]:
    done = BUDGET - LEFT - SAVED
    counted = state.read(I64, layout.COUNT) + done.zext(I64)
    return [
        state.write(layout.RIP, rip),
        state.write(layout.COUNT, counted),
        Return((result,)),
    ]
