"""What a program wanted and elfin does not have, told to the person who ran it.

Input:  a kernel whose programs have run.  Output: a line each for missing system calls and instructions.
"""

from __future__ import annotations

from collections.abc import Iterator

from elfin.kernel.kernel import Kernel


def lacks(kernel: Kernel) -> Iterator[str]:
    """The lines; what is illegal on every processor is the program's own affair."""
    for name in sorted(kernel.missing):
        yield f"called {name}, which elfin lacks"
    if not kernel.illegal:
        return
    from elfin.decode.insn import Insn, decode
    from elfin.decode.text import describe

    for address, code in kernel.illegal.items():
        insn = decode(code, address)
        if isinstance(insn, Insn) and not insn.form.implemented:
            yield f"executed {describe(code, address)}, which elfin lacks"
