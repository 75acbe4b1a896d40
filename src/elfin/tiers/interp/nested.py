"""Nested runs: translated code goes on where it is when a callee could not be executed translated to its end.

Input:  what a call through the table came back with, when that was not to where the caller goes on.
Output: `resume(until, result, left) -> i32`: runs the interpreter, which enters translated code as ever, until a RET
        goes to the guest address `until`: then RETURNED, all state is in memory, and the caller goes on.  Anything else
        (a system call, a fault, the end of the budget, decoded code that was written to) is passed up as the
        function's result: each caller leaves, and the outermost run deals with it.

Without it whatever calls a function would be interpreted to its end, up to the loop of the outermost, each time
that one without a translation is called or a way is taken that is not translated.  `left` is what the caller
has of instructions and levels (`tiers.jit.frame`).
"""

from __future__ import annotations

from elfin import layout
from elfin.bits import M64
from elfin.codegen import state
from elfin.codegen.module import FunctionImport
from elfin.codegen.state import BASE, raw_load
from elfin.core.mxcsr import CONTROL, MXCSR_AT
from elfin.ir.stmt import Function, If, Let, Return, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local, make
from elfin.runtime import translated
from elfin.tiers.interp.frame import BEFORE, BUDGET, LEFT, RESULT, SAVED, UNTIL

RESUME = FunctionImport("resume", (I64, I32, I64), (I32,))
INTERPRET = "interpret"
NOWHERE = const(I64, M64)  # nothing can be executed there
NONE = const(I32, -1)
COST = 4  # levels of a nested run, by the size of its frame on the Wasm stack
LEVELS = local(I32, "levels")  # functions that may be on the Wasm stack beside
SURE = local(I64, "sure")  # what must not have changed when a caller goes on
SPARE = local(I64, "spare")  # `left` of the caller
FUEL = raw_load(I64, BASE, layout.STATE + layout.FUEL)
PENDING = raw_load(I32, BASE, layout.STATE + layout.PENDING)
PARAMS = (BUDGET, UNTIL, RESULT, LEVELS)
IS_NESTED = UNTIL.ne(NOWHERE)


def start() -> list[Stmt]:
    """What a run begins with."""
    return [Set(SURE, _sure()), Set(BEFORE, BUDGET)]


def end(rip: Value, result: Value, counted: bool) -> list[Stmt]:
    """The end of a run, at an address, if it is nested; what is behind is for others."""
    done = Let(None, make("call", I32, BUDGET - LEFT - SAVED, imm="count_nested"))
    fuel = ((LEFT + SAVED - 1).sext(I64) << layout.FUEL_BITS) + (LEVELS + COST).zext(I64)
    leave: list[Stmt] = [
        state.write(layout.RIP, rip),
        state.store(layout.FUEL, fuel),
        *([done] if counted else []),
        Return((result,)),
    ]
    return [If(IS_NESTED, leave)]


def came_back() -> Value:
    """The result of a nested run that is where it should come to."""
    goes_on = _sure().eq(SURE) & const(I32, 0).lts(LEFT)
    return goes_on.select(const(I32, translated.RETURNED), const(I32, translated.UNWIND))


def entries() -> list[Function]:
    """`run` and `resume`."""
    whole = make("call", I32, BUDGET, NOWHERE, NONE, const(I32, layout.DEPTH_LIMIT), imm=INTERPRET)
    run = Function("run", (BUDGET,), (I32,), [Set(RESULT, whole), Return((RESULT,))], export="run")
    levels = SPARE.trunc(I32) & ((1 << layout.FUEL_BITS) - 1)
    budget = FUEL.ashr(layout.FUEL_BITS).trunc(I32) + 1
    stays = const(I32, translated.UNWIND).leu(RESULT) | RESULT.eq(translated.FAULT)
    inside = make("call", I32, budget, UNTIL, RESULT, LEVELS - COST, imm=INTERPRET)
    body: list[Stmt] = [
        If(stays | FUEL.lts(0) | PENDING.ne(0), [Return((RESULT,))]),
        Set(LEVELS, levels),
        If(LEVELS.ltu(COST), [Return((const(I32, translated.UNWIND),))]),
        Set(RESULT, inside),
        Return((RESULT,)),
    ]
    return [run, Function("resume", (UNTIL, RESULT, SPARE), (I32,), body, export="resume")]


def _sure() -> Value:
    """What functions rely on that call others: modes of floats (`tiers.jit.floats`), and their code."""
    watched = raw_load(I32, BASE, layout.STATE + layout.FLOAT_WATCHED).zext(I64)
    drops = raw_load(I32, BASE, layout.STATE + layout.DROPS).zext(I64)
    return (raw_load(I64, BASE, MXCSR_AT) & CONTROL) ^ watched ^ ((drops & 0xFFFF) << 16)
