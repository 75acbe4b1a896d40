"""The time-stamp counter (SDM vol. 2B RDTSC).

TSC counts nanoseconds of the kernel's clock.  Where it cannot be looked at from here, TSC is set before each
run, and each reading moves it on a little: two readings differ, and time never goes back.
"""

from __future__ import annotations

from typing import Final

from elfin import layout
from elfin.core.quick_clock import steady
from elfin.dialect import core_function, load_u64, store_u64, u32, u64

TSC_AT: Final = layout.STATE + layout.TSC
UNANSWERED: Final = layout.UNANSWERED
STEP: Final = 32  # about what RDTSC itself takes


@core_function(reads="tsc", writes="tsc")
def read_tsc() -> u64:
    last = load_u64(u32(TSC_AT))
    now = steady()
    if now == UNANSWERED or now < last:
        now = last
    store_u64(u32(TSC_AT), now + STEP)
    return now
