"""Operands of a row, in the letters of the opcode maps (SDM vol. 2D, appendix A.2).

Input:  one word of a row's operand column: `E,v`, `M,dq`, `rAX`, `1` ...
Output: `Operand`, and the widths its size letter means.  Nothing here decodes or runs.

Departures from the manual:
* `bs` is a byte sign-extended to the operand size; `O`, `J` and `I` are as in the manual.
* `R,y` also stands for the general register that the manual calls `Ry` or `Ny`.
* Vector sizes: `x` is the whole vector (128, 256 or 512 bits by L), `hx` its half, `qx` its quarter,
  `ox` its eighth; a register operand of these is the narrowest of xmm, ymm, zmm that holds them.
* `K` mask register: `Kr` in ModRM.reg, `Km` in ModRM.rm, `Kv` in vvvv.
* `T` tile register: `Tr`, `Tm`, `Tv` in the same way.
* `<XMM0>`: implied, that is neither encoded nor printed.
* `[rDI]` and `[rBX+AL]` are memory operands that the encoding does not spell out.
"""

from __future__ import annotations

from typing import Final

from elfin.records import dataclass

# Width in bits of each size letter that does not depend on the operand size.
FIXED_SIZE: Final = {
    "": 0, "b": 8, "w": 16, "d": 32, "q": 64, "t": 80, "dq": 128, "qq": 256, "oq": 512,
    "ss": 32, "sd": 64, "ps": 128, "pd": 128, "si": 32, "s": 80,
}  # fmt: skip
# Part of the vector length that a vector size letter means, as a right shift.
VECTOR_SIZE: Final = {"x": 0, "hx": 1, "qx": 2, "ox": 3}
# Size letters that depend on the operand size; `p`: a far pointer, 16 bits more than the operand size.
SIZED: Final = frozenset({"v", "z", "y", "bs", "p"})
# Letters that name ModRM.rm as memory or register, memory only, register only.
RM_EITHER: Final = frozenset({"E", "W", "Q", "Km"})
RM_MEMORY: Final = frozenset({"M"})
RM_REGISTER: Final = frozenset({"R", "U", "N", "Kn", "Tm"})
STRING: Final = frozenset({"X", "Y", "[rDI]", "[rBX+AL]"})
LETTERS: Final = frozenset({
    "E", "G", "M", "R", "I", "J", "O", "Z", "X", "Y", "S", "C", "D", "V", "W", "U", "P", "Q", "N",
    "H", "B", "L", "A", "Kr", "Km", "Kn", "Kv", "Tr", "Tm", "Tv", "[rDI]", "[rBX+AL]",
})  # fmt: skip
FIXED: Final = frozenset({
    "AL", "CL", "AX", "DX", "EAX", "ECX", "EDX", "RAX", "RCX", "RDX", "RBX", "rAX", "1", "3",
    "CS", "DS", "ES", "SS", "FS", "GS", "XMM0", "ST0", "STi",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operand:
    """`letter` says where it is encoded, `size` how wide it is, as in the row."""

    letter: str
    size: str
    implied: bool = False

    @property
    def is_rm(self) -> bool:
        """Encoded in ModRM.rm (and mod)."""
        return self.letter in RM_EITHER or self.letter in RM_MEMORY or self.letter in RM_REGISTER

    @property
    def is_sized(self) -> bool:
        """Does its width depend on the operand size?"""
        return self.size in SIZED or self.letter == "rAX"

    def bits(self, size: int, vector: int = 128) -> int:
        """Its width at this operand size and vector length; 0 where it has none (LEA, FXSAVE ...)."""
        fixed = FIXED_SIZE.get(self.size)
        if fixed:
            return fixed
        if self.size in ("v", "bs") or self.letter == "rAX":
            return size
        if self.size == "z":
            return min(size, 32)
        if self.size == "p":
            return size + 16
        if self.size == "y":
            return max(size, 32)
        shift = VECTOR_SIZE.get(self.size)
        if shift is not None:
            return vector >> shift
        return FIXED_WIDTH.get(self.letter, 0)


FIXED_WIDTH: Final = {
    "AL": 8, "CL": 8, "AX": 16, "DX": 16, "EAX": 32, "ECX": 32, "EDX": 32,
    "RAX": 64, "RCX": 64, "RDX": 64, "RBX": 64, "1": 8, "3": 8, "XMM0": 128, "ST0": 80, "STi": 80,
    "CS": 16, "DS": 16, "ES": 16, "SS": 16, "FS": 16, "GS": 16,
}  # fmt: skip

_known: dict[str, Operand] = {}


def operand(word: str) -> Operand:
    """The operand a row's word names; the same word gives the same object."""
    found = _known.get(word)
    if found is None:
        implied = word[0] == "<" and word[-1] == ">"
        letter, _, size = word.strip("<>").partition(",")
        if size == "n":
            size = ""
        elif (
            size not in FIXED_SIZE and size not in VECTOR_SIZE and size not in ("v", "z", "y", "bs")
        ):
            raise ValueError(f"unknown size in operand {word!r}")
        if letter not in LETTERS | FIXED:
            raise ValueError(f"unknown operand {word!r}")
        found = _known[word] = Operand(letter, size, implied)
    return found
