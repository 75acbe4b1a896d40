"""Functions in the folded form of the text format: one line a statement, operands inside.

Input:  `Module`.
Output: lines: `(local.set 4 (i64.add (local.get 4) (i64.const 8)))`, long ones broken.  Blocks, loops and
        conditions stay as they are: `... if`, `end` (Core spec 6.5.11, "Folded Instructions").
An operand that a statement separates from its user stands on a line of its own before it, as in plain code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from elfin.wasm.instructions import Instruction, instructions
from elfin.wasm.module import Module
from elfin.wasm.text import DEEPEST, head, line
from elfin.wasm.types import FuncType

WIDTH: Final = 100
STRUCTURE: Final = frozenset({"block", "loop", "if", "else", "end"})
# How many operands: by the whole name, else by what follows the type.
# fmt: off
OPERANDS: Final = {
    "local.get": 0, "local.set": 1, "local.tee": 1, "global.get": 0, "global.set": 1,
    "unreachable": 0, "nop": 0, "br": 0, "br_if": 1, "br_table": 1, "drop": 1, "select": 3,
    "memory.size": 0, "memory.grow": 1, "memory.copy": 3, "memory.fill": 3,
    "v128.bitselect": 3, "v128.not": 1, "v128.any_true": 1,
}
NONE: Final = frozenset({"const"})
ONE: Final = frozenset({
    "eqz", "clz", "ctz", "popcnt", "abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt", "splat",
    "all_true", "bitmask",
})
ONE_STEMS: Final = (
    "load", "wrap", "extend", "trunc_", "convert", "demote", "promote", "reinterpret",
    "extract_lane", "extadd_pairwise",
)
NO_RESULT: Final = frozenset({
    "local.set", "global.set", "unreachable", "nop", "br", "br_if", "br_table", "drop", "return",
    "memory.copy", "memory.fill",
})
# fmt: on


def folded_lines(module: Module, index: int) -> Iterator[str]:
    """The lines of the `index`th function with a body."""
    yield head(module, index)
    yield from _Folder(module, index).lines()
    yield ")"


class _Folder:
    def __init__(self, module: Module, index: int) -> None:
        self.module = module
        self.code = module.codes[index]
        self.own = module.types[module.functions[index]]
        self.pending: list[str] = []  # operands whose user has not come yet
        self.depth = 1

    def lines(self) -> Iterator[str]:
        for instruction in instructions(self.code.body):
            name = instruction.opcode.name
            if name in STRUCTURE:
                yield from self._structure(instruction, name)
                if self.depth == 0:
                    return
                continue
            operands, results = self._shape(instruction, name.removesuffix("_t"))
            taken = self.pending[max(0, len(self.pending) - operands) :]
            del self.pending[len(self.pending) - len(taken) :]
            folded = f"({' '.join([line(self.module, instruction), *taken])})"
            if results:
                self.pending.append(folded)
            else:
                yield from self._pending()
                yield from self._broken(folded, "")

    def _structure(self, instruction: Instruction, name: str) -> Iterator[str]:
        before = self.pending.pop() if name == "if" and self.pending else ""
        yield from self._pending()
        if name in ("end", "else"):
            self.depth -= 1
        if self.depth == 0:
            return
        if before:
            yield from self._broken(before, " if")
        else:
            yield self._indent() + line(self.module, instruction)
        if name != "end":
            self.depth += 1

    def _pending(self) -> Iterator[str]:
        for operand in self.pending:
            yield from self._broken(operand, "")
        self.pending.clear()

    def _indent(self) -> str:
        return "  " * min(self.depth, DEEPEST)

    def _broken(self, text: str, tail: str) -> Iterator[str]:
        """At a parenthesis, where the line would be too long."""
        indent = self._indent()
        while len(indent) + len(text) + len(tail) > WIDTH:
            at = text.rfind(" (", 1, WIDTH - len(indent))
            if at < 0:
                break
            yield indent + text[:at]
            text = "    " + text[at + 1 :]
        yield indent + text + tail

    def _shape(self, instruction: Instruction, name: str) -> tuple[int, int]:
        """How many operands and results."""
        if name in ("call", "call_indirect", "return_call", "return_call_indirect"):
            type_ = self._callee(instruction, indirect=name.endswith("indirect"))
            results = 0 if name.startswith("return") else len(type_.results)
            return len(type_.params) + name.endswith("indirect"), results
        if name == "return":
            return len(self.own.results), 0
        results = int(name not in NO_RESULT and ".store" not in name)
        return _operands(name), results

    def _callee(self, instruction: Instruction, *, indirect: bool) -> FuncType:
        module, first = self.module, int(instruction.immediates[0])
        if indirect:
            return module.types[first]
        imported = module.imported_functions
        if first >= len(imported):
            return module.types[module.functions[first - len(imported)]]
        type_ = imported[first].what
        assert isinstance(type_, int)
        return module.types[type_]


def _operands(name: str) -> int:
    if name in OPERANDS:
        return OPERANDS[name]
    rest = name.partition(".")[2]
    if rest in NONE:
        return 0
    if rest.startswith("load") and rest.endswith("_lane"):
        return 2
    return 1 if rest in ONE or rest.startswith(ONE_STEMS) else 2
