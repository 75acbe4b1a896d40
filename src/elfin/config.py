"""Every tunable number in one place (what other parts must agree on bit by bit is in layout.py)."""

from __future__ import annotations

from typing import Final

# -- where the kernel places things in a guest's address space ------------------------------
# Low first, so that the Wasm memory grows with use: image, brk, stack, then the mmap area upwards.
PIE_BASE: Final = 0x40_0000
STACK_TOP: Final = 0x1000_0000
STACK_SIZE: Final = 8 << 20  # mapped whole; also the soft limit RLIMIT_STACK
MMAP_BASE: Final = STACK_TOP
MMAP_MIN: Final = 0x1_0000  # as vm.mmap_min_addr: nothing is mapped below

# -- processes --------------------------------------------------------------------------------
FIRST_PID: Final = 100  # not 1: init has privileges and duties that no program expects to have
PID_MAX: Final = 32768
TURN_BUDGET: Final = 2_000_000  # guest instructions of one turn of a task
LEAST_BUDGET: Final = 20_000  # of a short one at least: some milliseconds of a slow interpreter
TURN_CALLS: Final = 100  # system calls of one turn while other tasks wait for theirs

# -- machines -----------------------------------------------------------------------------------
DEFAULT_TIER: Final = "jit"

# -- translation ----------------------------------------------------------------------------------
SWITCH: Final = 0.0005  # seconds that the translator's thread may keep Python to itself
PIECE: Final = 200_000  # guest instructions between looks for what that thread has finished
HOT: Final = (
    4096  # times a branch is taken before its target may be translated; then at each power of two
)
PATIENCE: Final = 1024  # executions for each instruction that would be translated
FIRST_OPS: Final = 32  # instructions that must be worth it before anything is translated
FIRST_RUN: Final = (
    10_000_000  # instructions that must have run before, which takes as long as the import
)
FIRST_RUN_BEHIND: Final = 2_000_000  # where the import is done in the background
WAIT: Final = 0.1  # seconds at most that a guest waits for a unit in which it spends its time
EDGES_LAST: Final = 0.05  # seconds for which plans use what was read of where branches went
NEAR: Final = 1 << 13  # bytes between the beginnings of plans that may contain one another
AGAIN_PATIENCE: Final = 64  # times that, where translated code has the instruction already
LOOP_PATIENCE: Final = 4  # times PATIENCE, before an inner loop is translated alone
LOOP_OPS: Final = 200  # instructions of such a loop at most
LOOP_READ: Final = 4  # instructions that are read to find each of such a loop
MISS_PATIENCE: Final = 64  # ways out for each instruction of a unit before it is made anew
SWITCH_PATIENCE: Final = 512  # the same, of a unit around a `switch`
SLOW_EXITS: Final = 200  # ways out at one float operation before its unit is made anew, with calls
MISSES: Final = (
    64  # ways out at one branch before its region may be made anew; then at 128, 256 ...
)
CALL_TARGETS: Final = 8  # of an indirect call that are called directly
ROUNDS: Final = 8  # times at most that a unit is made anew for ways it lacks
WARM: Final = 100  # times a call is made before its target is translated with the caller
SELDOM: Final = 32  # and in one of so many runs of the caller at least
REGION_OPS: Final = 2000  # guest instructions of a region at most
SWITCH_OPS: Final = 6000  # and of one around a `switch`
DOORS: Final = 12  # targets of a jump that make a `switch` (`tiers.jit.doors`)
MOST_DOORS: Final = 500
UNIT_REGIONS: Final = 16  # regions translated together at most
UNIT_ENTRIES: Final = UNIT_REGIONS * (1 + MOST_DOORS)
NESTED_OPS: Final = 100  # a call of a function of that many instructions is one level more
INLINE_OPS: Final = 30  # instructions of a function that becomes part of its callers
INLINE_ROOM: Final = 100  # instructions that a unit gets like this at least
INLINE_SHARE: Final = 2  # else one for so many of its own
INLINE_LEVELS: Final = 2  # calls within calls
COLD: Final = 32  # one in so many runs of a function goes a way that is left out of its head
RARE: Final = 1024  # the same, where it does not count any more what callers still count
AGAIN_OPS: Final = 1000  # of a translated callee that is translated again with a caller
AGAIN_OPS_PAGED: Final = 60  # in a page, where translating takes longer
UNITS_OF_ENTRY: Final = 4  # translations kept for code at one address that keeps changing
CHANGED_WAIT: Final = 0.004  # seconds before the next one is made, twice as long each time
UNITS_BYTES: Final = 48 << 20  # Wasm of all units of a machine; machine code is as large again
UNITS: Final = 8000  # of a machine: each is two of the 65,530 mappings that Linux gives a process
UNITS_OF_MEMORY: Final = 4000  # started in one guest memory before it is renewed
TABLE_SIZE: Final = 1 << 16  # translated functions of one guest memory at most
STORE_SIZE: Final = 256  # MiB of translations kept in files; see tiers/jit/store.py
AHEAD_OPS: Final = 150_000  # instructions of a program that are translated when it is packed
