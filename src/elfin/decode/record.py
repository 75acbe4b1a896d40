"""Numbers that the decoder, its tables and their readers share: plain integers, so that dialect code may
use them.

The decoder leaves what it found in one *raw record* at RECORD; the fields below are offsets in it, u32
unless said otherwise.
"""

from __future__ import annotations

from typing import Final

from elfin.layout import TABLES

# -- scratch, below the register file's end and the tables (see `layout`) -----------------------
FETCH: Final = 0x1600  # the fetch window: up to 15 bytes of code, then zeros
FETCH_SIZE: Final = 64
RECORD: Final = 0x1680
RECORD_SIZE: Final = 64

# -- the raw record -----------------------------------------------------------------------------
R_FORM: Final = 0  # Wasm address of the form's row in the tables; its number is at F_NUMBER there
R_LENGTH: Final = 4  # bytes
R_SIZE: Final = 8  # operand size: 16, 32, 64
R_PREFIX: Final = 12  # P_... bits
R_SEGMENT: Final = 16  # 0 none, 4 FS, 5 GS (the others mean nothing in 64-bit mode)
R_MOD: Final = 20  # 0..3; 3 also where there is no ModRM
R_REG: Final = 24  # ModRM.reg with its extensions, or the register in the opcode
R_RM: Final = 28  # ModRM.rm with its extensions
R_BASE: Final = 32  # 0..15, NO_BASE, RIP_BASE
R_INDEX: Final = 36  # 0..15 (0..31 for VSIB), NO_INDEX
R_SCALE: Final = 40  # 0..3
R_FIELDS: Final = 44  # X_... bits: W, vvvv, vector length, mask ...
R_DISP: Final = 48  # u64, sign-extended and scaled; `O`: the address
R_IMM: Final = 56  # u64, extended as the row says; `J`: the distance from the next instruction

NO_BASE: Final = 16
RIP_BASE: Final = 17
NO_INDEX: Final = 32
NO_REGISTER: Final = 255

P_LOCK: Final = 1
P_REP: Final = 2  # F3
P_REPNE: Final = 4  # F2
P_66: Final = 8
P_67: Final = 16
P_REX: Final = 32
CONTROL_REGISTERS: Final = 0b1_0001_1101  # those that exist: 0 2 3 4 8

# EVEX, VEX, XOP and REX fields in one word, as decoding passes them on (none of them inverted).
X_B: Final = 1
X_X: Final = 2
X_R: Final = 4
X_W: Final = 8
X_R2: Final = 0x10  # EVEX.R'
X_L: Final = 5  # 2 bits
X_VVVV: Final = 8  # 5 bits
X_MASK: Final = 13  # 3 bits
X_Z: Final = 0x10000
X_BROADCAST: Final = 0x20000

# -- status -------------------------------------------------------------------------------------
OK: Final = 0
INVALID: Final = 1  # #UD
TOO_LONG: Final = 2  # more than 15 bytes, #GP
MORE: Final = 3  # the window ends inside the instruction
LONGEST: Final = 15

# -- the tables: PREFIXES, 256 bytes that say which bytes are prefixes, then a directory of MAPS u32
# addresses, each of 256 u32 addresses of candidate lists ----------------------------------------
PREFIXES: Final = TABLES
# 0, or P_... of the prefix, or one of these:
PREFIX_REX: Final = 0x40
PREFIX_SEGMENT: Final = 0x80  # | the segment register
DIRECTORY: Final = PREFIXES + 256
MAPS: Final = 32
MAP_LEGACY: Final = 0  # + 0..3
MAP_3DNOW: Final = 4
MAP_VEX: Final = 8  # + 0..7
MAP_XOP: Final = 8  # + 8..10
MAP_EVEX: Final = 24  # + 0..7
# A list: u32 of L_... bits and the number of candidates, then the candidates; a grouped one has instead
# 16 u32 addresses of lists by ModRM: reg, + 8 for mod 3.
L_MODRM: Final = 0x100
L_GROUPED: Final = 0x200
L_COUNT: Final = 0xFF
# A candidate: u32 mask and u32 value of the context, u32 address of the form.
CANDIDATE_SIZE: Final = 12

