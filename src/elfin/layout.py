"""Where everything lies in a Wasm memory: the contract between tiers, kernel and hosts.

    [0, GUEST_BASE)   emulator: register file, page table, decode cache
    [GUEST_BASE, ...) guest byte g at GUEST_BASE + g

The register file has the same layout in every tier, the reference evaluator included.
Offsets of the register file ("slots") are relative to STATE.
"""

from __future__ import annotations

from typing import Final

PAGE: Final = 4096
GUEST_BASE: Final = 16 << 20
GUEST_LIMIT: Final = (1 << 32) - GUEST_BASE  # guest addresses lie below

# -- the mirror: what of the kernel's state quick system calls are answered from --------------
# Written by `runtime/mirror.py` before a task runs, read by `core/quick.py`.
MIRROR: Final = 0x200  # a u64 for each of QUICK_WORDS: the call's result, or UNANSWERED
MIRROR_END: Final = 0x2C0  # u32, descriptors from here on are closed
MIRROR_CLOCK: Final = 0x2C8  # u64, what to add to the host's monotonic clock
MIRROR_HAS_CLOCK: Final = 0x2D0  # u32, not 0: MIRROR_CLOCK is known
MIRROR_NOW: Final = 0x2D8  # u64, where the host writes the time
QUICK_ROWS: Final = (
    0x400  # a byte a call number: its QUICK; all 0 while the kernel must see each call
)
QUICK_CALLS: Final = 0x200
DESCRIPTORS: Final = 0x800  # a byte a descriptor: FD_... bits, 0 where it is closed
DESCRIPTORS_LIMIT: Final = 0x1000
FD_OPEN: Final = 1
FD_SINK: Final = 2  # write takes everything and keeps nothing
FD_EMPTY: Final = 4  # read is always at the end
FD_ZEROS: Final = 8  # read gives zeros
# How a call is answered: the column `quick` of its row (kernel/call.py); 0: by the kernel.
QUICK_WORDS: Final = ("pid", "tid", "ppid", "pgid", "uid", "euid", "gid", "egid", "yield")
QUICK: Final = (
    "", *QUICK_WORDS, "closed", "read", "write", "clock_gettime", "gettimeofday", "time",
)  # fmt: skip
UNANSWERED: Final = 1 << 63  # no call has this result: the kernel must answer

# -- the register file -------------------------------------------------------------------
STATE: Final = 0x1000
GPR: Final = 0  # 16 x u64 in encoding order: rax rcx rdx rbx rsp rbp rsi rdi r8..r15
RIP: Final = 0x80
ZERO: Final = 0x88  # always 0: the absent base, index or segment
FS_BASE: Final = 0x90
GS_BASE: Final = 0x98
ONES: Final = 0xA0  # always 2**64-1: the address mask of 64-bit addressing
LOW32: Final = 0xA8  # always 2**32-1: the address mask of 32-bit addressing

# Flag slots, each an i64.  What a slot holds is the *source* of the flag, not the flag, so that
# an interpreter handler stores what it has at hand:
FLAG_C: Final = 0xB0  # CF: bit 0 (the rest is zero)
FLAG_P: Final = 0xB8  # PF: even parity of the low byte
FLAG_A: Final = 0xC0  # AF: bit 4
FLAG_Z: Final = 0xC8  # ZF: the i64 is zero
FLAG_S: Final = 0xD0  # SF: bit 63
FLAG_O: Final = 0xD8  # OF: bit 63
FLAG_REST: Final = 0xE0  # RFLAGS without the six above: IF, DF, TF, AC, ID ...
FLAGS: Final = {"c": FLAG_C, "p": FLAG_P, "a": FLAG_A, "z": FLAG_Z, "s": FLAG_S, "o": FLAG_O}

MXCSR: Final = 0xE8  # u32
FLOAT_TRAP: Final = 0xEC  # u32, not 0: the last float operation found an unmasked exception
SEGMENT: Final = 0xF0  # 6 x u16 selectors: es cs ss ds fs gs
# What a leave says: written by a tier, read by the run loop.
FAULT_ADDRESS: Final = 0x100  # u64, for page faults
FAULT_VECTOR: Final = 0x108  # u32, SDM vol. 3 table 6-1
FAULT_ERROR: Final = 0x10C  # u32 error code
XMM: Final = 0x110  # 16 x 16 bytes
X87: Final = 0x210  # 8 x 16 bytes, physical registers: 80 bits each
FCW: Final = 0x290  # u16
FSW: Final = 0x292  # u16
FTW: Final = 0x294  # u16, full tag word
FOP: Final = 0x296  # u16
FIP: Final = 0x298  # u64
FDP: Final = 0x2A0  # u64
TSC: Final = 0x2A8  # u64, what RDTSC adds to the instruction count
COUNT: Final = 0x2B0  # u64, instructions retired
YMM_HIGH: Final = 0x2C0  # 16 x 16 bytes, reserved for AVX
TASK_SIZE: Final = 0x400  # up to here the file belongs to a task: saved and restored as one piece

