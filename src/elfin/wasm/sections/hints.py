"""Custom section "metadata.code.branch_hint": which branches are hardly ever taken.

WebAssembly branch hinting, phase 4.  Engines that do not know it skip it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from elfin.wasm.leb import unsigned
from elfin.wasm.sections.codes import Code
from elfin.wasm.types import vector

NAME: Final = "metadata.code.branch_hint"
UNLIKELY: Final = b"\1\0"  # length and value of a hint


def encode(codes: Sequence[Code], first: int) -> bytes:
    """The payload; `first` is the index of the first of the functions.  Empty without hints."""
    functions = []
    for index, code in enumerate(codes, first):
        if code.rare:
            start = len(code.runs())  # offsets count from there
            hints = vector(unsigned(start + at) + UNLIKELY for at in code.rare)
            functions.append(unsigned(index) + hints)
    return vector(functions) if functions else b""
