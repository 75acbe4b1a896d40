"""Prefixes and the limits of an instruction: SDM vol. 2, 2.1.1, 2.2.1 and 2.3; vol. 3, 6.15 (#GP)."""

from __future__ import annotations

import pytest

from elfin.decode import record as r
from elfin.decode.insn import Insn, Undecodable, decode
from elfin.decode.text import text


def insn(code: str) -> Insn:
    found = decode(bytes.fromhex(code), 0x1000)
    assert isinstance(found, Insn), found
    return found


def status(code: bytes | str) -> int:
    found = decode(bytes.fromhex(code) if isinstance(code, str) else code)
    assert isinstance(found, Undecodable), found
    return found.status


def test_fifteen_bytes_are_an_instruction_sixteen_are_not() -> None:
    assert insn("2e" * 14 + "90").length == 15
    assert status("2e" * 15 + "90") == r.TOO_LONG
    assert status(b"\x2e" * 11 + bytes.fromhex("b800000000")) == r.TOO_LONG
    assert insn("2e" * 10 + "b800000000").length == 15


@pytest.mark.parametrize(
    "code",
    [
        "48 b8 01 02 03 04 05 06 07 08",
        "f0 48 0f c1 84 88 00 00 00 10",
        "c4 e2 7d 18 05 00 00 00 00",
    ],
)
def test_each_part_of_an_instruction_asks_for_more(code: str) -> None:
    whole = bytes.fromhex(code)
    for length in range(len(whole)):
        assert status(whole[:length]) == r.MORE
    assert isinstance(decode(whole), Insn)


def test_what_is_known_to_be_invalid_asks_for_nothing() -> None:
    assert status("06") == r.INVALID
    assert status("0f 04") == r.INVALID
    assert status("f0 90") == r.INVALID


def test_prefixes_may_come_in_any_order_and_twice() -> None:
    for code in ("66 67 64 8b 00", "64 67 66 8b 00", "67 64 66 66 8b 00", "64 66 67 64 8b 00"):
        assert text(insn(code)) == "mov ax, word ptr fs:[eax]"


def test_rex_counts_only_right_before_the_opcode() -> None:
    assert text(insn("48 66 01 d8")) == "add ax, bx"
    assert text(insn("66 48 01 d8")) == "add rax, rbx"
    assert text(insn("4f 48 01 d8")) == "add rax, rbx"
    assert text(insn("88 e0")) == "mov al, ah"
    assert text(insn("40 88 e0")) == "mov al, spl"


def test_segments_without_a_base_change_nothing() -> None:
    assert text(insn("64 3e 8b 00")) == "mov eax, dword ptr fs:[rax]"
    assert text(insn("64 65 8b 00")) == "mov eax, dword ptr gs:[rax]"
    assert text(insn("26 8b 00")) == "mov eax, dword ptr [rax]"


def test_the_last_of_f2_and_f3_wins_and_66_loses() -> None:
    assert text(insn("f2 f3 0f 10 c1")) == "movss xmm0, xmm1"
    assert text(insn("f3 f2 66 0f 10 c1")) == "movsd xmm0, xmm1"


def test_lock_needs_a_memory_destination_that_may_be_locked() -> None:
    assert insn("f0 01 00").lock
    for code in ("f0 01 c0", "f0 03 00", "f0 89 00", "f0 0f a3 00", "f0 90", "f0 0f 10 00"):
        assert status(code) == r.INVALID


def test_near_branches_ignore_the_operand_size() -> None:
    assert insn("66 e9 00 00 00 00").length == 6
    assert insn("66 c3").size == 64
    assert insn("66 e8 05 00 00 00").target == 0x100B


@pytest.mark.parametrize("prefix", ["66", "f2", "f3", "f0", "48"])
def test_vex_and_evex_allow_none_of_the_legacy_prefixes(prefix: str) -> None:
    assert status(f"{prefix} c5 f8 58 c1") == r.INVALID
    assert status(f"{prefix} 62 f1 7c 48 58 c1") == r.INVALID
    assert status(f"{prefix} 8f e9 78 81 c1") == r.INVALID


def test_vvvv_must_be_ones_where_it_means_nothing() -> None:
    assert insn("c5 f8 28 c1").name == "vmovaps"
    assert status("c5 f0 28 c1") == r.INVALID
    assert status("62 f1 74 48 28 c1") == r.INVALID


def test_evex_masking_broadcast_and_rounding() -> None:
    assert text(insn("62 f1 7c c9 58 c1")) == "vaddps zmm0 {k1}{z}, zmm0, zmm1"
    assert text(insn("62 f1 7c 78 58 c1")) == "vaddps zmm0, zmm0, zmm1, {rz-sae}"
    assert text(insn("62 f1 7c 58 58 40 01")) == "vaddps zmm0, zmm0, dword ptr [rax+0x4]{1to16}"
    assert text(insn("62 f1 7c 48 58 40 01")) == "vaddps zmm0, zmm0, zmmword ptr [rax+0x40]"
    assert status("62 f1 7c c8 58 c1") == r.INVALID  # zeroing without a mask
    assert status("62 f1 7c c9 11 00") == r.INVALID  # zeroing into memory
    assert status("62 f1 7c 68 58 c1") == r.INVALID  # L'L = 3
    assert status("62 f2 7d 48 90 04 00") == r.INVALID  # a gather without a mask


def test_gathers_need_distinct_registers() -> None:
    assert insn("c4 e2 69 90 04 08").name == "vpgatherdd"
    assert status("c4 e2 69 90 04 00") == r.INVALID
    assert status("c4 e2 79 90 04 08") == r.INVALID


def test_control_and_segment_registers_that_do_not_exist() -> None:
    assert text(insn("0f 20 c0")) == "mov rax, cr0"
    assert text(insn("0f 20 00")) == "mov rax, cr0"  # mod means nothing
    assert status("0f 20 c8") == r.INVALID
    assert status("44 0f 21 c0") == r.INVALID
    assert status("8e c8") == r.INVALID  # a write to CS
    assert status("8c f0") == r.INVALID
