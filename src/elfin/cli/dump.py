"""`--dump-translations DIR`: a file for each unit, guest code beside its IR and the Wasm made of it.

Input:  what the translator says it has made (`tiers.jit.inside.Watcher`).
Output: `DIR/0001-SYMBOL.txt`, numbered in the order of translation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from elfin.decode.insn import Insn, decode
from elfin.decode.text import text
from elfin.errors import ElfinError
from elfin.ir.printer import show
from elfin.ir.stmt import Function
from elfin.machine.names import Names
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.lifted import effects
from elfin.tiers.jit.region import Region, translatable
from elfin.tiers.jit.unit import Making
from elfin.tiers.jit.units import Unit
from elfin.wasm.folded import folded_lines
from elfin.wasm.module import Module
from elfin.wasm.text import module_text

Name = Callable[[int], str | None]
UNUSUAL = re.compile(r"[^\w.+-]+")


class Dump:
    """Writes the files into a folder, which is made."""

    def __init__(self, folder: str, names: Names) -> None:
        self.folder = Path(folder)
        self.names = names
        self.count = 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ElfinError(f"cannot make the folder {folder!r}: {error.strerror}") from error

    def made(self, making: Making) -> None:
        """Write the unit's file."""

        def name(address: int) -> str | None:
            return self.names.in_memory(making.plan.memory, address)

        self.count += 1
        entry = making.unit.entries[0]
        label = UNUSUAL.sub("_", name(entry) or f"at_{entry:x}")[:80]
        path = self.folder / f"{self.count:04}-{label}.txt"
        path.write_text("".join(f"{line}\n" for line in lines(making, name)), "utf-8")

    def compiled(self, unit: Unit, seconds: float) -> None:
        """Nothing to write."""

    def found(self, unit: Unit, seconds: float) -> None:
        """Nothing to write: without --dump-translations it was made."""


def lines(making: Making, name: Name) -> Iterator[str]:
    """A unit as text."""
    unit = making.unit
    how = "exact" if unit.policy.exact else "guarded"
    how += ", careful" if unit.policy.careful else ""
    yield f"{len(unit.entries)} ways in, {unit.ops} instructions, {len(unit.wasm)} bytes; {how}"
    code = dict(unit.code)
    yield from _region(making.plan.region, making.function(), code, name)
    yield from ("", "=== Wasm", "")
    yield from module_text(Module.decode(unit.wasm), folded_lines).splitlines()


def _region(
    region: Region, function: Function, code: dict[int, bytes], name: Name
) -> Iterator[str]:
    title = name(region.entry) or function.name
    yield from ("", f"=== {title}: guest code and its meaning", "")
    for block in region.blocks.values():
        yield f"block {block.pc:x}:"
        for op in block.ops:
            at = op.pc - block.pc
            yield from _instruction(op, code[block.pc][at : at + op.length], name)
    yield from ("", f"=== {title}: the function", "")
    yield from show(function.body).splitlines()


def _instruction(op: Op, code: bytes, name: Name) -> Iterator[str]:
    insn = decode(code, op.pc)
    shown = text(insn, name) if isinstance(insn, Insn) else code.hex(" ")
    yield f"{op.pc:8x}  {shown}"
    if not translatable(op):
        yield " " * 12 + "(for the interpreter)"
        return
    for line in show(effects(op)).splitlines():
        yield " " * 12 + line
