"""What the instruction oracle cannot ask the processor: identification, traps, privileged instructions."""

from __future__ import annotations

import struct

import pytest

from elfin import rflags
from elfin.ir.evaluate import Fault, Left, Next
from elfin.isa import vectors
from elfin.isa.leave import LEAVE_INT1, LEAVE_INT3, LEAVE_SYSCALL
from elfin.isa.table import FORMS
from tests.isa.machine import CODE, DATA, READ_ONLY, Machine


def cpuid(leaf: int, subleaf: int = 0) -> tuple[int, int, int, int]:
    m = Machine()
    m.rax, m.rcx, m.rbx, m.rdx = 0xF << 60 | leaf, subleaf, 1 << 63, 1 << 63
    assert m.step("0fa2") == Next()
    return m.rax, m.rbx, m.rcx, m.rdx


def test_vendor_and_brand() -> None:
    highest, b, c, d = cpuid(0)
    assert highest == 7
    assert struct.pack("<III", b, d, c) == b"GenuineIntel"
    words = [word for leaf in (2, 3, 4) for word in cpuid(0x80000000 + leaf)]
    assert struct.pack("<12I", *words).rstrip(b"\0").decode().startswith("elfin")


# Where CPUID shows the feature of a row: leaf, register (0..3), bit.
BITS = {
    "cmpxchg16b": (1, 2, 13), "movbe": (1, 2, 22), "popcnt": (1, 2, 23), "lzcnt": (0x80000001, 2, 5),
    "fsgsbase": (7, 1, 0), "adx": (7, 1, 19), "clflushopt": (7, 1, 23), "clwb": (7, 1, 24),
    "rdpid": (7, 2, 22), "rdtscp": (0x80000001, 3, 27), "sse": (1, 3, 25), "sse2": (1, 3, 26),
    "sse3": (1, 2, 0), "ssse3": (1, 2, 9), "sse41": (1, 2, 19), "sse42": (1, 2, 20),
    "monitor": (1, 2, 3), "rdrand": (1, 2, 30), "rdseed": (7, 1, 18), "rtm": (7, 1, 11),
    "smap": (7, 1, 20), "waitpkg": (7, 2, 5), "shstk": (7, 2, 7), "movdiri": (7, 2, 27),
    "movdir64b": (7, 2, 28), "serialize": (7, 3, 14), "pku": (7, 2, 3), "bmi1": (7, 1, 3),
    "bmi2": (7, 1, 8),
}  # fmt: skip
PARTLY = {"bmi1"}  # TZCNT is there, the other instructions are not


@pytest.mark.parametrize("feature", BITS)
def test_cpuid_says_what_is_implemented(feature: str) -> None:
    forms = [form for form in FORMS if form.attributes.get("cpuid") == feature]
    leaf, register, bit = BITS[feature]
    shown = cpuid(leaf)[register] >> bit & 1
    if shown:
        assert all(form.implemented for form in forms)
    elif feature not in PARTLY:
        assert not any(form.implemented for form in forms)


def test_caches_are_described() -> None:
    """A C library multiplies ways, partitions, line and sets, and must not get 0."""
    sizes = []
    for index in range(4):
        kind, geometry, sets, _ = cpuid(4, index)
        assert kind & 31
        ways, line = (geometry >> 22) + 1, (geometry & 0xFFF) + 1
        sizes.append(ways * line * (sets + 1))
    assert sizes == [32 << 10, 32 << 10, 1 << 20, 16 << 20]
    assert cpuid(4, 4)[0] & 31 == 0


def test_time_goes_on() -> None:
    m = Machine()
    times = []
    for _ in range(3):
        m.step("0f31")
        assert m.rax < 1 << 32 > m.rdx
        times.append(m.rdx << 32 | m.rax)
    assert times[0] < times[1] < times[2]
    m.rcx = ~0
    m.step("0f01f9")
    assert m.rcx == 0
    assert m.rdx << 32 | m.rax > times[2]


def test_syscall() -> None:
    m = Machine()
    m.rflags = 0x202 | rflags.CF | rflags.DF | rflags.ZF
    assert m.step("0f05") == Left(LEAVE_SYSCALL)
    assert (m.rcx, m.r11, m.rip) == (CODE + 2, m.rflags, CODE + 2)
    assert m.rflags == 0x202 | rflags.CF | rflags.DF | rflags.ZF


@pytest.mark.parametrize(
    ("code", "reason"), [("cc", LEAVE_INT3), ("cd03", LEAVE_INT3), ("f1", LEAVE_INT1)]
)
def test_traps_are_behind_the_instruction(code: str, reason: int) -> None:
    m = Machine()
    assert m.step(code) == Left(reason)
    assert m.rip == CODE + len(code) // 2


@pytest.mark.parametrize(
    ("code", "vector", "error"),
    [
        ("cd80", vectors.GP, 0x402),
        ("cd81", vectors.GP, 0x40A),
        ("cd04", vectors.OF, 0),
        ("f4", vectors.GP, 0),  # hlt
        ("fa", vectors.GP, 0),  # cli
        ("ec", vectors.GP, 0),  # in al, dx
        ("e600", vectors.GP, 0),  # out 0, al
        ("f36e", vectors.GP, 0),  # rep outsb
        ("0f20c0", vectors.GP, 0),  # mov rax, cr0
        ("0f32", vectors.GP, 0),  # rdmsr
        ("0f0138", vectors.GP, 0),  # invlpg [rax]
        ("0f0110", vectors.GP, 0),  # lgdt [rax]
        ("0f01d1", vectors.GP, 0),  # xsetbv
        ("4807", vectors.UD, 0),
        ("0f0b", vectors.UD, 0),
        ("0fb9c0", vectors.UD, 0),
        ("0f01c1", vectors.UD, 0),  # vmcall
        ("0f34", vectors.UD, 0),  # sysenter
        ("06", vectors.UD, 0),  # push es: not in 64-bit mode
    ],
)
def test_refused(code: str, vector: int, error: int) -> None:
    m = Machine()
    m.rax = DATA
    assert m.step(code) == Fault(vector, error, 0)
    assert m.rip == CODE


def test_xgetbv() -> None:
    m = Machine()
    m.rdx, m.rcx = ~0, 0
    assert m.step("0f01d0") == Next()
    assert (m.rax, m.rdx) == (3, 0)
    m.rcx = 5
    assert m.step("0f01d0") == Fault(vectors.GP)


def test_segment_bases() -> None:
    m = Machine()
    m.rax = 0x1234_5678_9ABC
    m.step("f3480faed0")  # wrfsbase rax
    m.step("f30faed8")  # wrgsbase eax
    assert (m.fs_base, m.gs_base) == (0x1234_5678_9ABC, 0x5678_9ABC)
    m.step("f3480faec3")  # rdfsbase rbx
    m.rcx = ~0
    m.step("f30faec1")  # rdfsbase ecx
    assert (m.rbx, m.rcx) == (0x1234_5678_9ABC, 0x5678_9ABC)
    m.rax = 1 << 47
    assert m.step("f3480faed0") == Fault(vectors.GP)


def test_system_tables_are_those_of_linux() -> None:
    m = Machine()
    m.rax = DATA
    assert m.step("0f0100") == Next()  # sgdt [rax]
    assert m.read(DATA, 10) == 0xFFFFFFFFFFFE0000 << 16
    m.step("0f01e0")  # smsw eax
    assert m.rax == 0x80050033
    m.rax = READ_ONLY - 4
    assert m.step("0f0108") == Fault(vectors.PF, 7, READ_ONLY)  # sidt [rax]
    assert m.read(READ_ONLY - 4, 4) == 0
