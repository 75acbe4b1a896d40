"""busybox at a pseudo-terminal: vi, a shell, a pager; screen by screen like native."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.program.busybox import fill
from tests.program.runner import Playground, elfin_environment, tree
from tests.program.terminal import session

BUSYBOX = Path("/bin/busybox")
pytestmark = pytest.mark.skipif(not BUSYBOX.exists(), reason="busybox-static is not installed")
ESCAPE = b"\x1b"
CONTROL_C, CONTROL_D, CONTROL_Z = b"\x03", b"\x04", b"\x1a"

# Name -> the command; what is typed, a piece at a time.
SHELL = ["sh", "-c", "PS1='> ' exec sh"]
# fmt: off
SESSIONS = {
    "vi": (["vi", "text"], [
        b"ione line" + ESCAPE, b"yyp", b"G", b"oat the end" + ESCAPE, b"/fig\n", b"dw", b"n", b"x",
        b":%s/lemon/LEMON/g\n", b"1G", b"5dd", b"p", b"u", b"\x06", b":w copy\n", b":wq\n",
    ]),
    "vi new file": (["vi", "new"], [b"a", b"a\tb\nc\n", ESCAPE, b"kJ", b":x\n"]),
    "vi quits": (["vi", "text"], [b"dd", b":q\n", b":q!\n"]),
    "shell": (SHELL, [
        b"echo hello\n", b"cat\n", b"typed\n", CONTROL_D, b"sleep 100\n", CONTROL_C, b"echo $?\n",
        b"stty -a | head -1\n", b"read x\n", b"answer\n", b"echo [$x]\n", b"tty | cut -c1-8\n", b"exit 4\n",
    ]),
    "jobs": (SHELL, [
        b"sleep 100\n", CONTROL_Z, b"jobs\n", b"kill -9 %1\n", b"\n", b"cat &\n", b"\n", b"kill -9 %1\n", b"\n",
        b"sleep 0.3 &\n", b"wait\n", b"exit\n",
    ]),
    "editing": (SHELL, [b"echo abd\x7fc", b"\n", b"echo x\x15echo y\n", b"\x1b[A\n", CONTROL_D]),
    "no echo": (SHELL, [b"stty -echo; read p; stty echo; echo got $p\n", b"secret\n", b"exit\n"]),
    "raw": (["sh", "-c", "stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null | od -c; stty sane"],
            [b"\x03\r\x1a"]),
    "more": (["more", "text"], [b" ", b"\n", b"q"]),
    "interrupted": (["cat"], [b"line\n", CONTROL_C]),
    "quit": (["sh", "-c", "echo ready; exec sleep 100"], [b"\x1c"]),
}
# fmt: on


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    root = tmp_path_factory.mktemp("terminal")
    binaries = root / "bin"
    binaries.mkdir()
    shutil.copy(BUSYBOX, binaries / "busybox")
    for name in (
        "cat",
        "cut",
        "dd",
        "head",
        "less",
        "more",
        "od",
        "sh",
        "sleep",
        "stty",
        "tty",
        "vi",
    ):
        (binaries / name).symlink_to("busybox")
    return Playground(root, fill, {"TERM": "vt100"})


@pytest.mark.parametrize("name", SESSIONS)
def test_session(playground: Playground, name: str) -> None:
    words, typed = SESSIONS[name]
    command = [f"{playground.root}/bin/{words[0]}", *words[1:]]
    playground.reset()
    expected, screens = session(
        command, typed, folder=playground.work, environment=playground.variables()
    )
    files = tree(playground.work)
    playground.reset()
    status, got = session(
        [*playground.elfin_command(), *command],
        typed,
        folder=playground.work,
        environment=elfin_environment(),
        lengths=[len(screen) for screen in screens],
    )
    for step, native in zip(["start", *map(repr, typed)], range(len(screens)), strict=True):
        assert got[native] == screens[native], f"after {step}"
    assert status == expected
    assert tree(playground.work) == files
