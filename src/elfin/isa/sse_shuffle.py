"""Shuffles of XMM registers by an immediate (SDM vol. 2: SHUFPS, PSHUFD, PINSRW, PSLLDQ ...).

A shuffle is built as byte indices for `i8x16.swizzle`, by arithmetic on the immediate, because the
interpreter knows it only when it runs.  Where it is known already, it becomes one `i8x16.shuffle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from elfin.ir.types import I8, I16, I32
from elfin.ir.value import Value, const
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vector import ZERO, aligned, is_known, known, lanes, op, shuffle, splat

SSE = "cpuid=sse"
SSE2 = "cpuid=sse2"

SHUFPS = rows("shufps", "SDM 2B SHUFPS", SSE)
SHUFPS("NP 0F C6 /r   V,ps W,ps I,b")
SHUFPD = rows("shufpd", "SDM 2B SHUFPD", SSE2)
SHUFPD("66 0F C6 /r   V,pd W,pd I,b")
PSHUFD = rows("pshufd", "SDM 2B PSHUFD", SSE2)
PSHUFD("66 0F 70 /r   V,dq W,dq I,b")
PSHUFLW = rows("pshuflw", "SDM 2B PSHUFLW", SSE2)
PSHUFLW("F2 0F 70 /r   V,dq W,dq I,b")
PSHUFHW = rows("pshufhw", "SDM 2B PSHUFHW", SSE2)
PSHUFHW("F3 0F 70 /r   V,dq W,dq I,b")
PINSRW = rows("pinsrw", "SDM 2B PINSRW", SSE2)
PINSRW("66 0F C4 /r   V,dq R,y I,b")
PINSRW("66 0F C4 /r   V,dq M,w I,b")
PEXTRW = rows("pextrw", "SDM 2B PEXTRW", SSE2)
PEXTRW("66 0F C5 /r   G,y U,dq I,b")
PSLLDQ = rows("pslldq", "SDM 2B PSLLDQ", SSE2)
PSLLDQ("66 0F 73 /7   U,dq I,b")
PSRLDQ = rows("psrldq", "SDM 2B PSRLDQ", SSE2)
PSRLDQ("66 0F 73 /3   U,dq I,b")

_IOTA: Final = tuple(range(16))


def _word_indices(imm: Value, times: Sequence[int], step: int, first: Sequence[int]) -> Value:
    """Byte indices, made in eight words: `first` + `step` * (the two bits of `imm` that `times` picks).

    Times 64, 16, 4 or 1, the first, second, third or fourth pair of bits lies at bits 6 and 7.
    """
    field = op("i16x8.mul", splat("i16x8", imm.zext(I16)), lanes(16, times))
    number = op("v128.and", op("i16x8.shr_u", field, const(I32, 6)), lanes(16, [3] * 8))
    scaled = op("i16x8.mul", number, lanes(16, [step * 0x0101] * 8))
    return op("i16x8.add", scaled, lanes(16, first))


def _pair(byte: int) -> int:
    """A word that holds two byte indices in line."""
    return byte | (byte + 1) << 8


def _fields(imm: Value) -> list[int]:
    """The four two-bit fields of a known immediate."""
    return [known(imm) >> 2 * i & 3 for i in range(4)]


def _words(elements: Sequence[int], size: int) -> list[int]:
    """Byte indices of elements of this size."""
    return [size * e + b for e in elements for b in range(size)]


def shuffle_dwords(a: Value, imm: Value) -> Value:
    """Dword i of the result is dword `imm[2i+1:2i]` of `a`."""
    if is_known(imm):
        return shuffle(a, a, _words(_fields(imm), 4))
    indices = _word_indices(imm, (64, 64, 16, 16, 4, 4, 1, 1), 4, (_pair(0), _pair(2)) * 4)
    return op("i8x16.swizzle", a, indices)


def _half_words(a: Value, imm: Value, half: int) -> Value:
    """The four words of the half that starts at word `half` are permuted, the others stay."""
    kept = 4 - half
    if is_known(imm):
        moved = _words([half + f for f in _fields(imm)], 2)
        still = _words(range(kept, kept + 4), 2)
        return shuffle(a, a, still + moved if half else moved + still)
    times, first = (64, 16, 4, 1), [_pair(2 * half)] * 4
    zero, still = (0, 0, 0, 0), [_pair(2 * w) for w in range(kept, kept + 4)]
    if half:
        indices = _word_indices(imm, zero + times, 2, still + first)
    else:
        indices = _word_indices(imm, times + zero, 2, first + still)
    return op("i8x16.swizzle", a, indices)


@semantics("pshufd")
def pshufd(m: Sem, dst: Place, src: Place, imm: Place) -> None:
    m.write(dst, shuffle_dwords(aligned(m, src), m.read(imm)))


@semantics("pshuflw")
def pshuflw(m: Sem, dst: Place, src: Place, imm: Place) -> None:
    m.write(dst, _half_words(aligned(m, src), m.read(imm), 0))


@semantics("pshufhw")
def pshufhw(m: Sem, dst: Place, src: Place, imm: Place) -> None:
    m.write(dst, _half_words(aligned(m, src), m.read(imm), 4))


@semantics("shufps")
def shufps(m: Sem, dst: Place, src: Place, imm: Place) -> None:
    """Two dwords of the destination, then two of the source."""
    b = aligned(m, src)
    a, choice = m.read(dst), m.read(imm)
    if is_known(choice):
        f = _fields(choice)
        result = shuffle(a, b, _words([f[0], f[1], 4 + f[2], 4 + f[3]], 4))
    else:
        first, second = shuffle_dwords(a, choice), shuffle_dwords(b, choice)
        result = shuffle(first, second, (*range(8), *range(24, 32)))
    m.write(dst, result)


@semantics("shufpd")
def shufpd(m: Sem, dst: Place, src: Place, imm: Place) -> None:
    """A quadword of the destination, then one of the source."""
    b = aligned(m, src)
    a, choice = m.read(dst), m.read(imm)
    if is_known(choice):
        n = known(choice)
        result = shuffle(a, b, _words([n & 1, 2 + (n >> 1 & 1)], 8))
    else:
        first = choice.bit(0).select(
            op("i64x2.extract_lane", a, imm=1), op("i64x2.extract_lane", a, imm=0)
        )
        second = choice.bit(1).select(
            op("i64x2.extract_lane", b, imm=1), op("i64x2.extract_lane", b, imm=0)
        )
        result = op("i64x2.replace_lane", op("i64x2.splat", first), second, imm=1)
    m.write(dst, result)


@semantics("pinsrw")
def pinsrw(m: Sem, dst: Place, src: Place, imm: Place) -> None:
    word = m.read(src).trunc(I16)
    a, choice = m.read(dst), m.read(imm)
    if is_known(choice):
        result = op("i16x8.replace_lane", a, word, imm=known(choice) & 7)
    else:
        here = op("i16x8.eq", splat("i16x8", (choice & 7).zext(I16)), lanes(16, range(8)))
        result = op("v128.bitselect", splat("i16x8", word), a, here)
    m.write(dst, result)


@semantics("pextrw")
def pextrw(m: Sem, dst: Place, src: Place, imm: Place) -> None:
    a, choice = m.read(src), m.read(imm)
    if is_known(choice):
        word = op("i16x8.extract_lane_u", a, imm=known(choice) & 7)
    else:
        at = ((choice & 7).zext(I16) * 0x0202) + 0x0100
        word = op("i16x8.extract_lane_u", op("i8x16.swizzle", a, splat("i16x8", at)), imm=0)
    m.write(dst, word.zext(dst.type))


def _bytes_shifted(m: Sem, dst: Place, imm: Place, sign: int) -> None:
    """Indices that leave the register on either side give zeros."""
    a, choice = m.read(dst), m.read(imm)
    if is_known(choice):
        n = min(known(choice), 16)
        result = shuffle(a, ZERO, (i + sign * n if 0 <= i + sign * n < 16 else 16 for i in _IOTA))
    else:
        count = splat("i8x16", choice.leu(15).select(choice, const(I8, 16)))
        indices = op("i8x16.add" if sign > 0 else "i8x16.sub", lanes(8, _IOTA), count)
        result = op("i8x16.swizzle", a, indices)
    m.write(dst, result)


@semantics("pslldq")
def pslldq(m: Sem, dst: Place, imm: Place) -> None:
    _bytes_shifted(m, dst, imm, -1)


@semantics("psrldq")
def psrldq(m: Sem, dst: Place, imm: Place) -> None:
    _bytes_shifted(m, dst, imm, 1)
