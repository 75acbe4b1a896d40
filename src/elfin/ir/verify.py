"""Is this IR well formed?

Input:  the effects of one instruction (`verify_instruction`) or of several in line (`verify`).
Output: a list of complaints, empty for good IR; each names the effect.

* Types fit the op rows; immediates are there where the row wants one.
* A variable is defined once, before its uses.  `load` and `call` stand only as a `Let`'s whole value.
* Flag slots hold i1 and nothing else does; a slot lies inside the register file.
* Nothing follows a jump, a branch or a leave.
* In one instruction no value after a `Put` reads what it wrote: so it does not matter whether the
  writes happen one by one or all at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from elfin import layout
from elfin.ir.ops import OPS
from elfin.ir.printer import show
from elfin.ir.signature import complaint
from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put, PutAt, Raise, Store
from elfin.ir.types import I1, I32, I64
from elfin.ir.value import Value
from elfin.rflags import NAME_AT


def verify(effects: Iterable[Effect]) -> list[str]:
    """What is wrong with these effects."""
    defined: set[Value] = set()
    complaints: list[str] = []
    ended = False
    for effect in effects:
        found = list(_effect(effect, defined))
        if ended:
            found.append("after the end")
        ended = ended or isinstance(effect, Jump | Branch | Leave)
        complaints += [f"{text}: {show([effect]).strip()}" for text in found]
    return complaints


def verify_instruction(effects: list[Effect]) -> list[str]:
    """What is wrong with these effects of one instruction."""
    complaints = verify(effects)
    written: list[tuple[int, int]] = []
    for effect in effects:
        for value in _values(effect):
            for read in _reads(value):
                if any(read[0] < end and start < read[1] for start, end in written):
                    complaints.append(f"reads what was written: {show([effect]).strip()}")
        if isinstance(effect, Put):
            written.append(_extent(effect.offset, effect.value))
    return complaints


def _extent(offset: int, value: Value) -> tuple[int, int]:
    """The bytes of the register file that a slot of the value's type takes."""
    return offset, offset + (8 if value.type is I1 else value.type.bytes)


def _values(effect: Effect) -> tuple[Value, ...]:
    """The values that an effect evaluates."""
    match effect:
        case Let(_, value) | Put(_, value) | Jump(value):
            return (value,)
        case PutAt(first, second) | Store(first, second) | Branch(first, second):
            return first, second
        case Raise(when) | Leave(_, when):
            return (when,)


def _reads(value: Value) -> Iterator[tuple[int, int]]:
    if value.op == "get":
        yield _extent(value.imm, value)
    for arg in value.args:
        yield from _reads(arg)


def _effect(effect: Effect, defined: set[Value]) -> Iterator[str]:
    for value in _values(effect):
        yield from _value(value, defined, root=isinstance(effect, Let))
    match effect:
        case Let(var, value) if var is not None:
            if var.op != "local" or var.type is not value.type:
                yield f"{var!r} cannot hold {value.type}"
            if var in defined:
                yield f"%{var.imm} is defined twice"
            defined.add(var)
        case Put(offset, value):
            yield from _slot(offset, value)
        case PutAt(offset, value):
            if offset.type is not I32 or value.type is I1:
                yield "an offset is i32, and never a flag's"
        case Store(address) if address.type is not I64:
            yield f"an address is i64, not {address.type}"
        case Raise(when) | Leave(_, when) if when.type is not I1:
            yield f"a condition is i1, not {when.type}"
        case Jump(target) if target.type is not I64:
            yield f"a target is i64, not {target.type}"
        case Branch(when, target) if when.type is not I1 or target.type is not I64:
            yield "a branch has an i1 and an i64"


def _value(value: Value, defined: set[Value], *, root: bool) -> Iterator[str]:
    info = OPS.get(value.op)
    if info is None:
        yield f"no op {value.op}"
        return
    wrong = complaint(info, [a.type for a in value.args], value.type)
    if wrong:
        yield wrong
    if info.effect and not root:
        yield f"{value.op} outside a Let"
    if value.op == "local" and value not in defined:
        yield f"%{value.imm} is not defined here"
    if value.op == "get":
        yield from _slot(value.imm, value)
    for arg in value.args:
        yield from _value(arg, defined, root=False)


def _slot(offset: int, value: Value) -> Iterator[str]:
    if (offset in NAME_AT) != (value.type is I1):
        yield f"{value.type} in the slot at {offset:#x}"
    if not 0 <= offset <= layout.STATE_SIZE - (value.type.bytes or 8):
        yield f"no slot at {offset:#x}"
