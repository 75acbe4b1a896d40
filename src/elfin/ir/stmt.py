"""Statements: what happens, in order.  Straight-line ones say what an instruction does; the
structured ones (`If`, `Loop` ...) make the trees that `codegen` turns into Wasm functions.

A meaning (isa) emits only the first group.  `lift` and `codegen` policies rewrite `Load`, `Store`,
`Get`/`Put` and faults into raw accesses of Wasm memory or into locals; what reaches the Wasm
backend is the second and third group with `raw_load` values.
"""

from __future__ import annotations

from typing import TypeAlias

from elfin.ir.types import Type
from elfin.ir.value import TRUE, Value
from elfin.records import dataclass, field

# -- what an instruction does -------------------------------------------------------------


@dataclass(slots=True)
class Let:
    """Evaluate `value` here, once, and name it.  The only place of `load` and `call` values.

    A `call` whose result nobody needs has `var` None.
    """

    var: Value | None
    value: Value


@dataclass(slots=True)
class Put:
    """Guest state at a fixed offset of the register file becomes `value`.

    Offsets in `layout.FLAGS` take an i1, the flag itself; its slot's form is codegen's business.
    """

    offset: int
    value: Value


@dataclass(slots=True)
class PutAt:
    """The same at an offset known only at run time (an i32); interpreter only, never a flag."""

    offset: Value
    value: Value


@dataclass(slots=True)
class Store:
    """Guest memory at a 64-bit address becomes `value`; faults if it may not be written."""

    address: Value
    value: Value


@dataclass(slots=True)
class Raise:
    """A fault at this instruction (nothing of it has happened) if `when` holds."""

    when: Value
    vector: int
    error: int = 0


@dataclass(slots=True)
class Jump:
    """Go on at a guest address; always the last statement of an instruction."""

    target: Value


@dataclass(slots=True)
class Branch:
    """Go on at `target` if `when` holds, else at the next instruction; last."""

    when: Value
    target: Value


@dataclass(slots=True)
class Leave:
    """Leave to the run loop after this instruction, with a reason (`layout`-independent code), if
    `when` holds, else go on at the next instruction; last."""

    reason: int
    when: Value = TRUE


# -- raw effects ------------------------------------------------------------------------


@dataclass(slots=True)
class RawStore:
    """Wasm memory at `base` (i32) + `offset` becomes the low `bits` bits of `value`."""

    base: Value
    offset: int
    value: Value
    bits: int


@dataclass(slots=True)
class Set:
    """A local variable (op `local`) becomes `value`; may be set many times."""

    var: Value
    value: Value


@dataclass(slots=True)
class Results:
    """A `call` with several results: each local variable becomes the one at its place."""

    vars: tuple[Value, ...]
    value: Value


@dataclass(slots=True)
class Drop:
    """Evaluate for its effect."""

    value: Value


@dataclass(slots=True)
class MemoryFill:
    """`length` bytes (i32) at Wasm address `base` (i32) become `byte` (i32)."""

    base: Value
    byte: Value
    length: Value


@dataclass(slots=True)
class MemoryCopy:
    """Wasm memory.copy; all i32."""

    to: Value
    source: Value
    length: Value


# -- structure ---------------------------------------------------------------------------


@dataclass(slots=True)
class If:
    """`rare`: `when` hardly ever holds, which engines are told."""

    when: Value
    then: list[Stmt]
    other: list[Stmt] = field(default_factory=list)
    rare: bool = False


@dataclass(slots=True)
class Block:
    """`Br(label)` inside goes behind the block."""

    label: str
    body: list[Stmt]


@dataclass(slots=True)
class Group:
    """Just the statements, to which who made it may add more later."""

    name: str
    body: list[Stmt]


@dataclass(slots=True)
class Loop:
    """`Br(label)` inside goes to the start; the end of the body falls out."""

    label: str
    body: list[Stmt]


@dataclass(slots=True)
class Br:
    label: str


@dataclass(slots=True)
class Switch:
    """One of `cases` by index (i32), `default` when out of range; each falls behind the switch."""

    index: Value
    cases: list[list[Stmt]]
    default: list[Stmt]


@dataclass(slots=True)
class Return:
    values: tuple[Value, ...] = ()


@dataclass(slots=True)
class Unreachable:
    pass


Effect: TypeAlias = Let | Put | PutAt | Store | Raise | Jump | Branch | Leave
Stmt: TypeAlias = (
    Effect | RawStore | Set | Results | Drop | MemoryFill | MemoryCopy
    | If | Block | Group | Loop | Br | Switch | Return | Unreachable
)  # fmt: skip


@dataclass(slots=True)
class Function:
    """One function for the backend: its parameters are `local` values, in order.

    `locals_` need not be declared: the backend collects them from the body.
    """

    name: str
    params: tuple[Value, ...]
    results: tuple[Type, ...]
    body: list[Stmt]
    export: str | None = None
