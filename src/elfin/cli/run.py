"""`elfin run [OPTIONS] PROGRAM [ARGS...]`: a program as if it had been started by itself.

Input:  options and a command line.  Output: the program's own streams and exit status.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from elfin.config import DEFAULT_TIER
from elfin.garbage import keep, uncollected
from elfin.layout import GUEST_LIMIT

if TYPE_CHECKING:
    from elfin.cli.stats import Stats
    from elfin.kernel.process import Process
    from elfin.machine.machine import Machine

CANNOT_EXECUTE = 126
NOT_FOUND = 127
TIMED_OUT = 124  # as timeout(1)

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options; everything behind PROGRAM is the program's."""
    option = parser.add_argument
    # fmt: off
    option("--root", metavar="DIR[:rw]",
           help="a folder as /; what is written stays in memory, unless :rw")
    option("--mount", metavar="HOST:GUEST[:rw]", action="append", default=[],
           help="show a folder or file in the guest; may be repeated")
    option("--env", metavar="NAME=VALUE", action="append", default=[],
           help="set a variable; NAME alone takes yours; may be repeated")
    option("--clear-env", action="store_true",
           help="start from an empty environment instead of yours")
    option("--cwd", metavar="DIR",
           help="working directory in the guest (default: this one if the guest has it, else /)")
    option("--user", metavar="UID[:GID]", help="who the program runs as (default: you)")
    option("--strace", action="store_true", help="print each system call on stderr")
    option("--stats", action="store_true",
           help="print instructions, time, translations and exits on stderr at the end")
    option("--dump-translations", metavar="DIR",
           help="write what is translated there: guest code beside its IR and Wasm")
    option("--tier", default=DEFAULT_TIER, help="what runs the code (default: %(default)s)")
    option("--timeout", metavar="SECONDS", type=float, help="kill the program after that time")
    option("--memory", metavar="SIZE", type=parse_size, default=GUEST_LIMIT,
           help="address space of each process, such as 512M")
    option("program", metavar="PROGRAM",
           help="a file of the host, or of --root; a bare name is looked up in PATH too")
    option("args", metavar="ARGS", nargs=argparse.REMAINDER, help="its arguments")
    # fmt: on


def parse_size(text: str) -> int:
    """Bytes, with K, M or G behind the number."""
    number, unit = (text[:-1], text[-1:].upper()) if not text.isdecimal() else (text, "")
    if not number.isdecimal() or unit not in UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write a number and K, M or G")
    return int(number) * UNITS[unit]


def run(options: argparse.Namespace) -> int:
    """Run the program to its end, and end as it did."""
    with uncollected():
        from elfin.cli.ending import end_as
        from elfin.cli.lacks import lacks
        from elfin.cli.signals import HostSignals
        from elfin.kernel.strace import Tracer
        from elfin.machine.machine import Machine

        made = Machine(
            root=options.root,
            mounts=options.mount,
            tier=options.tier,
            memory=options.memory,
            user=options.user,
            counted=options.stats,
        )
        keep()
    with made as machine:
        if options.strace:
            machine.kernel.tracer = Tracer(lambda line: print(line, file=sys.stderr, flush=True))
        stats = watch(machine, options)
        try:
            process = start(machine, options)
        except OSError as error:
            print(f"elfin: {options.program}: {error.strerror}", file=sys.stderr)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_EXECUTE
        deadline = None if options.timeout is None else time.monotonic() + options.timeout
        with HostSignals(machine, process):
            in_time = machine.drive(lambda: process.exit_status is not None, deadline)
        if stats:
            print(stats.report(machine), file=sys.stderr)
        if not in_time:
            print(f"elfin: {options.program}: killed after {options.timeout} s", file=sys.stderr)
            return TIMED_OUT
        for line in lacks(machine.kernel):
            print(f"elfin: {options.program}: {line}", file=sys.stderr)
        if machine.living() and os.fork() == 0:
            # What the program left in the background goes on in a process of its own, as natively.
            machine.drive(lambda: not machine.living(), deadline)
            return 0
    assert process.exit_status is not None
    return end_as(process.exit_status)


def start(machine: Machine, options: argparse.Namespace) -> Process:
    """Load the program with the caller's streams, environment and umask."""
    from elfin.machine.identity import current_umask

    return machine.start(
        [os.fsencode(word) for word in (options.program, *options.args)],
        env=environment(options),
        files=lambda _: machine.standard_streams(),
        cwd=os.fsencode(options.cwd) if options.cwd else None,
        umask=current_umask(),
    )


def watch(machine: Machine, options: argparse.Namespace) -> Stats | None:
    """Watch the engine for --stats and --dump-translations."""
    if not options.stats and options.dump_translations is None:
        return None
    from elfin.cli.dump import Dump
    from elfin.cli.stats import Stats
    from elfin.cli.watchers import Watchers
    from elfin.tiers.jit.engine import Translator

    engine = machine.engine
    stats = Stats(machine) if options.stats else None
    if isinstance(engine, Translator):
        folder = options.dump_translations
        dump = None if folder is None else Dump(folder, machine.names)
        engine.watch = Watchers([watcher for watcher in (stats, dump) if watcher is not None])
    return stats


def environment(options: argparse.Namespace) -> dict[bytes, bytes]:
    """The caller's variables, or none, and those that the options give."""
    variables = {} if options.clear_env else dict(os.environb)
    for text in options.env:
        name, equals, value = os.fsencode(text).partition(b"=")
        if equals:
            variables[name] = value
        elif name in os.environb:
            variables[name] = os.environb[name]
    return variables
