"""The fields of the decode entry that executes, read at run time."""

from __future__ import annotations

from elfin import layout
from elfin.codegen.state import raw_load
from elfin.decode.variant import SCALE_A32
from elfin.ir.types import I8, I16, I32, I64, Type
from elfin.ir.value import Value
from elfin.tiers.interp.frame import ENTRY, field
from elfin.tiers.interp.lower import DIRECT


class RunTimeFields:
    """`lift.entry.Fields` as values that read memory at ENTRY."""

    @property
    def displacement(self) -> Value:
        return field(I64, layout.ENTRY_DISP)

    @property
    def shift(self) -> Value:
        return (field(I8, layout.ENTRY_SCALE) & 3).zext(I64)

    @property
    def narrow(self) -> Value:
        return (field(I8, layout.ENTRY_SCALE) & SCALE_A32).ne(0)

    @property
    def target(self) -> Value:
        return DIRECT

    @property
    def rip(self) -> Value:
        return field(I32, layout.ENTRY_PC).zext(I64)

    @property
    def next_rip(self) -> Value:
        length = field(I8, layout.ENTRY_LENGTH)
        return field(I32, layout.ENTRY_PC).zext(I64) + length.zext(I64)

    def slot(self, at: int) -> Value:
        return field(I16, at).zext(I32)

    def immediate(self, type_: Type) -> Value:
        return raw_load(type_, ENTRY, layout.ENTRY_IMM)
