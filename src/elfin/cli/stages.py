"""The stages that `elfin show` prints, each a function from a place to lines of text.

`decode`, `ir` and `opt` look at the file's bytes alone; `tree` and `wasm` are what the translator makes
of the region at the place, with the program loaded as it would be to run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

from elfin.decode.insn import Insn, Undecodable
from elfin.decode.insn import decode as decode_one
from elfin.decode.text import text
from elfin.errors import ElfinError
from elfin.ir.printer import show as show_ir
from elfin.ir.stmt import Branch, Jump, Leave
from elfin.lift.block import lift_block
from elfin.lift.instruction import lift
from elfin.loader.stack import Aux, read_auxv
from elfin.machine.machine import Machine
from elfin.machine.names import Names
from elfin.opt.pipeline import optimise
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.clock import Clock
from elfin.tiers.jit.function import functions
from elfin.tiers.jit.inlining import Part
from elfin.tiers.jit.inside import read_warm
from elfin.tiers.jit.liveness import lift_region
from elfin.tiers.jit.plan import plan
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.region import discover, together
from elfin.tiers.jit.unit import make
from elfin.wasm.folded import folded_lines
from elfin.wasm.module import Module
from elfin.wasm.text import module_text

if TYPE_CHECKING:
    from elfin.cli.show import Place

COLUMN: Final = 30  # three characters a byte: ten bytes stand in line, longer ones push
LONGEST: Final = 15  # bytes of an instruction


def instructions(place: Place) -> Iterator[Insn | Undecodable]:
    """The instructions of a place, until its count or its bytes end; a bad one is the last."""
    at, count = 0, place.count
    while at < len(place.code) and count:
        insn = decode_one(place.code[at : at + LONGEST], place.address + at)
        yield insn
        if isinstance(insn, Undecodable):
            return
        at += insn.length
        count -= 1


def decode(place: Place) -> Iterator[str]:
    """Address, bytes and assembly."""
    for insn in instructions(place):
        label = place.name(insn.address)
        if label and "+" not in label:
            yield f"{label}:"
        start = insn.address - place.address
        length = insn.length if isinstance(insn, Insn) else len(insn.code)
        code = place.code[start : start + length].hex(" ")
        yield f"{insn.address:8x}  {code:{COLUMN}}  {text(insn, place.name)}"


def ir(place: Place) -> Iterator[str]:
    """Each instruction's meaning, its operands bound to constants."""
    for insn in instructions(place):
        yield f"{insn.address:x}: {text(insn, place.name)}"
        if isinstance(insn, Insn):
            yield from _indented(show_ir(lift(insn)) if insn.form.implemented else UNKNOWN)


def opt(place: Place) -> Iterator[str]:
    """Instructions in line up to a jump, as the passes leave them."""
    block: list[Insn] = []
    for insn in instructions(place):
        known = isinstance(insn, Insn) and insn.form.implemented
        if isinstance(insn, Insn) and known:
            block.append(insn)
        if not known or isinstance(lift_block(block)[-1], Branch | Jump | Leave):
            yield from _optimised(block, place)
            block = []
        if not known:
            yield f"{insn.address:x}: {text(insn, place.name)}"
            yield from _indented(UNKNOWN)
    yield from _optimised(block, place)


UNKNOWN: Final = "not implemented: SIGILL\n"


def _optimised(block: list[Insn], place: Place) -> Iterator[str]:
    for insn in block:
        yield f"{insn.address:x}: {text(insn, place.name)}"
    if block:
        yield from _indented(show_ir(optimise(lift_block(block))))


def _indented(lines: str) -> Iterator[str]:
    return (f"    {line}" for line in lines.splitlines())


# --- what the translator makes of it ------------------------------------------------------------


@contextmanager
def _loaded(place: Place) -> Iterator[tuple[GuestMemory, int, Names]]:
    """The program's memory at its start, and the place in it."""
    with Machine(tier="jit") as machine:
        try:
            process = machine.start([place.program], env={}, files=lambda _: [])
        except OSError as error:
            raise ElfinError(f"it cannot be loaded: {error.strerror}") from error
        bias = read_auxv(process.auxv)[Aux.ENTRY] - place.entry
        memory = cast(GuestMemory, process.leader.memory)
        memory.exports["drop_code"]()  # makes the decode cache, as the first run would
        yield memory, place.address + bias, machine.names


def tree(place: Place) -> Iterator[str]:
    """The region of the place as one function of nested blocks, loops and conditions."""
    with _loaded(place) as (memory, address, names):
        region = together(address, [discover(address, lambda at: read_warm(memory, at))])
        if not region.blocks:
            raise ElfinError(f"nothing can be executed at {address:#x}")
        policy = Policy(exact=False)
        made, _ = functions(Part(region, lift_region(region, policy)), policy, Clock())
        for line in show_ir(made[0].body).splitlines():
            yield line + _comment(line, HEXADECIMAL, 16, lambda at: names.in_memory(memory, at))


def wasm(place: Place) -> Iterator[str]:
    """The module that holds the region, in the text format."""
    with _loaded(place) as (memory, address, names):
        found = plan(memory, address, Policy(exact=False), read=read_warm, name=names.in_memory)
        if found is None:
            raise ElfinError(f"nothing at {address:#x} can be translated: the interpreter runs it")
        for line in module_text(Module.decode(make(found).unit.wasm), folded_lines).splitlines():
            yield line + _comment(line, DECIMAL, 10, lambda at: names.in_memory(memory, at))


# Constants that may be addresses.
HEXADECIMAL: Final = re.compile(r"0x([0-9a-f]+):i64")
DECIMAL: Final = re.compile(r"i64\.const (\d+)")


def _comment(
    line: str, pattern: re.Pattern[str], base: int, name: Callable[[int], str | None]
) -> str:
    """The names of the addresses in a line."""
    found = (name(int(digits, base)) for digits in pattern.findall(line))
    text = ", ".join(filter(None, found))
    return f"  ;; {text}" if text else ""


STAGES: Final[dict[str, Callable[[Place], Iterable[str]]]] = {
    "decode": decode,
    "ir": ir,
    "opt": opt,
    "tree": tree,
    "wasm": wasm,
}
