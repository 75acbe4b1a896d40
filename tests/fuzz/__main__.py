"""`./dev fuzz [--files N] [--code N] [--seed N]`: damaged ELF files and random code, at length."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.damage import Damaged, damaged, random_code
from tests.fuzz.ending import ending, resources, warm_up

MORE_MEMORY = 512 << 20  # bytes that a run of any length may keep


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=2000, help="damaged files (default 2000)")
    parser.add_argument("--code", type=int, default=500, help="pieces of random code (default 500)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other files")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        warm_up()
        place = Path(folder)
        check("code", random_code(), options.code, options.seed, place)
        before = resources()
        check("files", damaged(), options.files, options.seed, place)
        after = resources()
    print(
        f"descriptors {before[0]} -> {after[0]}, memory {before[1] >> 20} -> {after[1] >> 20} MiB"
    )
    return int(after[0] > before[0] or after[1] > before[1] + MORE_MEMORY)


def check(
    what: str, strategy: st.SearchStrategy[Damaged], count: int, chosen_seed: int, folder: Path
) -> None:
    """Each of `count` examples must end; hypothesis prints the smallest one that does not."""
    kinds: Counter[str] = Counter()
    since = time.monotonic()
    tester: Callable[[Callable[[Damaged], None]], Callable[[], None]] = given(strategy)

    @seed(chosen_seed)
    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), print_blob=True,
    )  # fmt: skip
    @tester
    def each(example: Damaged) -> None:
        kinds[ending(example.data(), folder)] += 1

    each()
    seconds = time.monotonic() - since
    print(f"{what}: {kinds.total()} in {seconds:.0f} s: {dict(kinds.most_common())}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
