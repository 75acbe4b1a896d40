"""The time-stamp counter (SDM vol. 2B RDTSC).

TSC counts nanoseconds: it is set before each run from the machine's clock.  Inside a run each reading moves
it on a little, so that two readings differ and time never goes back.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.dialect import core_function, load_u64, store_u64, u32, u64

TSC_AT: Final = layout.STATE + layout.TSC
STEP: Final = 32  # about what RDTSC itself takes


@core_function(reads="tsc", writes="tsc")
def read_tsc() -> u64:
    now = load_u64(u32(TSC_AT))
    store_u64(u32(TSC_AT), now + STEP)
    return now