# The context a candidate is compared with.
C_PP: Final = 0  # 2 bits: 0 none, 1 66, 2 F3, 3 F2
C_W: Final = 2
C_L: Final = 3  # 2 bits
C_MOD3: Final = 5
C_REG: Final = 6  # 3 bits
C_RM: Final = 9  # 3 bits
C_SIZE: Final = 12  # 2 bits: 0 16, 1 32, 2 64
C_A32: Final = 14
C_REX_B: Final = 15

# A form.
F_NUMBER: Final = 0  # u16
F_IMM: Final = 2  # u8, IMM_...
F_DEFAULT: Final = 3  # u8, D_...: how the operand size comes about
F_FLAGS: Final = 4  # u32, FF_...
F_HANDLER: Final = 8  # u16, first handler; 0: not implemented
F_SIZES: Final = 10  # u8: 2 bits each for 16, 32, 64: which of the handlers' sizes
F_REPS: Final = 11  # u8: 1, 2 (rep) or 3 (rep, repne)
F_KINDS: Final = 12  # u8: how many of them
F_KIND: Final = 13  # u8: 2 bits each for kinds R, B, X, G: which of the handlers' kinds
F_TUPLE: Final = 14  # u8: log2 of the bytes of the memory operand; + T_L: plus L, + T_W: plus W
F_ELEMENT: Final = 15  # u8: log2 of the bytes of the broadcast element
F_CLASS_R: Final = 16  # u8, CLASS_... of ENTRY_R
F_CLASS_B: Final = 17  # u8, of ENTRY_B where it is a register
F_CLASS_V: Final = 18  # u8, of ENTRY_V where it is a register
F_STRING: Final = 19  # u8, 1: memory that no ModRM spells out
F_BRANCH: Final = 20  # u8, 1: a branch target
FORM_SIZE: Final = 24

D_NORMAL: Final = 0
D_64: Final = 1  # 64 unless 66
D_FORCE_64: Final = 2

T_L: Final = 0x10
T_W: Final = 0x20

IMM_NONE: Final = 0
IMM_B: Final = 1  # a byte
IMM_BS: Final = 2  # a byte, sign-extended
IMM_JB: Final = 3
LAST_IMM_BS: Final = IMM_JB
IMM_W: Final = 4
IMM_BB: Final = 5  # ib | ib << 8
LAST_IMM_W: Final = IMM_BB
IMM_WB: Final = 6  # iw | ib << 16
IMM_D: Final = 7
IMM_OFFSET: Final = 8  # `O`: 8 or 4 bytes by address size, in R_DISP
IMM_V: Final = 9  # 2, 4 or 8 bytes
IMM_Z: Final = 10  # 2 or 4 bytes by operand size, sign-extended
IMM_JZ: Final = 11

FF_LOCK: Final = 1  # LOCK allowed
FF_VVVV: Final = 2  # vvvv names an operand
FF_MASK: Final = 4  # EVEX.aaa may be used ...
FF_MASKED: Final = 8  # ... and must be
FF_ZERO: Final = 0x10  # EVEX.z may be used
FF_BROADCAST: Final = 0x20
FF_ROUND: Final = 0x40  # EVEX.b allowed in register forms
FF_VSIB: Final = 0x80
FF_SEGMENT: Final = 0x100  # reg is a segment register
FF_NOT_CS: Final = 0x200  # ... that is written
FF_CONTROL: Final = 0x400  # reg is a control register
FF_DEBUG: Final = 0x800  # reg is a debug register
FF_K_REG: Final = 0x1000  # reg is a mask register
FF_K_VVVV: Final = 0x2000  # vvvv is
FF_DISTINCT: Final = 0x4000  # the registers must differ
FF_GPR_REG: Final = 0x8000  # reg is a general register: EVEX.R' has no place
FF_TILE: Final = 0x10000  # reg, rm or vvvv are tile registers
FF_WIDE_RM: Final = 0x20000  # rm is a vector register: EVEX.X extends it

FF_STORE: Final = 0x40000  # rm is the destination: no zeroing in memory
FF_SIB: Final = 0x80000  # memory only with a SIB byte
FF_NO_SEGMENT: Final = 0x100000  # computes an address only (LEA)
FF_REGISTER: Final = 0x200000  # ModRM.mod is ignored: rm is a register

CLASS_NONE: Final = 0
CLASS_BYTE: Final = 1  # AL..BH without REX, AL..R15B with
CLASS_GPR: Final = 2
CLASS_XMM: Final = 3
CLASS_SEGMENT: Final = 4
CLASS_STACK: Final = 5  # ST(i): the entry holds i
