"""`elfin pack`: a program, or a tree of files and a command in it, as a static site."""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import sys
from pathlib import Path

from elfin.config import AHEAD_OPS
from elfin.errors import ElfinError, ImageError

ENVIRONMENT = (
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "HOME=/root",
    "TERM=xterm-256color",
    "USER=root",
)


def add_options(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "program", nargs="?", metavar="PROGRAM", help="a static program of this machine"
    )
    one.add_argument("--root", metavar="DIR", help="pack this tree; what runs is in --entry")
    one.add_argument(
        "--entry", nargs="+", default=[], metavar="WORD", help="the command that the page starts"
    )
    one.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    one.add_argument("--folder", default="", metavar="DIR", help="where in the guest it starts")
    one.add_argument("--keep", action="append", default=[], metavar="DIR", help="changes below this "
                     "folder of the guest outlive the visit")  # fmt: skip
    one.add_argument("--title", default="", help="the page's title")
    one.add_argument("--translations", type=int, default=AHEAD_OPS, metavar="N", help="instructions "
                     "that are translated ahead of time, at most; 0: none (default: %(default)s)")  # fmt: skip
    one.add_argument("-o", "--output", required=True, metavar="DIR", help="the site's folder")


def pack(options: argparse.Namespace) -> int:
    """Make the site; the exit status."""
    make(options, Path(options.output))
    print(f"{options.output}: serve it with `elfin serve {options.output}`, or any web server")
    return 0


def make(options: argparse.Namespace, out: Path) -> None:
    """Make the site that the words ask for in `out`."""
    from elfin.image.index import TRANSLATIONS, Index
    from elfin.pack.image import Builder
    from elfin.pack.site import make_site

    if (options.program is None) == (options.root is None):
        raise ElfinError("pack a PROGRAM, or a tree with --root DIR --entry WORD...")
    if options.root is not None and not options.entry:
        raise ElfinError("say with --entry which command of the tree the page starts")
    _check_empty(out)
    images = Builder(out / "image")
    if options.root is not None:
        if not os.path.isdir(options.root):
            raise ElfinError(f"root {options.root!r}: no such folder")
        images.add_tree(options.root)
        command = options.entry
    else:
        command = _add_program(images, options)
    environment = {word.split("=", 1)[0]: word for word in (*ENVIRONMENT, *options.env)}
    folder = options.folder or ("/" if options.root else "/root")
    made = translate(options, command[0], out / "image") if options.translations > 0 else ""
    images.finish(
        Index(
            command=tuple(map(os.fsencode, command)),
            environment=tuple(map(os.fsencode, environment.values())),
            folder=os.fsencode(folder),
            keep=tuple(map(os.fsencode, options.keep)),
            extra={TRANSLATIONS: made} if made else {},
        )
    )
    make_site(out, has_image=True, title=options.title or os.path.basename(command[0]))


def _add_program(images: object, options: argparse.Namespace) -> list[str]:
    """The program at /bin, and what a shell's user expects around it."""
    from elfin.pack.image import Builder

    assert isinstance(images, Builder)
    found = shutil.which(options.program)
    if found is None or not stat.S_ISREG(os.stat(found).st_mode):
        raise ElfinError(f"{options.program}: no such program")
    place = f"/bin/{os.path.basename(found)}"
    images.add(os.path.realpath(found), os.fsencode(place), mode=stat.S_IFREG | 0o755)
    for name in (b"/root", b"/tmp", b"/etc"):
        images.add_folder(name)
    return [place, *options.entry]


def translate(options: argparse.Namespace, command: str, out: Path) -> str:
    """Translate ahead of time: the program, or those of the tree, what is started first; the index's name."""
    from elfin.machine.machine import Machine
    from elfin.pack.programs import programs
    from elfin.pack.translations import Chunks, add

    def progress(program: str, done: int, count: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == count else ""
            print(f"\r{program}: {done} of {count} functions", end=end, file=sys.stderr, flush=True)

    chunks = Chunks(out)
    left = options.translations
    with Machine(root=options.root, tier="jit", user="0:0", kept=False) as machine:
        if options.root is None:
            found = [os.path.realpath(shutil.which(options.program) or options.program)]
        else:
            found = programs(options.root, command)
        for program in found:
            if left <= 0:
                break
            try:
                left -= add(machine, program, chunks, progress, left)
            except ElfinError as error:
                if options.root is None:
                    raise
                print(f"elfin: not translated: {error}", file=sys.stderr)
    return chunks.finish()


def _check_empty(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / "image").is_dir():
            raise ImageError(f"{out}: it is there and holds something else: choose another folder")
        shutil.rmtree(out)
