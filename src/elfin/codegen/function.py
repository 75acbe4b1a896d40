"""`ir.stmt.Function` -> the code of one Wasm function.

Input:  raw statements (the second and third group of `ir.stmt`).
Output: `sections.codes.Code`.

A `Br` under an `If` with nothing else becomes a `br_if`, so each case of a big switch keeps a conditional
back-edge of its own: see RATIONALE.md, "How does the interpreter dispatch?".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from elfin.codegen import raw_memory
from elfin.codegen.lowering import LOWERING, WIDE_LOWERING, condition
from elfin.codegen.slots import allocate, assemble
from elfin.codegen.values import MEMORY, Values
from elfin.ir.stmt import (
    Block,
    Br,
    Drop,
    Function,
    Group,
    If,
    Let,
    Loop,
    MemoryCopy,
    MemoryFill,
    RawStore,
    Results,
    Return,
    Set,
    Stmt,
    Switch,
    Unreachable,
)
from elfin.ir.value import Value
from elfin.wasm import leb
from elfin.wasm.opcodes import code
from elfin.wasm.sections.codes import Code

BLOCK, LOOP, IF = (code(name) + b"\x40" for name in ("block", "loop", "if"))
ELSE, END, BR, BR_IF, BR_TABLE = map(code, ("else", "end", "br", "br_if", "br_table"))
CALL_INDIRECT = code("call_indirect")
CALLS = frozenset({"call", "call_indirect"})
RETURN, UNREACHABLE, DROP, EQZ = map(code, ("return", "unreachable", "drop", "i32.eqz"))
MEMORY_COPY, MEMORY_FILL = code("memory.copy") + b"\0\0", code("memory.fill") + b"\0"


def compile_function(
    function: Function,
    functions: Mapping[str, int],
    results: Mapping[str, int],
    table_type: int = 0,
    *,
    wide: bool = False,
) -> Code:
    """`functions` and `results` give index and number of results of what may be called.

    `table_type` is the index of the type of the table's functions.  `wide`: the engine has wide arithmetic.
    """
    body = _Body(dict(functions), results, table_type, wide)
    for index, parameter in enumerate(function.params):
        body.values.parameter(parameter, index)
    body.run(function.body, outermost=True)
    values = body.values
    if function.results and not body.returned:
        values.code.append(UNREACHABLE)  # the validator may believe that control comes here
    values.code.append(END)
    runs = allocate(values.intervals, len(function.params))
    return Code(runs, *assemble(values.code, body.rare))


class _Body:
    """Walks statements.  Each method says whether control goes on behind its statement."""

    def __init__(
        self, functions: dict[str, int], results: Mapping[str, int], table_type: int, wide: bool
    ) -> None:
        self.values = Values(functions, WIDE_LOWERING if wide else LOWERING)
        self.results = results
        self.table_type = table_type
        self.open = 0  # Wasm blocks around here
        self.labels: dict[str, int] = {}  # how many were open where the label's was opened
        self.assigned: dict[int, set[Value]] = {}  # see `assigned`
        self.loops: set[str] = set()  # labels of loops
        self.rare: list[int] = []  # positions of branches that are hardly ever taken
        self.returned = False  # the results are on the stack at the end

    def run(self, statements: list[Stmt], outermost: bool = False) -> bool:
        last = statements[-1] if statements else None
        for statement in statements:
            if outermost and statement is last and type(statement) is Return:
                self.emit_all(statement.values)
                self.returned = True
                return False
            if (
                type(statement) is If
                and statement.rare
                and type(last) is Br
                and last.label in self.loops
                and statement is statements[-2]
                and not statement.other
            ):
                return self.usual_branch(statement, last)
            if not _STATEMENTS[type(statement)](self, statement):
                return False  # what follows is never reached
        return True

    # -- effects -----------------------------------------------------------------------------
    def assign(self, s: Let | Set) -> bool:
        value = s.value
        if s.var is None:
            return self.drop(s)
        if value.op in CALLS:
            self.emit_root(value)
        else:
            self.values.emit(value)
        self.values.set(s.var)
        return True

    def results_of(self, s: Results) -> bool:
        self.emit_root(s.value)
        for var in reversed(s.vars):
            self.values.set(var)
        return True

    def drop(self, s: Let | Drop) -> bool:
        value = s.value
        self.emit_root(value)
        if value.op != "call" or self.results[value.imm]:
            self.values.code.append(DROP)
        return True

    def emit_root(self, value: Value) -> None:
        if value.op == "call":
            self.emit_all(value.args)
            self.values.call(value.imm)
            self.memory_changed()
        elif value.op == "call_indirect":
            self.emit_all(value.args)
            self.values.code.append(CALL_INDIRECT + leb.unsigned(self.table_type) + b"\0")
            self.memory_changed()
        else:
            self.values.emit(value)

    def raw_store(self, s: RawStore) -> bool:
        raw_memory.store(self.values, s.base, s.offset, s.value, s.bits)
        return self.memory_changed()

    def memory_copy(self, s: MemoryCopy) -> bool:
        self.emit_all((s.to, s.source, s.length))
        self.values.code.append(MEMORY_COPY)
        return self.memory_changed()

    def memory_fill(self, s: MemoryFill) -> bool:
        self.emit_all((s.base, s.byte, s.length))
        self.values.code.append(MEMORY_FILL)
        return self.memory_changed()

    def memory_changed(self) -> bool:
        self.values.changed(MEMORY)
        return True

    def emit_all(self, values: tuple[Value, ...]) -> None:
        for value in values:
            self.values.emit(value)

    # -- structure ---------------------------------------------------------------------------
    def if_(self, s: If) -> bool:
        then, other = s.then, s.other
        if not then and not other:
            return True
        if not other and not s.rare and len(then) > 1 and self.goes_back(then):
            return self.turn(s)
        condition(self.values, s.when)
        if not then:
            self.values.code.append(EQZ)
            then, other = other, then
        if s.rare and then is s.then:
            self.rare.append(len(self.values.code))
        if len(then) == 1 and isinstance(then[0], Br):
            self.branch(BR_IF, then[0].label)
            return self.run(other)
        values = self.values
        values.code.append(IF)
        self.open += 1
        start = len(values.changes)
        falls = self.arm(then)
        joined = {*values.changed_since(start)} if falls else set()
        if other:
            values.code.append(ELSE)
            start = len(values.changes)
            if self.arm(other):
                joined.update(values.changed_since(start))
                falls = True
        else:
            falls = True
        self.close()
        values.forget(joined)
        return falls

    def goes_back(self, body: list[Stmt]) -> bool:
        """To the start of a loop, at its end."""
        last = body[-1]
        return type(last) is Br and last.label in self.loops

    def turn(self, s: If) -> bool:
        """What goes back to a loop's start if the condition holds is what comes next, and is jumped over if not:
        Cranelift puts a jump's target behind what comes next, and all that comes after the loop would stand between."""
        values = self.values
        values.code.append(BLOCK)
        self.open += 1
        condition(values, s.when)
        values.code += (EQZ, BR_IF + b"\0")
        self.arm(s.then)
        self.close()
        return True

    def usual_branch(self, s: If, usual: Br) -> bool:
        """What is hardly ever done instead of a branch stands behind it: one conditional branch, which is taken."""
        condition(self.values, s.when)
        self.values.code.append(EQZ)
        self.branch(BR_IF, usual.label)
        return self.run(s.then) and self.br(usual)

    def block(self, s: Block) -> bool:
        values = self.values
        values.code.append(BLOCK)
        start = len(values.changes)
        self.label(s.label)
        self.inside(s.body)
        self.close()
        values.forget(values.changed_since(start))
        return True  # whether a Br comes here is not worth finding out

    def group(self, s: Group) -> bool:
        return self.run(s.body)

    def loop(self, s: Loop) -> bool:
        values = self.values
        for name in assigned(s.body, self.assigned):
            values.changed(values.name(name))  # what was computed from it holds only the first time
        values.code.append(LOOP)
        self.loops.add(s.label)
        start = len(values.changes)
        self.label(s.label)
        values.loops.append({})
        falls = self.inside(s.body)
        self.close()
        for interval in values.loops.pop():
            interval.end = max(interval.end, len(values.code))
        values.forget(values.changed_since(start))
        return falls

    def br(self, s: Br) -> bool:
        self.branch(BR, s.label)
        return False

    def switch(self, s: Switch) -> bool:
        """Blocks inside one another; the table goes behind the end of one, where its case begins."""
        values = self.values
        cases: list[list[Stmt]] = []
        number: dict[int, int] = {}  # one case for a list that stands in several places
        for case in (*s.cases, s.default):
            if id(case) not in number:
                number[id(case)] = len(cases)
                cases.append(case)
        start = len(values.changes)
        values.code.append(BLOCK * (len(cases) + 1))
        self.open += len(cases) + 1
        values.emit(s.index)
        values.code.append(BR_TABLE + leb.unsigned(len(s.cases)))
        for case in (*s.cases, s.default):
            values.code.append(leb.unsigned(number[id(case)]))
        for index, case in enumerate(cases):
            self.close()
            if self.arm(case) and index < len(cases) - 1:
                values.code.append(BR + leb.unsigned(len(cases) - 1 - index))
        self.close()
        values.forget(values.changed_since(start))
        return True

    def return_(self, s: Return) -> bool:
        self.emit_all(s.values)
        self.values.code.append(RETURN)
        return False

    def unreachable(self, s: Unreachable) -> bool:
        self.values.code.append(UNREACHABLE)
        return False

    # -- nesting -----------------------------------------------------------------------------
    def label(self, name: str) -> None:
        self.labels[name] = self.open
        self.open += 1

    def close(self) -> None:
        self.values.code.append(END)
        self.open -= 1

    def branch(self, opcode: bytes, label: str) -> None:
        self.values.code.append(opcode + leb.unsigned(self.open - 1 - self.labels[label]))

    def inside(self, body: list[Stmt]) -> bool:
        """Statements that may not run: what they compute is unknown behind them."""
        values = self.values
        values.scopes.append(values.next_scope)
        values.next_scope += 1
        falls = self.run(body)
        values.scopes.pop()
        return falls

    def arm(self, body: list[Stmt]) -> bool:
        """The same; other arms start from the state before."""
        values = self.values
        start = len(values.changes)
        falls = self.inside(body)
        values.versions.update(values.changed_since(start))
        return falls


