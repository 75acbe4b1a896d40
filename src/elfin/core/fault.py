"""Faults whose vector or error code is known only at run time."""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.dialect import core_function, store_u32, store_u64, u32, u64
from elfin.isa.vectors import BP, GP, OF

IN_IDT: Final = 2  # error code: the selector is a vector of the interrupt table
ADDRESS_AT: Final = layout.STATE + layout.FAULT_ADDRESS
VECTOR_AT: Final = layout.STATE + layout.FAULT_VECTOR
ERROR_AT: Final = layout.STATE + layout.FAULT_ERROR


@core_function(writes="fault")
def raise_fault(vector: u32, error: u32) -> u32:
    """Write the fault slots; the status of a function that faults."""
    store_u64(u32(ADDRESS_AT), u64(0))
    store_u32(u32(VECTOR_AT), vector)
    store_u32(u32(ERROR_AT), error)
    return u32(1)


@core_function(may_fault=True, writes="fault")
def software_interrupt(vector: u32) -> u32:
    """INT n: 0 for the breakpoint's gate, which a program may use; else a fault (SDM vol. 3A, 6.12.1.2)."""
    if vector == BP:
        return u32(0)
    if vector == OF:
        return raise_fault(u32(OF), u32(0))
    return raise_fault(u32(GP), vector << 3 | IN_IDT)
