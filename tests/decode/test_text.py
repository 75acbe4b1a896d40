"""Disassembly, a line for each kind of operand."""

from __future__ import annotations

import pytest

from elfin.decode.insn import decode
from elfin.decode.text import describe, text


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("48 01 d8", "add rax, rbx"),
        ("f0 48 0f c1 0c 88", "lock xadd qword ptr [rax+rcx*4], rcx"),
        ("64 48 8b 04 25 28 00 00 00", "mov rax, qword ptr fs:[0x28]"),
        ("48 8b 05 10 00 00 00", "mov rax, qword ptr [rel 0x401017]"),
        ("8d 4c b1 f8", "lea ecx, [rcx+rsi*4-0x8]"),
        ("a0 f0 de bc 9a 78 56 34 12", "mov al, byte ptr [0x123456789abcdef0]"),
        ("67 8b 00", "mov eax, dword ptr [eax]"),
        ("f3 a4", "rep movsb byte ptr [rdi], byte ptr [rsi]"),
        ("f3 a6", "repe cmpsb byte ptr [rsi], byte ptr [rdi]"),
        ("f2 ae", "repne scasb al, byte ptr [rdi]"),
        ("eb 10", "jmp 0x401012"),
        ("c8 01 02 03", "enter 0x201, 0x3"),
        ("6a ff", "push 0xffffffffffffffff"),
        ("0f b2 00", "lss eax, [rax]"),
        ("66 0f 38 10 c1", "pblendvb xmm0, xmm1"),
        ("d8 c1", "fadd st0, st1"),
        ("0f 6f c1", "movq mm0, mm1"),
        ("c4 e3 71 4a c2 30", "vblendvps xmm0, xmm1, xmm2, xmm3"),
        ("c4 e2 69 90 04 08", "vpgatherdd xmm0, dword ptr [rax+xmm1], xmm2"),
        ("c5 f4 41 c2", "kandw k0, k1, k2"),
        ("ff ff", "(bad) ff ff"),
    ],
)
def test_lines(code: str, line: str) -> None:
    assert text(decode(bytes.fromhex(code), 0x401000)) == line


def test_symbols() -> None:
    names = {0x401012: "main", 0x401017: "environ"}
    jump, load = bytes.fromhex("eb10"), bytes.fromhex("488b0510000000")
    assert text(decode(jump, 0x401000), names.get) == "jmp 0x401012 <main>"
    assert text(decode(load, 0x401000), names.get) == "mov rax, qword ptr [rel 0x401017 <environ>]"


def test_messages() -> None:
    assert (
        describe(bytes.fromhex("c5f458c2cc"), 0x1000)
        == "vaddps ymm0, ymm1, ymm2 (c5 f4 58 c2) at 0x1000"
    )
    assert describe(b"\x06", 0x1000) == "no such instruction: 06 at 0x1000"
