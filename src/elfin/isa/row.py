"""Rows: one encoding each, in the words of SDM vol. 2, and the meanings that belong to them.

    ADD = rows("add", "SDM 2A ADD")
    ADD("01 /r   E,v G,v   lock")

Input:  a row of up to three columns, two or more spaces apart: opcode, operands, attributes.
Output: a `Form`, kept here until `isa/meant.py` and `isa/table.py` have imported every family.

Opcode column, words one space apart:
    NP 66 F2 F3     mandatory prefix, NP: none of the three; NFx: neither F2 nor F3 (66 is the operand size)
    o16 o32 o64     only at this operand size; `REX.W` is the same as o64
    a32 a64         only at this address size
    REX.B0          only without REX.B
    0F 38 F0        map and opcode; `50+r`: register in the low three bits; `0F 0F /r 9E`: 3DNow!
    /r /0 .. /7     ModRM, its reg field; `!D0`: this very ModRM byte; `11:rrr:000`: mod and rm given
    VEX.L.pp.map.W  L: 128 256 512 (also two of them) L0 L1 LZ LIG, left out: each; pp: NP 66 F3 F2;
                    map: 0F 0F38 0F3A MAP5 MAP6 (XOP: 08 09 0A); W: W0 W1 WIG (left out: WIG)
    EVEX.… XOP.…    likewise
Operand column: see `isa/operand.py`; `-` where there is none but attributes follow.
Attributes:
    lock rep repz   LOCK allowed on a memory destination; REP (F3) or REP and REPNE mean something
    d64 f64         operand size 64 unless 66; always 64
    x64no           no 64-bit mode
    mod=3 mod=m     register or memory encodings only, where no operand says it; mod=ignored: each is a register
    as=NAME         the printed name; as=A/B/C by operand size 16/32/64
    meaning=NAME    the meaning's name, where it is not the mnemonic
    cpuid=NAME      the feature it belongs to
    k kz knz        EVEX: masking; masking and zeroing; masking with another register than k0
    b16 b32 b64     EVEX: broadcast of elements this wide;  er sae  rounding in register forms
    n=BYTES         EVEX: what scales an 8-bit displacement, where it is not the operand's width
    vsib=SIZE       a vector as index, this wide;  sib: memory with a SIB byte only
    distinct        #UD where its vector registers are the same
    is4             `I,b` is the low half of the byte that names register `L`
    noseg           computes an address only: segment overrides mean nothing
    priv            privileged
Departures from the manual: immediates are not repeated in the opcode column, as the operands say them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from elfin.isa.operand import RM_MEMORY, RM_REGISTER, STRING, Operand, operand
from elfin.records import dataclass

Meaning = Callable[..., None]
_F = TypeVar("_F", bound=Callable[..., Any])

_forms: list[Form] = []
_meanings: dict[str, Meaning] = {}

VECTOR_LENGTHS: Final = {
    "128": (0,), "256": (1,), "512": (2,), "L0": (0,), "L1": (1,), "L2": (2,), "LZ": (0,), "LIG": (),
}  # fmt: skip
MAPS: Final = {"0F": 1, "0F38": 2, "0F3A": 3, "MAP5": 5, "MAP6": 6, "08": 8, "09": 9, "0A": 10}


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One encoding.  None and () mean: no constraint."""

    mnemonic: str
    reference: str
    text: str  # the row's opcode column
    operands: tuple[Operand, ...]
    attributes: Mapping[str, str]
    space: str = "legacy"  # "legacy" "vex" "evex" "xop" "3dnow"
    map: int = 0  # 0: one byte, 1: 0F, 2: 0F38, 3: 0F3A ...
    opcode: int = 0
    pp: str = ""  # "" "NP" "NFx" "66" "F3" "F2"
    w: int | None = None
    l: tuple[int, ...] = ()  # noqa: E741  (the manual's name)  vector lengths: 0 128, 1 256, 2 512
    size: int | None = None  # only at this operand size
    address_size: int | None = None
    rex_b: int | None = None
    has_modrm: bool = False
    mod: str = ""  # "3": register, "m": memory
    reg: int | None = None
    rm: int | None = None
    plus_r: bool = False

    def name(self, size: int = 32) -> str:
        """The mnemonic as printed, at this operand size."""
        names = self.attributes.get("as", self.mnemonic).split("/")
        return names[(16, 32, 64).index(size)] if len(names) == 3 else names[0]

    def has(self, attribute: str) -> bool:
        return attribute in self.attributes

    @property
    def meaning(self) -> Meaning | None:
        """What it does, or None where only its name is known."""
        return _meanings.get(self.attributes.get("meaning", self.mnemonic))

    @property
    def implemented(self) -> bool:
        return self.meaning is not None

    @property
    def rm_operand(self) -> Operand | None:
        """The operand in ModRM.rm."""
        return next((o for o in self.operands if o.is_rm), None)

    @property
    def is_string(self) -> bool:
        """Has it a memory operand that no ModRM spells out?"""
        return any(o.letter in STRING for o in self.operands)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The operand sizes it tells apart; (32,) where the operand size means nothing to it."""
        if self.size is not None:
            return (self.size,)
        if self.has("f64"):
            return (64,)
        names = self.attributes.get("as", "")
        if "/" not in names and not any(o.is_sized for o in self.operands):
            return (64,) if self.has("d64") else (32,)
        if self.space != "legacy" or self.pp in ("66", "NP"):
            candidates: tuple[int, ...] = (32, 64)
        else:
            candidates = (16, 32, 64)
        if self.has("d64"):
            return tuple(n for n in candidates if n != 32)
        if "/" not in names and all(o.size == "y" for o in self.operands if o.is_sized):
            return tuple(n for n in candidates if n != 16)
        return candidates

    def __repr__(self) -> str:
        return f"Form({self.mnemonic} {self.text})"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one mnemonic; calling it adds rows, a line each."""

    mnemonic: str
    reference: str
    attributes: Mapping[str, str]

    def __call__(self, text: str) -> None:
        lines = (line.strip() for line in text.splitlines())
        _forms.extend(parse_row(self, line) for line in lines if line)


