"""A unit as bytes, to be kept: in a file, in a packed site.

Input:  a unit and a form of its module.  Output: bytes; from these the unit again, if a memory holds its code.
Nothing of the code itself is in it but where it lies and its digest.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from typing import Final

from elfin import digest, layout
from elfin.records import fields, replace
from elfin.runtime.memory import GuestMemory
from elfin.tiers.jit.policy import Policy
from elfin.tiers.jit.units import Unit

HEAD: Final = struct.Struct(
    "<9I32s"
)  # counts of words, ops, flags of the policy, round; the code's digest
LIMIT: Final = 1 << 20  # words of a list, bytes of code: more is none of ours
FLAGS: Final = tuple(f.name for f in fields(Policy) if f.name != "round")
LEARNED: Final = ("careful", "round")  # what a policy has from experience
START: Final = 256  # bytes of code that tell units for one address apart
WORD: Final = "I" if array("I").itemsize == 4 else "L"


def key(memory: GuestMemory, pc: int, policy: Policy) -> str | None:
    """The name of units for `pc`, as far as its first bytes and the policy tell; None: nothing can be executed there.
    What the policy has from experience does not count: there is one unit that has the most."""
    if not memory.permission(pc) & layout.PAGE_X:
        return None
    code = memory.space.read(layout.GUEST_BASE + pc, min(START, -pc % layout.PAGE or layout.PAGE))
    return key_of(code, pc, policy)


def key_of(code: bytes, pc: int, policy: Policy) -> str:
    """The same, from up to START bytes of code, on one page."""
    plain = _flags(replace(policy, careful=False))
    return digest.name(struct.pack("<QI", pc, plain) + code)


def encode(unit: Unit, module: bytes) -> bytes:
    """`module`: what stands for its Wasm."""
    pieces = sorted(unit.code)
    lists = (
        unit.entries,
        [at for at, _ in pieces],
        [len(data) for _, data in pieces],
        [source for source, _ in unit.ways],
        [target for _, target in unit.ways],
        unit.doors,
    )
    head = HEAD.pack(
        len(unit.entries),
        len(pieces),
        len(unit.ways),
        len(unit.doors),
        unit.ops,
        len(unit.wasm),
        _flags(unit.policy),
        unit.policy.round,
        len(module),
        _digest(data for _, data in pieces),
    )
    return head + b"".join(_words(words) for words in lists) + module


def decode(data: bytes, memory: GuestMemory) -> tuple[Unit, bytes, int] | None:
    """The unit, without its Wasm; its module, and how much Wasm it was.  None if the memory does not hold its code.
    ValueError or struct.error for what is no unit."""
    counts = HEAD.unpack_from(data)
    entries, pieces, ways, doors, ops, size, flags, rounds, length, code_digest = counts
    if max(entries, pieces, ways, doors) > LIMIT:
        raise ValueError("no unit has so many parts")
    at = HEAD.size
    lists = []
    for count in (entries, pieces, pieces, ways, ways, doors):
        words = array(WORD, data[at : at + 4 * count])
        if len(words) != count:
            raise ValueError("the unit's end is missing")
        lists.append(words)
        at += 4 * count
    module = data[at : at + length]
    if len(module) != length or sum(lists[2]) > LIMIT:
        raise ValueError("the unit's end is missing")
    code = []
    for start, count in zip(lists[1], lists[2], strict=True):
        if not _can_execute(memory, start, count):
            return None
        code.append((start, memory.space.read(layout.GUEST_BASE + start, count)))
    if _digest(data for _, data in code) != code_digest:
        return None
    policy = Policy(round=rounds, **{name: bool(flags >> i & 1) for i, name in enumerate(FLAGS)})
    unit = Unit(
        wasm=b"",
        entries=tuple(lists[0]),
        code=tuple(code),
        ops=ops,
        policy=policy,
        ways=tuple(zip(lists[3], lists[4], strict=True)),
        doors=tuple(lists[5]),
    )
    return unit, module, size


def _can_execute(memory: GuestMemory, start: int, count: int) -> bool:
    first, last = start // layout.PAGE, (start + count - 1) // layout.PAGE
    return start + count <= layout.GUEST_LIMIT and all(
        memory.permission(page * layout.PAGE) & layout.PAGE_X for page in range(first, last + 1)
    )


def _flags(policy: Policy) -> int:
    return sum(getattr(policy, name) << i for i, name in enumerate(FLAGS))


def _digest(pieces: Iterable[bytes]) -> bytes:
    return digest.digest(b"".join(pieces))


def _words(words: Iterable[int]) -> bytes:
    return array(WORD, words).tobytes()
