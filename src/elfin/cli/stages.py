"""The stages that `elfin show` prints, each a function from a place to lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from elfin.cli.insn_text import insn_text
from elfin.decode.insn import Insn, Undecodable
from elfin.decode.insn import decode as decode_one
from elfin.ir.printer import show as show_ir
from elfin.lift.instruction import lift

if TYPE_CHECKING:
    from elfin.cli.show import Place

COLUMN: Final = 30  # three characters a byte: ten bytes stand in line, longer ones push


def instructions(place: Place) -> Iterator[Insn | Undecodable]:
    """The instructions of a place, until its count or its bytes end; a bad one is the last."""
    at, count = 0, place.count
    while at < len(place.code) and count:
        insn = decode_one(place.code[at : at + 15], place.address + at)
        yield insn
        if isinstance(insn, Undecodable):
            return
        at += insn.length
        count -= 1


def decode(place: Place) -> Iterator[str]:
    """Address, bytes and assembly."""
    for insn in instructions(place):
        if isinstance(insn, Undecodable):
            yield str(insn)
            continue
        name = place.name(insn.address)
        if "+" not in name and not name.startswith("0x"):
            yield f"{name}:"
        start = insn.address - place.address
        code = place.code[start : start + insn.length].hex(" ")
        yield f"{insn.address:8x}  {code:{COLUMN}}  {insn_text(insn, place.name)}"


def ir(place: Place) -> Iterator[str]:
    """Each instruction's meaning, its operands bound to constants."""
    for insn in instructions(place):
        if isinstance(insn, Undecodable):
            yield str(insn)
            continue
        yield f"{insn.address:x}: {insn_text(insn, place.name)}"
        if not insn.form.implemented:
            yield "    not implemented: SIGILL"
            continue
        for line in show_ir(lift(insn)).splitlines():
            yield f"    {line}"


STAGES: Final[dict[str, Callable[[Place], Iterator[str]]]] = {
    "decode": decode,
    "ir": ir,
}
