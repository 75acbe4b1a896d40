"""`elfin`: picks the command, turns errors into one line each and an exit status.

Input:  the command line.  Output: the exit status of the process; 2 for a wrong command line, 125
when elfin itself cannot go on, 126 and 127 as in a shell (cannot execute, not found).
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from elfin.errors import ElfinError

FAILED = 125  # as env(1), timeout(1) and docker-run(1) say it


class Version(argparse.Action):
    """Looks the version up only when somebody asks: reading the metadata takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        import importlib.metadata

        parser.exit(message=f"elfin {importlib.metadata.version('elfin')}\n")


class Help(argparse.HelpFormatter):
    """Help for 80 columns: to ask for the width imports `shutil`, for each parser and not only when help is wanted."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=78)


class Parser(argparse.ArgumentParser):
    """One that wants options' whole names."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=Help, **options)


class Command(Parser):
    """A command's command line, in the file of its name, which is imported when the command was chosen: the others
    would be a tenth of a start."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        name = self.prog.rpartition(" ")[2]
        module = importlib.import_module(f"elfin.cli.{name}")
        module.add_options(self)
        self.set_defaults(action=getattr(module, name))
        return super().parse_known_args(args, namespace)


def parser() -> argparse.ArgumentParser:
    """The whole command line; a command's own options are in the command's file."""
    whole = Parser(
        prog="elfin",
        description="Run native x86-64 Linux programs inside WebAssembly.",
    )
    whole.add_argument("--version", action=Version, nargs=0, help="print the version and exit")
    commands = whole.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Command
    )
    commands.add_parser(
        "run",
        help="run a program",
        usage="elfin run [OPTIONS] PROGRAM [ARGS...]",
        description="Run a static x86-64 Linux program. Its exit status, streams, terminal and "
        "signals are those of this command.",
        epilog="Exit status: the program's; 124 after --timeout, 125 if elfin itself fails, 126 if "
        "PROGRAM cannot be executed, 127 if it is not found. A deadly signal kills elfin too.",
    )
    commands.add_parser(
        "show",
        help="print what becomes of a program's machine code",
        usage="elfin show PROGRAM [--at ADDRESS|SYMBOL] --stage STAGE",
        description="Print one stage of the translation of a program's code.",
    )
    commands.add_parser(
        "pack",
        help="make a static site of a program",
        usage="elfin pack PROGRAM|--root DIR [--entry WORD...] -o DIR",
        description="Make a folder that any web server can serve: a page that runs the program.",
    )
    commands.add_parser(
        "serve",
        help="open a program or a packed site in a browser",
        usage="elfin serve [PROGRAM|DIR] [--port N]",
        description="Serve a packed site, a program, or a page where one is dropped, from this machine.",
    )
    return whole


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the console script's exit status."""
    options = parser().parse_args(argv)
    try:
        status: int = options.action(options)
    except ElfinError as error:
        print(f"elfin: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130
    return status
