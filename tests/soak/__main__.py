"""Many machines and programs for a long time: is anything left over?  `./dev soak [SECONDS]`.

Runs rounds of programs that start processes, map memory, open files and are killed, in several threads,
and after each round compares what the host's kernel says about this process with the first rounds:
descriptors, mappings and resident memory.  Ends with status 1 when they drift.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import elfin

BUSYBOX = "/bin/busybox"
WARM_UP = 5  # rounds until caches and allocators have what they keep
RESIDENT_SLACK = 32 << 20
MAPPINGS_SLACK = 50

SCRIPTS = (
    "echo one | tr a-z A-Z | cat",
    "for i in 1 2 3 4 5 6 7 8; do (echo $i) & done; wait",
    "dd if=/dev/zero of=/tmp/big bs=64k count=64 2>/dev/null; sha256sum /tmp/big; rm /tmp/big",
    "seq 1 2000 | sort -r | tail -n 1",
    "exec 3>/tmp/x; echo x >&3; kill -SEGV $$",
    "sleep 100 >/dev/null 2>&1 & exit 3",
    "mkdir -p /tmp/a/b/c; touch /tmp/a/b/c/d; rm -r /tmp/a; trap 'exit 4' TERM; kill -TERM $$",
)


@dataclass(frozen=True)
class Holdings:
    """What this process holds of the host."""

    descriptors: int
    mappings: int
    resident: int

    @classmethod
    def now(cls) -> Holdings:
        gc.collect()
        with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
            mappings = sum(1 for _ in maps)
        with open("/proc/self/statm", encoding="ascii") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return cls(len(os.listdir("/proc/self/fd")), mappings, resident)

    def grew_beyond(self, first: Holdings) -> str:
        """What grew too much since `first`; empty if nothing did."""
        if self.descriptors > first.descriptors:
            return f"descriptors: {first.descriptors} -> {self.descriptors}"
        if self.mappings > first.mappings + MAPPINGS_SLACK:
            return f"mappings: {first.mappings} -> {self.mappings}"
        if self.resident > first.resident + RESIDENT_SLACK:
            return f"resident: {first.resident >> 20} -> {self.resident >> 20} MiB"
        return ""


def one_machine(tier: str, expected: dict[str, tuple[int, bytes]], wrong: list[str]) -> None:
    """All scripts on one machine, and one that is killed by its time limit."""
    with elfin.Machine(tier=tier) as machine:
        for script in SCRIPTS:
            done = machine.run([BUSYBOX, "sh", "-c", script], capture_output=True)
            if (done.returncode, bytes(sorted(done.stdout))) != expected[script]:
                wrong.append(f"{script}: {done}")
        try:
            machine.run([BUSYBOX, "yes"], stdout=subprocess.DEVNULL, timeout=0.2)
        except subprocess.TimeoutExpired:
            return
        wrong.append("`yes` ended by itself")


def natively(script: str) -> tuple[int, bytes]:
    """Status and output; the output's bytes sorted, as background jobs may end in any order."""
    done = subprocess.run([BUSYBOX, "sh", "-c", script], capture_output=True, check=False)
    return done.returncode, bytes(sorted(done.stdout))


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=600)
    parser.add_argument("--tier", default="interp")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    expected = {script: natively(script) for script in SCRIPTS}
    end = time.monotonic() + options.seconds
    first = Holdings.now()
    for number in itertools.count(1):
        wrong: list[str] = []
        work = (options.tier, expected, wrong)
        threads = [threading.Thread(target=one_machine, args=work) for _ in range(options.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        now = Holdings.now()
        if number == WARM_UP:
            first = now
        print(f"round {number}: {now}", flush=True)
        drift = now.grew_beyond(first) if number > WARM_UP else ""
        if wrong or drift:
            print("\n".join([*wrong, drift]))
            return 1
        if number > WARM_UP and time.monotonic() > end:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