def rows(mnemonic: str, reference: str, attributes: str = "") -> Rows:
    """Rows of `mnemonic`, described in `reference`; `attributes` hold for each of them."""
    return Rows(mnemonic, reference, _parse_attributes(attributes))


def each(
    names: str, pattern: str, attributes: str = "", manual: str = "SDM", suffix: str = ""
) -> None:
    """Rows of many mnemonics that differ in a few words only.

    `names` is "mnemonic WORD ..., mnemonic WORD ..."; `{0}`, `{1}` ... in `pattern` become the words, and
    `suffix` is added to each mnemonic.
    """
    for item in names.split(","):
        mnemonic, *words = item.split()
        mnemonic += suffix
        rows(mnemonic, f"{manual} {mnemonic.upper()}", attributes)(pattern.format(*words))


def semantics(*mnemonics: str) -> Callable[[_F], _F]:
    """The function gives the meaning of these mnemonics: `(m: Sem, *operands: Place) -> None`."""

    def register(function: _F) -> _F:
        for mnemonic in mnemonics:
            assert mnemonic not in _meanings, f"two meanings of {mnemonic}"
            _meanings[mnemonic] = function
        return function

    return register


def collected() -> list[Form]:
    """Every form of the families imported so far, in an order that does not depend on the imports."""
    return sorted(_forms, key=lambda f: (f.space, f.map, f.opcode, f.text, f.mnemonic))


def _parse_attributes(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (word.partition("=") for word in text.split())}


