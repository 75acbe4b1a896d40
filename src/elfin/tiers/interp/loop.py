"""The run function of the interpreter: look up the entry at RIP, dispatch, leave.

Input:  the handlers, by handler index.
Output: `run(budget: i32) -> i32`, exported: executes up to `budget` instructions from the register file's RIP.
        Result: OUT_OF_BUDGET, FAULTED (fault slots written, RIP at the instruction), or the reason of
        a `Leave` (RIP behind it).  COUNT is advanced by the instructions that were done.
        Under a translator `resume` as well (see `nested`): both call one function then.

One `loop { br_table }` in one function, every handler with a back-edge of its own: see RATIONALE.md,
"How does the interpreter dispatch?".
"""

from __future__ import annotations

from collections.abc import Callable

from elfin import layout
from elfin.codegen import state
from elfin.codegen.state import BASE, raw_load
from elfin.ir.stmt import Block, Br, Function, If, Let, Loop, Return, Set, Stmt, Switch
from elfin.ir.types import I16, I32, I64
from elfin.ir.value import Value, const, make
from elfin.isa.leave import FAULTED, OUT_OF_BUDGET
from elfin.runtime import translated
from elfin.tiers.interp import nested
from elfin.tiers.interp.frame import (
    BACK,
    BUDGET,
    CAME,
    ENTRY,
    FAULT,
    FETCH_FAULT,
    GOAL,
    GOING,
    LEAVE,
    LEFT,
    NEXT,
    REASON,
    RESULT,
    SAVED,
    STOP,
    field,
)

AGAIN = "again"
PENDING = raw_load(I32, BASE, layout.STATE + layout.PENDING)
Inside = Callable[[Value, Value], list[Stmt]]


def run_function(cases: list[list[Stmt]], default: list[Stmt]) -> Function:
    """The function of an interpreter alone, from the statements of each handler."""
    body = _body([_dispatch(cases, default)], lambda *_: [])
    return Function("run", (BUDGET,), (I32,), body, export="run")


def run_functions(
    cases: list[list[Stmt]], default: list[Stmt], came: list[Stmt], counted: bool
) -> list[Function]:
    """Those under a translator.  `came`: see what comes of RESULT, and go on."""

    def inside(rip: Value, result: Value) -> list[Stmt]:
        return nested.end(rip, result, counted)

    again = If(RESULT.ne(nested.NONE), [Br(CAME)])
    back: list[Stmt] = [
        *inside(GOAL, nested.came_back()),
        # Somebody has jumped to where nobody can be.
        Set(ENTRY, _found()),
        Br(FETCH_FAULT),
    ]
    tree: list[Stmt] = [
        Block(BACK, [Loop(GOING, [Block(CAME, [again, _dispatch(cases, default)]), *came])]),
        *back,
    ]
    body = [*nested.start(), *_body(tree, inside)]
    return [Function(nested.INTERPRET, nested.PARAMS, (I32,), body), *nested.entries()]


def leave_behind(result: Value, counted: bool) -> list[Stmt]:
    """End with what a nested run has left with, at GOAL."""
    return [*nested.end(GOAL, result, counted), *_end(GOAL, result >> translated.REASON_BITS)]


def unwind(counted: bool) -> list[Stmt]:
    """At GOAL, but only if the run is nested."""
    return nested.end(GOAL, const(I32, translated.UNWIND), counted)


def _dispatch(cases: list[list[Stmt]], default: list[Stmt]) -> Stmt:
    return Loop(NEXT, [Switch(field(I16, layout.ENTRY_HANDLER).zext(I32), cases, default)])


def _body(tree: list[Stmt], inside: Inside) -> list[Stmt]:
    """Around the dispatch.  `inside`: how a nested run ends instead, at an address with a result."""
    fault = const(I32, translated.FAULT)
    return [
        Set(LEFT, BUDGET),
        Set(SAVED, const(I32, 0)),
        Loop(
            AGAIN,
            [
                If(PENDING.ne(0), [Let(None, make("call", I32, imm="drop_code"))]),
                Set(GOAL, state.read(I64, layout.RIP)),
                Set(ENTRY, _found()),
                Block(
                    LEAVE,
                    [
                        Block(
                            FETCH_FAULT,
                            [
                                If(ENTRY.eq(0), [Br(FETCH_FAULT)]),
                                Block(FAULT, [Block(STOP, tree), *_stopped(inside)]),
                                *inside(_entry_pc(), fault),
                                *_end(_entry_pc(), const(I32, FAULTED)),
                            ],
                        ),
                        *inside(GOAL, fault),
                        *_end(GOAL, const(I32, FAULTED)),
                    ],
                ),
                *inside(_entry_pc(), REASON << translated.REASON_BITS),
                *_end(_entry_pc(), REASON),
            ],
        ),
    ]


def _found() -> Value:
    return make("call", I32, GOAL, imm="find_entry")


def _entry_pc() -> Value:
    return field(I32, layout.ENTRY_PC).zext(I64)


def _stopped(inside: Inside) -> list[Stmt]:
    """The countdown is at 0: the budget's end, or decoded code was written to."""
    resume: list[Stmt] = [
        state.write(layout.RIP, _entry_pc()),
        Set(LEFT, SAVED),
        Set(SAVED, const(I32, 0)),
        Br(AGAIN),
    ]
    return [
        *inside(_entry_pc(), const(I32, translated.UNWIND)),
        If(SAVED.ne(0), resume),
        *_end(_entry_pc(), const(I32, OUT_OF_BUDGET)),
    ]


def _end(rip: Value, result: Value) -> list[Stmt]:
    done = BUDGET - LEFT - SAVED
    counted = state.read(I64, layout.COUNT) + done.zext(I64)
    return [
        state.write(layout.RIP, rip),
        state.write(layout.COUNT, counted),
        Return((result,)),
    ]
