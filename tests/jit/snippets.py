"""Machine code as a small program in a guest memory, and the Wasm that the translator makes of it.

Input:  text: one instruction a line, hex; behind `;` its disassembly, which is checked.  A first line
        `policy exact` asks for checked accesses instead of the host's protection, `policy paged` for code that
        collects the permissions of pages.
Output: the functions of the unit at the first instruction, in the text format.  What lies behind the
        snippet is INT3, which the interpreter executes: the way out of most snippets.
"""

from __future__ import annotations

from typing import Final

from elfin.decode.insn import decode
from elfin.decode.text import text
from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.runtime.memory import GuestMemory
from elfin.tiers import policy
from elfin.tiers.jit.inside import read_warm
from elfin.tiers.jit.plan import plan
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.unit import make
from elfin.tiers.jit.units import Unit
from elfin.wasm.folded import folded_lines
from elfin.wasm.module import Module

ADDRESS: Final = 0x401000
SIZE: Final = 0x1000
READ_EXECUTE: Final = 5
POLICIES: Final = {"policy exact": Policy(), "policy paged": Policy(exact=False, paged=True)}


class Translations:
    """One memory for all snippets."""

    def __init__(self) -> None:
        hardware, _ = policy.engine("jit", WasmtimeHost())
        self.memory: GuestMemory = hardware.new_memory()
        self.memory.protect(ADDRESS, SIZE, READ_EXECUTE)

    def unit(self, source: str) -> Unit:
        """The unit of a snippet, as if all its branches had been taken."""
        code = machine_code(source)
        self.memory.write(ADDRESS, code.ljust(SIZE, b"\xcc"))
        self.memory.exports["drop_code"]()
        policy = POLICIES.get(source.partition("\n")[0], Policy(exact=False))
        planned = plan(self.memory, ADDRESS, policy, read=read_warm)
        assert planned is not None
        return make(planned).unit

    def wat(self, source: str) -> str:
        module = Module.decode(self.unit(source).wasm)
        functions = [folded_lines(module, i) for i in range(len(module.codes))]
        return "".join(f"{line}\n" for lines in functions for line in lines)


def machine_code(source: str) -> bytes:
    """The bytes of a snippet; each line's disassembly must be what the decoder says."""
    code = b""
    for line in source.splitlines():
        if line not in POLICIES:
            hexadecimal, _, said = line.partition(";")
            one = bytes.fromhex(hexadecimal)
            assert text(decode(one, ADDRESS + len(code))) == said.strip(), line
            code += one
    return code
