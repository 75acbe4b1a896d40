"""The locals and labels of the interpreter's run function, shared by all that generates its parts."""

from __future__ import annotations

from elfin.codegen.state import raw_load
from elfin.ir.types import I32, I64, Type
from elfin.ir.value import Value, local

ENTRY = local(I32, "entry")  # address of the decode entry that executes
LEFT = local(I32, "left")  # instructions left in this run, counted down to 0
SAVED = local(I32, "saved")  # instructions that were left when PENDING cut the run short
REASON = local(I32, "reason")  # why the run ends: a constant of `isa.leave`
GOAL = local(I64, "goal")  # where a jump goes to
UNTIL = local(I64, "until")  # where a nested run is over (see `nested`), else NOWHERE
BUDGET = local(I32, "budget")  # of this run
BEFORE = local(I32, "before")  # LEFT when translated code was entered
RESULT = local(I32, "result")  # of translated code that has come back, else NONE

NEXT = "next"  # loop label: dispatch ENTRY
STOP = "stop"  # block label: ENTRY is the next instruction; LEFT is 0
FAULT = "fault"  # block label: ENTRY is the faulting instruction, the fault slots are written
FETCH_FAULT = "fetch_fault"  # block label: there is nothing to execute at GOAL
GOING = "going"  # loop label: dispatch ENTRY, or if there is a RESULT see what comes of it
CAME = "came"  # block label: translated code has come back with RESULT
BACK = "back"  # block label: a RET has gone to UNTIL
LEAVE = "leave"  # block label: ENTRY is the next instruction, REASON is set


def field(type_: Type, offset: int) -> Value:
    """A field of the decode entry."""
    return raw_load(type_, ENTRY, offset)
