"""The evaluator: order of effects, flags in their slots, faults as values."""

from __future__ import annotations

from elfin import layout
from elfin.ir.evaluate import Fault, Goto, Left, Next, evaluate
from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put, PutAt, Raise, Store
from elfin.ir.types import I1, I8, I16, I32, I64, V128
from elfin.ir.value import FALSE, TRUE, Value, const, get, local, make
from elfin.rflags import rflags, set_rflags


class Flat:
    """Sixteen bytes of guest memory at 0x100."""

    def __init__(self) -> None:
        self.data = bytearray(range(16))

    def load(self, address: int, n: int, *, write: bool = False) -> bytes | Fault:
        if not 0x100 <= address <= 0x110 - n:
            return Fault(14, 6 if write else 4, address)
        return bytes(self.data[address - 0x100 : address - 0x100 + n])

    def store(self, address: int, data: bytes) -> Fault | None:
        if not 0x100 <= address <= 0x110 - len(data):
            return Fault(14, 6, address)
        self.data[address - 0x100 : address - 0x100 + len(data)] = data
        return None


def fresh() -> bytearray:
    return bytearray(layout.STATE_SIZE)


def read(state: bytearray, offset: int, n: int = 8) -> int:
    return int.from_bytes(state[offset : offset + n], "little")


def test_effects_happen_in_order() -> None:
    state = fresh()
    rax = get(I64, layout.RAX)
    effects: list[Effect] = [
        Put(layout.RAX, const(I64, 5)),
        Put(layout.RCX, rax + 1),
        Put(layout.RAX, rax + rax),
        Put(layout.RDX, rax),
    ]
    assert evaluate(effects, state, Flat()) == Next()
    assert [read(state, o) for o in (layout.RAX, layout.RCX, layout.RDX)] == [10, 6, 10]


def test_a_variable_keeps_what_it_was_given() -> None:
    state = fresh()
    old = local(I64, "t0")
    effects: list[Effect] = [
        Let(old, get(I64, layout.RAX)),
        Put(layout.RAX, const(I64, 9)),
        Put(layout.RCX, old),
    ]
    evaluate(effects, state, Flat())
    assert read(state, layout.RCX) == 0


def test_partial_registers_and_offsets_known_late() -> None:
    state = fresh()
    evaluate(
        [
            Put(layout.RAX, const(I64, -1)),
            Put(layout.RAX + 1, const(I8, 0)),
            PutAt(const(I32, layout.RAX + 6), const(I16, 0x1234)),
            Put(layout.XMM, const(V128, 1 << 100 | 7)),
            Put(layout.RCX, make("get_at", I16, const(I32, layout.RAX + 6)).zext(I64)),
        ],
        state,
        Flat(),
    )
    assert read(state, layout.RAX) == 0x1234_FFFF_FFFF_00FF
    assert read(state, layout.XMM, 16) == 1 << 100 | 7
    assert read(state, layout.RCX) == 0x1234


def test_flags_live_as_sources() -> None:
    state = fresh()
    for bits in (0x202, 0x202 | 0x8D5, 0xAD7, 0x246):
        set_rflags(state, bits)
        assert rflags(state) == bits
        for name, bit in (("c", 0), ("p", 2), ("a", 4), ("z", 6), ("s", 7), ("o", 11)):
            offset = layout.FLAGS[name]
            evaluate([Put(layout.RAX, get(I1, offset).zext(I64))], state, Flat())
            assert read(state, layout.RAX) == bits >> bit & 1
    set_rflags(state, 0x202)
    evaluate([Put(layout.FLAG_Z, TRUE), Put(layout.FLAG_P, FALSE)], state, Flat())
    assert rflags(state) == 0x242


def test_memory_and_its_faults() -> None:
    state, memory = fresh(), Flat()
    loaded = local(I32, "t0")
    effects: list[Effect] = [
        Let(loaded, make("load", I32, const(I64, 0x104))),
        Store(const(I64, 0x10C), loaded),
        Put(layout.RAX, loaded.zext(I64)),
    ]
    assert evaluate(effects, state, memory) == Next()
    assert read(state, layout.RAX) == 0x07060504
    assert memory.data[12:] == bytes([4, 5, 6, 7])
    outside = make("load", I8, const(I64, 0x110))
    assert evaluate(
        [Let(local(I8, "t1"), outside), Put(layout.RAX, const(I64, 1))], state, memory
    ) == Fault(14, 4, 0x110)
    assert read(state, layout.RAX) == 0x07060504
    update = make("load", I8, const(I64, 0x110), imm="update")
    assert evaluate([Let(local(I8, "t1"), update)], state, memory) == Fault(14, 6, 0x110)


def test_a_call_may_change_registers_and_may_fault() -> None:
    state = fresh()

    def call(value: Value, args: list[int]) -> int | Fault:
        if value.imm == "divide":
            return Fault(0)
        state[layout.RCX] = args[0] & 0xFF
        return args[0] + 1

    rcx = get(I64, layout.RCX)
    result = local(I64, "t0")
    effects: list[Effect] = [
        Put(layout.RDX, rcx),
        Let(result, make("call", I64, const(I64, 7), imm="increment")),
        Put(layout.RAX, result + rcx),
    ]
    assert evaluate(effects, state, Flat(), call) == Next()
    assert read(state, layout.RAX) == 15
    assert evaluate([Let(None, make("call", I32, imm="divide"))], state, Flat(), call) == Fault(0)


def test_outcomes() -> None:
    state = fresh()
    there = const(I64, 0x1000)

    def outcome(*effects: Effect) -> object:
        return evaluate(effects, state, Flat())

    assert outcome(Jump(there)) == Goto(0x1000)
    assert outcome(Branch(TRUE, there)) == Goto(0x1000)
    assert outcome(Branch(FALSE, there)) == Next()
    assert outcome(Raise(FALSE, 13), Leave(3)) == Left(3)
    assert outcome(Raise(TRUE, 13, 2), Leave(3)) == Fault(13, 2)


def test_widths() -> None:
    state = fresh()
    byte = const(I8, 0x80)
    for value, expected in (
        (byte.sext(I64), 2**64 - 128),
        (byte.zext(I64), 0x80),
        (const(I64, 0x1_8000).trunc(I16).sext(I32).zext(I64), 0xFFFF_8000),
        ((byte + 0x80).zext(I64), 0),
        (byte.rotl(9).zext(I64), 1),
        (byte.ashr(15).zext(I64), 0xFF),
        (byte.ltu(0x81).select(const(I64, 3), 4), 3),
        (make("mulhs", I64, const(I64, -1), const(I64, 5)), 2**64 - 1),
        (make("divs", I64, const(I64, -7), const(I64, 2)), 2**64 - 3),
        (make("rems", I64, const(I64, -7), const(I64, 2)), 2**64 - 1),
    ):
        evaluate([Put(layout.RAX, value)], state, Flat())
        assert read(state, layout.RAX) == expected, value
