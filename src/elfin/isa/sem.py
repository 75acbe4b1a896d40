"""`Sem`: what a meaning writes on.

Input:  operands as `Place`s, bound by a tier (a `Binder`): to constants, or to fields of the decode
        entry that are read at run time.
Output: the instruction's effects, `Sem.out`, in order.  Every read sees the state before the
        instruction or the value written by it before; register and flag writes are committed last, so a
        fault in any memory access leaves the state as it was.
Nothing here runs, and nothing here knows Wasm.
"""

from __future__ import annotations

from typing import Protocol

from elfin import layout
from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put, PutAt, Raise, Store
from elfin.ir.types import I1, I32, I64, V128, Type
from elfin.ir.value import TRUE, Value, local, make
from elfin.records import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """A register, or part of one: `type.bits` bits of the register file.

    `offset` is an int, or an i32 value where only the running decoder knows it.  `gpr` marks a general
    register, whose 32-bit writes clear the upper half.
    """

    offset: int | Value
    type: Type
    gpr: bool = False


@dataclass(frozen=True, slots=True)
class Mem:
    """Guest memory at a 64-bit effective address (segment base included)."""

    address: Value
    type: Type


@dataclass(frozen=True, slots=True)
class Imm:
    """An immediate or a branch target."""

    value: Value

    @property
    def type(self) -> Type:
        return self.value.type


Place = Slot | Mem | Imm


class Binder(Protocol):
    """What a tier supplies beside the operands."""

    @property
    def rip(self) -> Value: ...  # i64, address of the instruction

    @property
    def next_rip(self) -> Value: ...  # i64, address of the next instruction

    @property
    def segment(self) -> Value: ...  # i64, base that implicit DS-relative operands are relative to

    @property
    def address_size(self) -> int: ...  # 32 or 64, of implicit operands and counters

    def displaced(self, address: Value, by: Value) -> Value:
        """The address of a ModRM operand, moved by some bytes before the segment base is added."""
        ...


class Sem:
    """Collects the effects of one instruction.  `size` is the operand size in bits (16, 32, 64)."""

    def __init__(self, binder: Binder, size: int = 32, rep: str = "", first_var: int = 0) -> None:
        self.binder = binder
        self.size = size
        self.rep = rep  # "", "rep" (f3) or "repne" (f2), for string instructions
        self.out: list[Effect] = []
        self._writes: dict[int | Value, tuple[Slot, Value]] = {}
        self._reads: dict[tuple[int | Value, Type], Value] = {}  # since the last call
        self._next_var = first_var

    # -- naming and effects ----------------------------------------------------------------
    def let(self, value: Value) -> Value:
        """Evaluate here and name the result."""
        var = local(value.type, f"t{self._next_var}")
        self._next_var += 1
        self.out.append(Let(var, value))
        return var

    def call(self, name: str, type_: Type | None, *args: Value) -> Value | None:
        """Call the core function `name` (elfin.core) for its effect or value; it sees the state
        of before this instruction and may change the parts its row declares.

        `type_` is the result's type, None for a function without result.  A core function that may
        fault (its row says so) ends the instruction there, with nothing committed.
        """
        self._reads.clear()
        if type_ is None:
            self.out.append(Let(None, make("call", I32, *args, imm=name)))
            return None
        return self.let(make("call", type_, *args, imm=name))

    def compute(self, name: str, type_: Type, *args: Value) -> Value:
        """`call` for a core function with a result."""
        result = self.call(name, type_, *args)
        assert result is not None
        return result

    # -- places ----------------------------------------------------------------------------
    def read(self, place: Place) -> Value:
        """The operand's value, in its own type."""
        match place:
            case Imm(value):
                return value
            case Mem(address, type_):
                return self.load(address, type_)
            case Slot(offset, type_):
                pending = self._writes.get(offset)
                if pending is not None:
                    return pending[1].resize(type_)
                if (offset, type_) not in self._reads:
                    if isinstance(offset, int):
                        got = make("get", type_, imm=offset)
                    else:
                        got = make("get_at", type_, offset)
                    self._reads[offset, type_] = self.let(got)
                return self._reads[offset, type_]

    def write(self, place: Place, value: Value) -> None:
        """The operand becomes `value`.  A 32-bit general register clears its upper half."""
        match place:
            case Slot(offset, type_, gpr):
                assert value.type is type_, f"{value!r} into {place!r}"
                self._writes[offset] = (place, value)
                if gpr and type_ is I32:
                    self._writes[offset] = (Slot(offset, I64, True), value.zext(I64))
            case Mem(address, type_):
                assert value.type is type_, f"{value!r} into {place!r}"
                self.store(address, value)
            case Imm():
                raise AssertionError("an immediate cannot be written")

    def reg(self, offset: int, type_: Type = I64) -> Slot:
        """A fixed general register by its offset (`layout.RAX` ...), or its low part."""
        return Slot(offset, type_, gpr=True)

    def whole(self, place: Place) -> Slot:
        """The vector register whose low lane `place` is."""
        assert isinstance(place, Slot), place
        return Slot(place.offset, V128)

    def load(self, address: Value, type_: Type) -> Value:
        return self.let(make("load", type_, address))

    def store(self, address: Value, value: Value) -> None:
        """A load of the same operand before becomes an update: it faults as the write that follows."""
        load = make("load", value.type, address)
        for at, effect in enumerate(self.out):
            if isinstance(effect, Let) and effect.value is load:
                self.out[at] = Let(effect.var, make("load", value.type, address, imm="update"))
        self.out.append(Store(address, value))

    # -- flags -----------------------------------------------------------------------------
    def flag(self, name: str) -> Value:
        """CF PF AF ZF SF OF ("c" "p" "a" "z" "s" "o") as an i1."""
        offset = layout.FLAGS[name]
        pending = self._writes.get(offset)
        return pending[1] if pending is not None else self.let(make("get", I1, imm=offset))

    def flags(self, **values: Value) -> None:
        """Set the named flags to i1 values; the others stay."""
        for name, value in values.items():
            assert value.type is I1, f"flag {name} = {value!r}"
            offset = layout.FLAGS[name]
            self._writes[offset] = (Slot(offset, I1), value)

    # -- control ---------------------------------------------------------------------------
    def fault_if(self, when: Value, vector: int, error: int = 0) -> None:
        """Raise an exception at this instruction if `when` holds (SDM vol. 3 table 6-1)."""
        self.out.append(Raise(when, vector, error))

    def jump(self, target: Value) -> None:
        self.commit()
        self.out.append(Jump(target))

    def branch(self, when: Value, target: Value) -> None:
        self.commit()
        self.out.append(Branch(when, target))

    def leave(self, reason: int, when: Value = TRUE) -> None:
        """To the run loop behind this instruction, if `when` holds."""
        self.commit()
        self.out.append(Leave(reason, when))

    @property
    def rip(self) -> Value:
        return self.binder.rip

    @property
    def next_rip(self) -> Value:
        return self.binder.next_rip

    @property
    def segment(self) -> Value:
        return self.binder.segment

    @property
    def address_size(self) -> int:
        return self.binder.address_size

    def commit(self) -> None:
        """Emit the pending register and flag writes; called once, after the meaning."""
        for offset, (_, value) in self._writes.items():
            if isinstance(offset, int):
                self.out.append(Put(offset, value))
            else:
                self.out.append(PutAt(offset, value))
        self._writes = {}
