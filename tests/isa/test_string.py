"""Repeated string instructions against a loop over elements, in Python: page borders, overlaps, both directions."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from elfin import layout, rflags
from elfin.bits import M32, M64
from elfin.core import string
from elfin.dialect import bound, u32, u64
from elfin.ir.evaluate import Fault, Next
from elfin.isa import vectors
from tests.isa.machine import DATA, READ_ONLY, Machine

END = READ_ONLY + layout.PAGE
MACHINE = Machine()  # its 20 MB are made once


@dataclass
class Model:
    """Memory and the registers that count, element by element."""

    memory: bytearray
    rsi: int
    rdi: int
    rcx: int
    rax: int
    down: bool
    zero: bool = False
    fault: tuple[int, bool] | None = None
    pages: range = field(default_factory=lambda: range(DATA, END))

    def readable(self, address: int, size: int, write: bool) -> bool:
        limit = READ_ONLY if write else END
        for at in range(address, address + size):
            if not DATA <= at < limit:
                self.fault = at, write
                return False
        return True

    def load(self, address: int, size: int) -> int:
        at = address - DATA
        return int.from_bytes(self.memory[at : at + size], "little")

    def store(self, address: int, value: int, size: int) -> None:
        at = address - DATA
        self.memory[at : at + size] = value.to_bytes(size, "little")

    def run(self, name: str, size: int, until: bool) -> None:
        """`until`: REPNE."""
        step = -size if self.down else size
        while self.rcx:
            uses_source, uses_target = name in ("movs", "lods", "cmps"), name != "lods"
            order = [
                (self.rsi, False) if uses_source else None,
                (self.rdi, name in ("movs", "stos")) if uses_target else None,
            ]
            if name == "cmps" and not (size == 1 and not until):
                order.reverse()
            if not all(self.readable(o[0], size, o[1]) for o in order if o):
                return
            low = self.rax & (1 << 8 * size) - 1
            source = self.load(self.rsi, size) if uses_source else low
            match name:
                case "movs" | "stos":
                    self.store(self.rdi, source, size)
                case "lods":
                    kept = 0 if size >= 4 else self.rax >> 8 * size << 8 * size
                    self.rax = kept | source
                case "cmps" | "scas":
                    self.zero = source == self.load(self.rdi, size)
            self.rsi = self.rsi + step if uses_source else self.rsi
            self.rdi = self.rdi + step if uses_target else self.rdi
            self.rcx -= 1
            if name in ("cmps", "scas") and self.zero == until:
                return


OPCODES = {"movs": 0xA4, "cmps": 0xA6, "stos": 0xAA, "lods": 0xAC, "scas": 0xAE}
borders = st.sampled_from(range(DATA, END + 1, layout.PAGE))
addresses = st.one_of(
    st.builds(lambda border, n: border + n, borders, st.integers(-70, 70)),
    st.integers(DATA, END),
)
patterns = st.sampled_from(
    (b"\0", b"ab", b"abcdefgh", b"\0\0\0\1", bytes(range(256)), b"\xff" * 3 + b"\0")
)


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(OPCODES)),
    st.sampled_from((1, 2, 4, 8)),
    addresses,
    st.one_of(addresses, st.integers(-40, 40)),
    st.one_of(st.integers(0, 40), st.integers(0, 5000)),
    st.sampled_from((0, 0x6161, 0x6261626162616261, 1 << 24, M64)),
    patterns,
    st.booleans(),
    st.booleans(),
)
@example("movs", 1, DATA, DATA + 1, 5000, 0, b"x123", False, False)
@example("movs", 8, DATA, DATA + 24, 300, 0, bytes(range(256)), False, False)
@example("stos", 8, DATA, DATA + 4093, 1000, 0x6261626162616261, b"\0", False, False)
@example("scas", 1, DATA, DATA, 5 * 4096, 1, b"\0", False, False)
def test_repeated(
    name: str,
    size: int,
    rsi: int,
    rdi: int,
    count: int,
    rax: int,
    pattern: bytes,
    down: bool,
    until: bool,
) -> None:
    if rdi < 1000:  # a distance: overlapping operands
        rdi += rsi
    memory = bytearray(pattern * (END - DATA))[: END - DATA]
    model = Model(memory[:], rsi, rdi, count, rax, down)
    m = MACHINE
    m.reference.guest.poke(DATA, bytes(memory))
    m.rsi, m.rdi, m.rcx, m.rax = rsi, rdi, count, rax
    m.rflags = 0x202 | (rflags.DF if down else 0)
    model.run(name, size, until)
    prefix = ("66" if size == 2 else "") + ("f2" if until else "f3") + ("48" if size == 8 else "")
    outcome = m.step(f"{prefix}{OPCODES[name] | (size > 1):02x}")
    if model.fault is None:
        assert outcome == Next()
    else:
        address, write = model.fault
        present = DATA <= address < END
        assert outcome == Fault(vectors.PF, 4 | write << 1 | present, address)
    assert (m.rcx, m.rsi, m.rdi, m.rax) == (model.rcx, model.rsi & M64, model.rdi & M64, model.rax)
    assert m.reference.guest.peek(DATA, END - DATA) == bytes(model.memory)
    if name in ("cmps", "scas") and model.rcx != count:
        assert m.rflags >> 6 & 1 == model.zero


def test_much_work_is_done_in_turns() -> None:
    """Status 2: what is left is in the registers, and the same call goes on from there."""
    m = Machine()
    m.rsi, m.rdi, m.rcx, m.rflags = DATA, DATA, 4 * layout.PAGE, 0x202
    arguments = u32(1), u64(0), u64(M64), u32(1)
    calls = 0
    with bound(m.reference.memory):
        while string.repeat_cmps(*arguments) == 2:
            calls += 1
            assert 0 < m.rcx < 4 * layout.PAGE
            assert m.rdi == m.rsi == DATA + 4 * layout.PAGE - m.rcx
    assert calls > 1
    assert (m.rcx, m.rdi) == (0, DATA + 4 * layout.PAGE)


def test_32_bit_addressing() -> None:
    """Registers are cut to 32 bits, but only when something was done."""
    m = Machine()
    high = 0x1234 << 32
    m.rsi, m.rdi, m.rcx = high | DATA, high | DATA + 64, high | 3
    m.write(DATA, 0x636261)
    assert m.step("67f3a4") == Next()
    assert (m.rsi, m.rdi, m.rcx) == (DATA + 3, DATA + 67, 0)
    assert m.read(DATA + 64) == 0x636261
    m.rsi, m.rdi, m.rcx = high, high | DATA, high | 3
    assert m.step("67f3a4") == Fault(vectors.PF, 4, 0)
    assert (m.rsi, m.rdi, m.rcx) == (high, high | DATA, high | 3)
    m.rsi = high | M32
    m.fs_base = DATA + 1  # FS base + FFFFFFFFh: the sum is not cut
    m.rcx = high | 1
    assert m.step("6467f3a4") == Fault(vectors.PF, 4, DATA + (1 << 32))