def parse_row(of: Rows, line: str) -> Form:
    """The form that one row describes; ValueError where it breaks the grammar."""
    columns = [column.strip() for column in line.split("  ") if column.strip()]
    if not 1 <= len(columns) <= 3:
        raise ValueError(f"{of.mnemonic}: not one to three columns: {line!r}")
    opcode, words, extra = (*columns, "", "")[:3]
    try:
        operands = tuple(operand(word) for word in words.split() if word != "-")
        attributes = {**of.attributes, **_parse_attributes(extra)} if extra else of.attributes
        fields = _parse_opcode(opcode)
        for o in operands:
            if o.letter in RM_MEMORY:
                fields.setdefault("mod", "m")
            elif o.letter in RM_REGISTER:
                fields.setdefault("mod", "3")
        if "mod" in attributes:
            fields["mod"] = attributes["mod"].replace("ignored", "")
        return Form(of.mnemonic, of.reference, opcode, operands, attributes, **fields)
    except ValueError as error:
        raise ValueError(f"{of.mnemonic} {line!r}: {error}") from error


def _parse_opcode(text: str) -> dict[str, Any]:
    """The constraints that the opcode column spells, as fields of `Form`."""
    fields: dict[str, Any] = {}
    codes: list[int] = []
    for word in text.split():
        if word in ("NP", "NFx") or (
            word in ("66", "F2", "F3") and not codes and "map" not in fields
        ):
            # F2, F3 and 66 are prefixes wherever they come first: no one-byte opcode has these values.
            fields["pp"] = word
        elif word in ("o16", "o32", "o64"):
            fields["size"] = int(word[1:])
        elif word == "REX.W":
            fields["size"] = 64
        elif word in ("W0", "W1"):
            fields["w"] = int(word[1])
        elif word in ("a32", "a64"):
            fields["address_size"] = int(word[1:])
        elif word == "REX.B0":
            fields["rex_b"] = 0
        elif word == "/r":
            fields["has_modrm"] = True
        elif word[0] == "/":
            fields.update(has_modrm=True, reg=int(word[1:]))
        elif word.startswith("11:rrr:"):
            fields.update(has_modrm=True, mod="3", rm=int(word[7:], 2))
        elif word[0] == "!":
            modrm = int(word[1:], 16)
            fields.update(has_modrm=True, reg=modrm >> 3 & 7, rm=modrm & 7)
            fields["mod"] = "3" if modrm >= 0xC0 else "m"
        elif "." in word:
            fields.update(_parse_vector_prefix(word))
        elif word.endswith("+r"):
            codes.append(int(word[:-2], 16))
            fields["plus_r"] = True
        else:
            if len(word) != 2:
                raise ValueError(f"what is {word!r}?")
            codes.append(int(word, 16))
    if codes[:2] == [0x0F, 0x0F]:
        fields.update(space="3dnow", map=0)
    elif "space" not in fields:
        if len(codes) == 3:
            fields["map"] = {0x38: 2, 0x3A: 3}[codes[1]]
        else:
            fields["map"] = len(codes) - 1
    fields["opcode"] = codes[-1]
    return fields


def _parse_vector_prefix(word: str) -> dict[str, Any]:
    """VEX.128.66.0F38.W0 and its like."""
    space, *parts = word.split(".")
    fields: dict[str, Any] = {"space": space.lower(), "pp": "NP"}
    if fields["space"] not in ("vex", "evex", "xop"):
        raise ValueError(f"what is {word!r}?")
    lengths = [VECTOR_LENGTHS[part] for part in parts if part in VECTOR_LENGTHS]
    every = (0, 1, 2) if fields["space"] == "evex" else (0, 1)
    fields["l"] = tuple(n for some in lengths for n in some) if lengths else every
    for part in parts:
        if part in VECTOR_LENGTHS:
            continue
        if part in ("NP", "66", "F3", "F2"):
            fields["pp"] = part
        elif part in MAPS:
            fields["map"] = MAPS[part]
        elif part in ("W0", "W1"):
            fields["w"] = int(part[1])
        elif part != "WIG":
            raise ValueError(f"what is {part!r} in {word!r}?")
    return fields
