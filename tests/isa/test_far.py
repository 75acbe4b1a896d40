"""Far transfers and segment registers: the selectors that Linux gives a 64-bit program, and no others.

The values of LAR, LSL, VERR and VERW are those that Linux on x86-64 shows on a real processor.
"""

from __future__ import annotations

import pytest

from elfin import rflags
from elfin.ir.evaluate import Fault, Goto, Next
from elfin.isa import vectors
from tests.isa.machine import CODE, DATA, STACK, Machine

TARGET = CODE + 0x800
CS, SS, DS, FS = 1, 2, 3, 4


def test_retf() -> None:
    m = Machine()
    m.write(STACK, TARGET, 0x33)
    assert m.step("48cb") == Goto(TARGET)
    assert (m.rip, m.rsp) == (TARGET, STACK + 16)
    m.rsp = STACK
    m.write(STACK, TARGET, 0x33, size=4)
    assert m.step("ca2000") == Goto(TARGET)
    assert m.rsp == STACK + 8 + 0x20


@pytest.mark.parametrize("selector", [0, 0x23, 0x2B, 0x30, 0x1234])
def test_retf_elsewhere(selector: int) -> None:
    m = Machine()
    m.write(STACK, TARGET, selector)
    assert m.step("48cb") == Fault(vectors.GP, selector & 0xFFFC)
    assert m.rsp == STACK


def test_iret() -> None:
    m = Machine()
    m.rflags = 0x202
    m.write(STACK, TARGET, 0x33, rflags.CF | rflags.DF | 0x3000, DATA, 0x2B)
    assert m.step("48cf") == Goto(TARGET)
    assert (m.rsp, m.rflags) == (DATA, 0x202 | rflags.CF | rflags.DF)  # IF and IOPL stay
    assert (m.selector(CS), m.selector(SS)) == (0x33, 0x2B)


@pytest.mark.parametrize(
    ("cs", "ss", "error"), [(0x23, 0x2B, 0x20), (0x33, 0, 0), (0x33, 0x28, 0x28)]
)
def test_iret_elsewhere(cs: int, ss: int, error: int) -> None:
    m = Machine()
    m.write(STACK, TARGET, cs, 0x202, DATA, ss)
    assert m.step("48cf") == Fault(vectors.GP, error)
    assert (m.rsp, m.selector(CS)) == (STACK, 0x33)


def test_jump_and_call_through_memory() -> None:
    m = Machine()
    m.rax = DATA
    m.write(DATA, TARGET, size=4)
    m.write(DATA + 4, 0x33, size=2)
    assert m.step("ff28") == Goto(TARGET)
    assert m.step("ff18") == Goto(TARGET)
    assert m.rsp == STACK - 8
    assert (m.read(STACK - 8, 4), m.read(STACK - 4, 4)) == (CODE + 2, 0x33)
    m.rsp = DATA + 4
    assert m.step("ff18") == Fault(vectors.PF, 6, DATA - 4)
    assert m.rsp == DATA + 4


def test_load_segment() -> None:
    m = Machine()
    m.fs_base = 0x1234
    m.rax = 0x2B
    assert m.step("8ed8") == Next()  # mov ds, eax
    assert m.selector(DS) == 0x2B
    assert m.step("8ee0") == Next()  # mov fs, eax
    assert (m.selector(FS), m.fs_base) == (0x2B, 0)
    m.step("8ce3")  # mov ebx, fs
    assert m.rbx == 0x2B
    m.rax = 0x1234
    assert m.step("8ed8") == Fault(vectors.GP, 0x1234)
    m.rax = 0
    assert m.step("8ed0") == Fault(vectors.GP, 0)  # mov ss, eax
    m.write(STACK, 3)
    assert m.step("0fa1") == Next()  # pop fs
    assert (m.selector(FS), m.rsp) == (3, STACK + 8)


@pytest.mark.parametrize(
    ("selector", "rights", "limit", "writable"),
    [
        (0x23, 0xCFFB00, 0xFFFFFFFF, 0),
        (0x28, 0xCFF300, 0xFFFFFFFF, 1),
        (0x2B, 0xCFF300, 0xFFFFFFFF, 1),
        (0x33, 0xAFFB00, 0xFFFFFFFF, 0),
        (0x7B, 0x40F500, 0, 0),
        (0, None, None, 0),
        (0x10, None, None, 0),
        (0x63, None, None, 0),
    ],
)
def test_descriptors(selector: int, rights: int | None, limit: int | None, writable: int) -> None:
    m = Machine()
    for code, expected in (("0f02d9", rights), ("0f03d9", limit)):  # lar ebx, ecx; lsl ebx, ecx
        m.rcx, m.rbx = selector, 1 << 40
        m.step(code)
        assert m.rflags >> 6 & 1 == (expected is not None)
        assert m.rbx == (1 << 40 if expected is None else expected)
    m.step("0f00e1")  # verr cx
    assert m.rflags >> 6 & 1 == (rights is not None)
    m.step("0f00e9")  # verw cx
    assert m.rflags >> 6 & 1 == writable
