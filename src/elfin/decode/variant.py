"""Handler variants: each way in which the operands of an implemented form can be bound at run time.

Input:  `isa.meant.MEANT`.
Output: `VARIANTS`, in the order of their handler numbers; the decoder's tables say for each form where its
        variants start (`decode/tables.py`), the interpreter has one handler for each.

A variant is a form, an operand size, a kind of ModRM.rm and a repeat prefix:
    N   no ModRM.rm
    R   register
    B   memory at base + displacement; also RIP-relative and `O` (base: the ZERO slot)
    X   memory at base + (index << scale) + displacement
    G   memory in general: as X with the segment base in ENTRY_V and, if ENTRY_SCALE has SCALE_A32, the sum
        cut to 32 bits
    Forms with memory that no ModRM spells out (strings, XLAT, MASKMOVDQU) have three others:
    N   64-bit addressing, no segment base;  G: the same with the segment base in ENTRY_V;
    A   32-bit addressing, segment base in ENTRY_V
"""

from __future__ import annotations

from typing import Final

from elfin.isa.meant import MEANT
from elfin.isa.operand import RM_MEMORY, RM_REGISTER
from elfin.isa.row import Form
from elfin.records import dataclass

SCALE_A32: Final = 0x80
GOTO: Final = 0  # the end of a run of entries: go on at the entry's own address
UNDEFINED: Final = 1  # the handler of what is invalid or not implemented: #UD
FIRST: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """`rep` is "", "rep" or "repne".  Compared by identity: there is one of each."""

    form: Form
    size: int
    kind: str
    rep: str

    @property
    def name(self) -> str:
        """Unique among all variants, and readable in a Wasm name section."""
        words = [self.form.mnemonic, self.form.text.replace(" ", "_"), str(self.size), self.kind]
        return " ".join(words + [self.rep] * bool(self.rep))


def kinds(form: Form) -> tuple[str, ...]:
    """The kinds of ModRM.rm that the form has."""
    if form.is_string:
        return ("N", "G", "A")
    if any(o.letter == "O" for o in form.operands):
        return ("B", "G")
    rm = form.rm_operand
    if rm is None:
        return ("N",)
    if rm.letter in RM_MEMORY or form.mod == "m":
        return ("B", "X", "G")
    if rm.letter in RM_REGISTER or form.mod == "3" or form.has("mod"):
        return ("R",)
    return ("R", "B", "X", "G")


def reps(form: Form) -> tuple[str, ...]:
    """The repeat prefixes that mean something; `rep` forms take F2 for F3."""
    if form.has("repz"):
        return ("", "rep", "repne")
    return ("", "rep") if form.has("rep") else ("",)


def variants(form: Form) -> list[Variant]:
    """In the order of their handlers: sizes, then kinds, then prefixes."""
    return [
        Variant(form, size, kind, rep)
        for size in form.sizes
        for kind in kinds(form)
        for rep in reps(form)
    ]


def _number() -> tuple[tuple[Variant, ...], dict[Form, int]]:
    numbered: list[Variant] = []
    first: dict[Form, int] = {}
    for form in MEANT:
        first[form] = FIRST + len(numbered)
        numbered += variants(form)
    return tuple(numbered), first


_numbered = _number()
VARIANTS: Final[tuple[Variant, ...]] = _numbered[0]  # VARIANTS[i] is handler FIRST + i
FIRST_HANDLER: Final[dict[Form, int]] = _numbered[1]
