"""Moves of XMM registers (SDM vol. 2: MOVAPS ... MOVQ, MOVMSKPS, PMOVMSKB).

Input:  `Sem`, and operands as `Place`s.
Output: effects in `Sem`.  Nothing here runs, and nothing here knows Wasm.
A scalar loaded from memory clears the rest of the register; one moved between registers does not.
"""

from __future__ import annotations

from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem, Slot
from elfin.isa.vector import aligned, alone, check_alignment, high, op, shuffle

SSE = "cpuid=sse"
SSE2 = "cpuid=sse2"

MOVAPS = rows("movaps", "SDM 2B MOVAPS", SSE)
MOVAPS("NP 0F 28 /r   V,ps W,ps")
MOVAPS("NP 0F 29 /r   W,ps V,ps")
MOVAPD = rows("movapd", "SDM 2B MOVAPD", SSE2)
MOVAPD("66 0F 28 /r   V,pd W,pd")
MOVAPD("66 0F 29 /r   W,pd V,pd")
MOVDQA = rows("movdqa", "SDM 2B MOVDQA", SSE2)
MOVDQA("66 0F 6F /r   V,dq W,dq")
MOVDQA("66 0F 7F /r   W,dq V,dq")

MOVUPS = rows("movups", "SDM 2B MOVUPS", SSE)
MOVUPS("NP 0F 10 /r   V,ps W,ps")
MOVUPS("NP 0F 11 /r   W,ps V,ps")
MOVUPD = rows("movupd", "SDM 2B MOVUPD", SSE2)
MOVUPD("66 0F 10 /r   V,pd W,pd")
MOVUPD("66 0F 11 /r   W,pd V,pd")
MOVDQU = rows("movdqu", "SDM 2B MOVDQU", SSE2)
MOVDQU("F3 0F 6F /r   V,dq W,dq")
MOVDQU("F3 0F 7F /r   W,dq V,dq")

MOVSS = rows("movss", "SDM 2B MOVSS", SSE)
MOVSS("F3 0F 10 /r   V,ss W,ss")
MOVSS("F3 0F 11 /r   W,ss V,ss")
MOVSD = rows("movsd", "SDM 2B MOVSD", SSE2 + " meaning=movsd_xmm")
MOVSD("F2 0F 10 /r   V,sd W,sd")
MOVSD("F2 0F 11 /r   W,sd V,sd")

MOVLPS = rows("movlps", "SDM 2B MOVLPS", SSE)
MOVLPS("NP 0F 12 /r   V,q M,q")
MOVLPS("NP 0F 13 /r   M,q V,q")
MOVLPD = rows("movlpd", "SDM 2B MOVLPD", SSE2)
MOVLPD("66 0F 12 /r   V,q M,q")
MOVLPD("66 0F 13 /r   M,q V,q")
MOVHPS = rows("movhps", "SDM 2B MOVHPS", SSE)
MOVHPS("NP 0F 16 /r   V,dq M,q")
MOVHPS("NP 0F 17 /r   M,q V,dq   meaning=store_high")
MOVHPD = rows("movhpd", "SDM 2B MOVHPD", SSE2)
MOVHPD("66 0F 16 /r   V,dq M,q")
MOVHPD("66 0F 17 /r   M,q V,dq   meaning=store_high")
MOVHLPS = rows("movhlps", "SDM 2B MOVHLPS", SSE)
MOVHLPS("NP 0F 12 /r   V,dq U,dq")
MOVLHPS = rows("movlhps", "SDM 2B MOVLHPS", SSE)
MOVLHPS("NP 0F 16 /r   V,dq U,q")

MOVD = rows("movd", "SDM 2B MOVD/MOVQ", SSE2 + " as=movd/movd/movq")
MOVD("66 0F 6E /r   V,dq E,y   meaning=move_alone")
MOVD("66 0F 7E /r   E,y V,y")
MOVQ = rows("movq", "SDM 2B MOVQ", SSE2)
MOVQ("F3 0F 7E /r   V,dq W,q   meaning=move_alone")
MOVQ("66 0F D6 /r   W,q V,q")

MOVMSKPS = rows("movmskps", "SDM 2B MOVMSKPS", SSE)
MOVMSKPS("NP 0F 50 /r   G,y U,ps")
MOVMSKPD = rows("movmskpd", "SDM 2B MOVMSKPD", SSE2)
MOVMSKPD("66 0F 50 /r   G,y U,pd")
PMOVMSKB = rows("pmovmskb", "SDM 2B PMOVMSKB", SSE2)
PMOVMSKB("66 0F D7 /r   G,y U,dq")


@semantics("movaps", "movapd", "movdqa")
def move_aligned(m: Sem, dst: Place, src: Place) -> None:
    check_alignment(m, dst)
    m.write(dst, aligned(m, src))


@semantics("movups", "movupd", "movdqu", "movlps", "movlpd", "movd")
def move(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, m.read(src))


@semantics("movss", "movsd_xmm")
def move_scalar(m: Sem, dst: Place, src: Place) -> None:
    value = m.read(src)
    if isinstance(dst, Slot) and not isinstance(src, Slot):
        m.write(m.whole(dst), alone(value))
    else:
        m.write(dst, value)


@semantics("move_alone")
def move_alone(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, alone(m.read(src)))


@semantics("movq")
def movq(m: Sem, dst: Place, src: Place) -> None:
    value = m.read(src)
    if isinstance(dst, Slot):
        m.write(m.whole(dst), alone(value))
    else:
        m.write(dst, value)


@semantics("movhps", "movhpd", "movlhps")
def load_high(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, op("i64x2.replace_lane", m.read(dst), m.read(src), imm=1))


@semantics("store_high")
def store_high(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, high(m.read(src)))


@semantics("movhlps")
def movhlps(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, shuffle(m.read(dst), m.read(src), (*range(24, 32), *range(8, 16))))


@semantics("movmskps")
def movmskps(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, op("i32x4.bitmask", m.read(src)).resize(dst.type))


@semantics("movmskpd")
def movmskpd(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, op("i64x2.bitmask", m.read(src)).resize(dst.type))


@semantics("pmovmskb")
def pmovmskb(m: Sem, dst: Place, src: Place) -> None:
    m.write(dst, op("i8x16.bitmask", m.read(src)).resize(dst.type))
