"""Float arithmetic on XMM registers (SDM vol. 2: ADDPS ... MAXSD, SQRTPS, RCPPS, RSQRTPS).

Meanings call the float functions of `core`, which know MXCSR: rounding, flags, NaNs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from elfin.ir.types import I32, V128
from elfin.ir.value import Value
from elfin.isa.row import rows, semantics
from elfin.isa.sem import Place, Sem
from elfin.isa.vector import aligned, float_result

# The row of each instruction and the core function that computes it.
# fmt: off
BINARY: Final = {
    "addss":   ("F3 0F 58 /r   V,ss W,ss", "f32_add"),
    "addsd":   ("F2 0F 58 /r   V,sd W,sd", "f64_add"),
    "addps":   ("NP 0F 58 /r   V,ps W,ps", "addps"),
    "addpd":   ("66 0F 58 /r   V,pd W,pd", "addpd"),
    "subss":   ("F3 0F 5C /r   V,ss W,ss", "f32_sub"),
    "subsd":   ("F2 0F 5C /r   V,sd W,sd", "f64_sub"),
    "subps":   ("NP 0F 5C /r   V,ps W,ps", "subps"),
    "subpd":   ("66 0F 5C /r   V,pd W,pd", "subpd"),
    "mulss":   ("F3 0F 59 /r   V,ss W,ss", "f32_mul"),
    "mulsd":   ("F2 0F 59 /r   V,sd W,sd", "f64_mul"),
    "mulps":   ("NP 0F 59 /r   V,ps W,ps", "mulps"),
    "mulpd":   ("66 0F 59 /r   V,pd W,pd", "mulpd"),
    "divss":   ("F3 0F 5E /r   V,ss W,ss", "f32_div"),
    "divsd":   ("F2 0F 5E /r   V,sd W,sd", "f64_div"),
    "divps":   ("NP 0F 5E /r   V,ps W,ps", "divps"),
    "divpd":   ("66 0F 5E /r   V,pd W,pd", "divpd"),
    "minss":   ("F3 0F 5D /r   V,ss W,ss", "f32_min"),
    "minsd":   ("F2 0F 5D /r   V,sd W,sd", "f64_min"),
    "minps":   ("NP 0F 5D /r   V,ps W,ps", "minps"),
    "minpd":   ("66 0F 5D /r   V,pd W,pd", "minpd"),
    "maxss":   ("F3 0F 5F /r   V,ss W,ss", "f32_max"),
    "maxsd":   ("F2 0F 5F /r   V,sd W,sd", "f64_max"),
    "maxps":   ("NP 0F 5F /r   V,ps W,ps", "maxps"),
    "maxpd":   ("66 0F 5F /r   V,pd W,pd", "maxpd"),
}
UNARY: Final = {
    "sqrtss":  ("F3 0F 51 /r   V,ss W,ss", "f32_sqrt_of"),
    "sqrtsd":  ("F2 0F 51 /r   V,sd W,sd", "f64_sqrt_of"),
    "sqrtps":  ("NP 0F 51 /r   V,ps W,ps", "sqrtps"),
    "sqrtpd":  ("66 0F 51 /r   V,pd W,pd", "sqrtpd"),
}
# fmt: on

RCPSS = rows("rcpss", "SDM 2B RCPSS", "cpuid=sse")
RCPSS("F3 0F 53 /r   V,ss W,ss")
RCPPS = rows("rcpps", "SDM 2B RCPPS", "cpuid=sse")
RCPPS("NP 0F 53 /r   V,ps W,ps")
RSQRTSS = rows("rsqrtss", "SDM 2B RSQRTSS", "cpuid=sse")
RSQRTSS("F3 0F 52 /r   V,ss W,ss")
RSQRTPS = rows("rsqrtps", "SDM 2B RSQRTPS", "cpuid=sse")
RSQRTPS("NP 0F 52 /r   V,ps W,ps")

Meaning = Callable[[Sem, Place, Place], None]


def _source(m: Sem, src: Place) -> Value:
    """Only 16-byte operands must be aligned."""
    return aligned(m, src) if src.type is V128 else m.read(src)


def _binary(function: str) -> Meaning:
    def meaning(m: Sem, dst: Place, src: Place) -> None:
        b = _source(m, src)
        m.write(dst, float_result(m, function, dst.type, m.read(dst), b))

    return meaning


def _unary(function: str) -> Meaning:
    def meaning(m: Sem, dst: Place, src: Place) -> None:
        m.write(dst, float_result(m, function, dst.type, _source(m, src)))

    return meaning


def _define(table: dict[str, tuple[str, str]], make: Callable[[str], Meaning]) -> None:
    for mnemonic, (row, function) in table.items():
        feature = "cpuid=sse2" if mnemonic.endswith("d") else "cpuid=sse"
        rows(mnemonic, f"SDM 2 {mnemonic.upper()}", feature)(row)
        semantics(mnemonic)(make(function))


_define(BINARY, _binary)
_define(UNARY, _unary)


# These two approximate: they know neither MXCSR nor exceptions.
@semantics("rcpss", "rcpps")
def reciprocal(m: Sem, dst: Place, src: Place) -> None:
    function = "reciprocal" if dst.type is I32 else "rcpps"
    m.write(dst, m.compute(function, dst.type, _source(m, src)))


@semantics("rsqrtss", "rsqrtps")
def reciprocal_root(m: Sem, dst: Place, src: Place) -> None:
    function = "reciprocal_root" if dst.type is I32 else "rsqrtps"
    m.write(dst, m.compute(function, dst.type, _source(m, src)))
