"""IR as text, one effect a line; `ir/parser.py` reads it back.

    %t0 = load(add(rbx:i64, 0x8:i64)):i32     Let
    rax = zext(%t0):i64                       Put: a slot of the register file by name (`ir/names.py`)
    state[%t1] = 0x0:i8                       PutAt
    store(rdi:i64, %t0)                       Store
    raise 13(0) if eq(%t0, 0x0:i32)           Raise: vector and error code
    branch 0x401000:i64 if zf:i1              Branch;   jump VALUE, leave 1

A type follows a value where its arguments do not decide it.  Structured statements are printed
indented, for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from elfin.ir.names import slot_name
from elfin.ir.ops import OPS
from elfin.ir.signature import result_type
from elfin.ir.stmt import (
    Block,
    Br,
    Branch,
    Drop,
    Group,
    If,
    Jump,
    Leave,
    Let,
    Loop,
    MemoryCopy,
    MemoryFill,
    Put,
    PutAt,
    Raise,
    RawStore,
    Results,
    Return,
    Set,
    Stmt,
    Store,
    Switch,
    Unreachable,
)
from elfin.ir.value import TRUE, Value

INDENT: Final = "  "


def show(statements: Iterable[Stmt]) -> str:
    """The statements as text, each line ended."""
    return "".join(f"{line}\n" for line in _Printer().lines(statements, ""))


def show_value(value: Value) -> str:
    """One value, its variables with their types."""
    return _Printer().value(value)


class _Printer:
    def __init__(self) -> None:
        self.known: set[Value] = set()  # variables whose type a line above shows

    def value(self, value: Value) -> str:
        match value.op:
            case "const":
                return f"{value.imm:#x}:{value.type}"
            case "local":
                return f"%{value.imm}" if value in self.known else f"%{value.imm}:{value.type}"
            case "get":
                return f"{slot_name(value.imm)}:{value.type}"
        imm = "" if value.imm is None else f"[{immediate(value.imm)}]"
        text = f"{value.op}{imm}({', '.join(map(self.value, value.args))})"
        row = OPS.get(value.op)
        free = row is None or result_type(row, [a.type for a in value.args]) is None
        return f"{text}:{value.type}" if free else text

    def lines(self, statements: Iterable[Stmt], indent: str) -> Iterator[str]:
        for statement in statements:
            for line in self.statement(statement):
                yield indent + line

    def inner(self, statements: Iterable[Stmt]) -> Iterator[str]:
        return self.lines(statements, INDENT)

    def statement(self, statement: Stmt) -> Iterator[str]:
        show = self.value
        match statement:
            case Let(None, value) | Drop(value):
                yield show(value)
            case Let(var, value) | Set(var, value) if var is not None:
                text = show(value)
                self.known.add(var)
                yield f"%{var.imm} = {text}"
            case Results(variables, value):
                text = show(value)
                self.known.update(variables)
                yield f"{', '.join(f'%{var.imm}' for var in variables)} = {text}"
            case Put(offset, value):
                yield f"{slot_name(offset)} = {show(value)}"
            case PutAt(offset, value):
                yield f"state[{show(offset)}] = {show(value)}"
            case Store(address, value):
                yield f"store({show(address)}, {show(value)})"
            case Raise(when, vector, error):
                yield f"raise {vector}({error}) if {show(when)}"
            case Jump(target):
                yield f"jump {show(target)}"
            case Branch(when, target):
                yield f"branch {show(target)} if {show(when)}"
            case Leave(reason, when):
                yield f"leave {reason}" + (f" if {show(when)}" if when is not TRUE else "")
            case _:
                yield from self.structured(statement)

    def structured(self, statement: Stmt) -> Iterator[str]:
        show = self.value
        match statement:
            case RawStore(base, offset, value, bits):
                yield f"raw_store[{offset:#x} {bits}]({show(base)}, {show(value)})"
            case MemoryFill(base, byte, length):
                yield f"memory_fill({show(base)}, {show(byte)}, {show(length)})"
            case MemoryCopy(to, source, length):
                yield f"memory_copy({show(to)}, {show(source)}, {show(length)})"
            case If(when, then, other):
                yield f"if {show(when)}:"
                yield from self.inner(then)
                if other:
                    yield "else:"
                    yield from self.inner(other)
            case Block(label, body):
                yield f"block {label}:"
                yield from self.inner(body)
            case Group(_, body):
                yield from self.lines(body, "")
            case Loop(label, body):
                yield f"loop {label}:"
                yield from self.inner(body)
            case Br(label):
                yield f"br {label}"
            case Switch(index, cases, default):
                yield f"switch {show(index)}:"
                for number, case in enumerate(cases):
                    yield f"case {number}:"
                    yield from self.inner(case)
                yield "default:"
                yield from self.inner(default)
            case Return(values):
                yield f"return {', '.join(map(show, values))}".rstrip()
            case Unreachable():
                yield "unreachable"


def immediate(imm: Any) -> str:
    """An immediate: a number, a name, or numbers in a row."""
    if isinstance(imm, tuple):
        return " ".join(map(str, imm))
    return str(imm)
