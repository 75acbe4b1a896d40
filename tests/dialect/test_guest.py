"""`guest_check` against a model of pages, in CPython and in Wasm: every kind of page, both sides of an edge."""

from __future__ import annotations

from random import Random

import pytest

from elfin import layout
from elfin.bits import signed
from elfin.core import build, guest
from elfin.core.guest import guest_check, guest_check_stack
from elfin.dialect import CoreFunction, bound
from elfin.isa.vectors import GP, PF, SS
from tests.codegen.machine import Machine

PAGES = (
    0,
    layout.PAGE_R,
    layout.PAGE_W,
    layout.PAGE_R | layout.PAGE_W,
    layout.PAGE_X,
    layout.PAGE_R | layout.PAGE_X | layout.PAGE_CODE,
    layout.PAGE_R | layout.PAGE_CODE | layout.PAGE_WSAVED,
)
FAULT = slice(layout.STATE + layout.FAULT_ADDRESS, layout.STATE + layout.FAULT_ERROR + 4)
PENDING = slice(layout.STATE + layout.PENDING, layout.STATE + layout.PENDING + 4)


def expected(
    memory: bytearray, address: int, n: int, write: bool, noncanonical: int
) -> tuple[bool, bytes, int]:
    """Allowed, the fault slots, PENDING; byte by byte."""
    pending = 0
    for at in range(address, address + n):
        at %= 1 << 64
        page = memory[layout.PAGES + (at >> 12)] if at < layout.GUEST_LIMIT else 0
        last = (address + n - 1) % (1 << 64)
        if at >= layout.GUEST_LIMIT and not (canonical(at) and canonical(last)):
            return False, fault(0, noncanonical, 0), pending
        if write:
            allowed = page & (layout.PAGE_W | layout.PAGE_WSAVED)
            pending |= int(page & layout.PAGE_W == 0 and page & layout.PAGE_WSAVED != 0)
        else:
            allowed = page
        if not allowed:
            present = int(page != 0 or at >= (1 << 47) - 4096)  # Linux tells nothing of its own
            return False, fault(at, PF, 4 | write << 1 | present), pending
    return True, bytes(16), pending


def canonical(address: int) -> bool:
    return address >> 47 in (0, (1 << 17) - 1)


def fault(address: int, vector: int, error: int) -> bytes:
    return (
        address.to_bytes(8, "little") + vector.to_bytes(4, "little") + error.to_bytes(4, "little")
    )


@pytest.fixture(scope="module")
def machine() -> Machine:
    functions = build.functions(guest)
    for function in functions:
        function.export = function.name
    return Machine(functions, pages=32)


def addresses(rng: Random) -> int:
    edges = (0x3000, 0x8000, layout.GUEST_LIMIT, 1 << 47, (1 << 64) - (1 << 47), 1 << 64, 1 << 32)
    base = rng.choice((*edges, rng.randrange(16) << 12, rng.getrandbits(64)))
    return (base + rng.choice((0, -1, -8, 1, -4096, rng.randrange(-16, 16)))) % (1 << 64)


@pytest.mark.parametrize(
    ("check", "noncanonical"), [(guest_check, GP), (guest_check_stack, SS)], ids=["data", "stack"]
)
def test_check(machine: Machine, check: CoreFunction[..., bool], noncanonical: int) -> None:
    rng = Random(1)
    memory = bytearray(32 << 16)
    for page in range(20):
        memory[layout.PAGES + page] = PAGES[page % len(PAGES)] if page else PAGES[3]
    last = (layout.GUEST_LIMIT >> 12) - 1
    memory[layout.PAGES + last] = layout.PAGE_R | layout.PAGE_W
    machine.write(0, memory)
    for _ in range(3000):
        address = addresses(rng)
        n = rng.choice((1, 2, 4, 8, 16, 64, 512, 5000))
        write = rng.random() < 0.5
        memory[FAULT] = bytes(16)
        memory[PENDING] = bytes(4)
        want = expected(memory, address, n, write, noncanonical)
        machine.write(FAULT.start, bytes(16))
        machine.write(PENDING.start, bytes(4))
        with bound(memory):
            allowed = check(address, n, write)
        context = (hex(address), n, write)
        assert (allowed, memory[FAULT], memory[PENDING][0]) == want, context
        answer = machine.call(check.name, signed(address, 64), n, int(write))
        assert bool(answer) == allowed, context
        assert machine.read(FAULT.start, 16) == memory[FAULT], context
        assert machine.read(PENDING.start, 4) == memory[PENDING], context


def test_nothing_is_always_allowed() -> None:
    with bound(bytearray(32 << 16)):
        assert guest_check((1 << 63) + 5, 0, True)