def assigned(statements: list[Stmt], known: dict[int, set[Value]]) -> set[Value]:
    """The variables, memory included, that these statements may change; `known` from before, by the list's id."""
    found = known.get(id(statements))
    if found is not None:
        return found
    names: set[Value] = set()
    known[id(statements)] = names
    s: Any
    for s in statements:
        kind = type(s)
        if kind is Let or kind is Set:
            if s.var is not None:
                names.add(s.var)
            if s.value.op in CALLS:
                names.add(MEMORY)
        elif kind is RawStore or kind is MemoryCopy or kind is MemoryFill:
            names.add(MEMORY)
        elif kind is Block or kind is Group or kind is Loop:
            names |= assigned(s.body, known)
        elif kind is If:
            names |= assigned(s.then, known)
            names |= assigned(s.other, known)
        elif kind is Results:
            names.update(s.vars)
            names.add(MEMORY)
        elif kind is Drop and s.value.op in CALLS:
            names.add(MEMORY)
        elif kind is Switch:
            for case in (*s.cases, s.default):
                names |= assigned(case, known)
    return names


_STATEMENTS: Final[dict[type, Callable[[_Body, Any], bool]]] = {
    Let: _Body.assign,
    Set: _Body.assign,
    Results: _Body.results_of,
    Drop: _Body.drop,
    RawStore: _Body.raw_store,
    MemoryCopy: _Body.memory_copy,
    MemoryFill: _Body.memory_fill,
    If: _Body.if_,
    Block: _Body.block,
    Group: _Body.group,
    Loop: _Body.loop,
    Br: _Body.br,
    Switch: _Body.switch,
    Return: _Body.return_,
    Unreachable: _Body.unreachable,
}