# Slots of the memory, not of a task.
PENDING: Final = 0x400  # u32, not 0: the decode cache must be dropped after this instruction
CACHE_TOP: Final = 0x404  # u32, first free byte of the decode cache
FUEL: Final = 0x408  # i64, what is left, between translated functions (tiers/jit/frame.py)
SCRATCH: Final = 0x410  # 6 x 16 bytes, further results of core functions
HOT: Final = 0x470  # u32, how often a branch is taken before its target is translated
FLOAT_ODD: Final = 0x474  # u32, not 0: translated code has made a denormal
FLOAT_SEEN: Final = 0x478  # u32, the MXCSR that FLOAT_LIMITS were made for, 0: none
DROPS: Final = 0x47C  # u32, how often the decode cache was dropped
FLOAT_LIMITS: Final = 0x480  # 96 bytes, see core/float_limits.py
FLOAT_WATCHED: Final = 0x4E0  # u32, not 0: the guest has written to MXCSR, it may look at the flags
EDGE_FROM: Final = 0x4E4  # u32, the branch by which translated code was left as MISSED
EDGE_UNIT: Final = 0x4E8  # u32, the address for which its unit was made
EXPECTED: Final = 0x4F0  # u64, where who enters translated code goes on (tiers/jit/landing.py)
CODE_LOW: Final = 0x4F8  # u32, where in the page table the lowest page with PAGE_CODE is
CODE_HIGH: Final = 0x4FC  # u32, behind the highest
STACK_BOTTOM: Final = 0x500  # u64, where what is allowed near to RSP begins (tiers/jit/window.py)
STACK_ROOM: Final = 0x508  # u64, how much it is
STATE_SIZE: Final = 0x510

GPR_NAMES: Final = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(0, 64, 8)

DEPTH_LIMIT: Final = 500  # translated functions on the Wasm stack at most
FUEL_BITS: Final = 10  # of FUEL: how many may still be nested.  Above: instructions left, less 1

# -- what core functions of the x87 unit work on, between their start and their end ---------
X87_WORK: Final = 0x1700  # behind the decoder's record
X87_WORK_LIMIT: Final = 0x2000

# -- page table: a byte a guest page -----------------------------------------------------
PAGES: Final = 0x100000
PAGE_R: Final = 1
PAGE_W: Final = 2
PAGE_X: Final = 4
PAGE_CODE: Final = 8  # decoded code lies on the page; W is then cleared ...
PAGE_WSAVED: Final = 16  # ... and kept here

# -- decode tables and cache -------------------------------------------------------------
TABLES: Final = 0x2000  # the decoder's tables, put here by the core module's data segment
TABLES_LIMIT: Final = 0xF8000
ENDS: Final = 0xF8000  # a byte a handler: 1 if control never goes on in line behind it
ENDS_LIMIT: Final = 0xFEFFC
TRANSLATED: Final = (
    0xFEFFC  # u32, the handler of entries that enter translated code; 0: there is none
)
RECIPROCALS: Final = 0xFF000  # tables of RCPPS and RSQRTPS (core/reciprocal_table.py)
HASH: Final = 0x200000  # guest address -> decode entry: HASH_SIZE x u32
HASH_BITS: Final = 17
PROFILE: Final = HASH + (4 << HASH_BITS)  # u16 counters of indirect branch targets, by hash
PROFILE_BITS: Final = 15
SPREAD: Final = (
    0x9E3779B1  # 2**32 / golden ratio: an address times that, its upper bits, is its hash
)
LEAVES: Final = PROFILE + (2 << PROFILE_BITS)  # counters of `--stats` (core/leaves.py)
LEAVES_ROWS: Final = LEAVES + 16
LEAVES_BITS: Final = 12
EDGES: Final = LEAVES + (32 << LEAVES_BITS)  # u32 from, u32 to: ways that branches took, by hash
EDGES_BITS: Final = 13
CACHE: Final = EDGES + (8 << EDGES_BITS)  # whole pages
CACHE_LIMIT: Final = GUEST_BASE - 0x10000  # what lies between stays unused: codegen/memory.py

# -- one decode entry --------------------------------------------------------------------
ENTRY_HANDLER: Final = 0  # u16, index of the handler; 0: the end of a run
ENTRY_LENGTH: Final = 2  # u8, bytes of the instruction
ENTRY_SCALE: Final = 3  # u8, 0..3
ENTRY_PC: Final = 4  # u32, guest address
ENTRY_R: Final = 8  # u16 slot offset: ModRM.reg (or the register in the opcode)
ENTRY_B: Final = 10  # u16 slot offset: ModRM.rm register, or base
ENTRY_X: Final = 12  # u16 slot offset: index
ENTRY_V: Final = 14  # u16 slot offset: VEX.vvvv; general memory forms: segment base
ENTRY_DISP: Final = 16  # i64 displacement; RIP-relative: the address itself
ENTRY_IMM: Final = 24  # i64 immediate, or u32 branch target ...
ENTRY_LINK: Final = 28  # ... and u32 address of the target's entry, 0: not looked up yet
ENTRY_SIZE: Final = 32
