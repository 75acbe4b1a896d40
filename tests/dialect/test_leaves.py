"""Counters of ways out of translated code against a dictionary."""

from __future__ import annotations

import struct
from collections import Counter
from random import Random

from elfin.core.leaves import count_leave
from elfin.dialect import bound, u32, u64
from elfin.layout import LEAVES, LEAVES_BITS, LEAVES_ROWS

HEAD = struct.Struct("<QQ")
ROW = struct.Struct("<IIQ")


def test_counts_are_kept_until_there_is_no_room() -> None:
    rng = Random(5)
    memory = bytearray(LEAVES_ROWS + (ROW.size << LEAVES_BITS))
    addresses = [rng.randrange(1 << 32) for _ in range(3 << LEAVES_BITS - 1)]
    expected: Counter[tuple[int, int]] = Counter()
    done = 0
    with bound(memory):
        for _ in range(4 << LEAVES_BITS):
            key = rng.choice(addresses), rng.randrange(4)
            steps = rng.randrange(100)
            count_leave(u64(key[0]), u32(steps), u32(key[1]))
            expected[key] += 1
            done += steps
    inside, lost = HEAD.unpack_from(memory, LEAVES)
    assert inside == done
    found = {
        (pc, kind): count for pc, kind, count in ROW.iter_unpack(memory[LEAVES_ROWS:]) if count
    }
    assert len(found) > 0.9 * (1 << LEAVES_BITS)
    assert lost == expected.total() - sum(found.values()) > 0
    assert all(count <= expected[key] for key, count in found.items())


def test_an_address_has_a_row_for_each_kind() -> None:
    memory = bytearray(LEAVES_ROWS + (ROW.size << LEAVES_BITS))
    with bound(memory):
        for kind in (0, 1, 1, 4):
            count_leave(u64(0x401000), u32(10), u32(kind))
    rows = [row for row in ROW.iter_unpack(memory[LEAVES_ROWS:]) if row[2]]
    assert sorted(rows) == [(0x401000, 0, 1), (0x401000, 1, 2), (0x401000, 4, 1)]
    assert HEAD.unpack_from(memory, LEAVES) == (40, 0)
