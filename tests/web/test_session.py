"""A page's session on this machine's engine: typed to, ended, with files in and out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from elfin.errors import ElfinError
from elfin.web.session import Session

BUSYBOX = Path("/bin/busybox")
ENV = {"PATH": "/bin", "HOME": "/"}


class Page:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.printed: dict[tuple[int, int], bytearray] = {}
        self.ended: dict[int, int] = {}

    def output(self, number: int, fd: int, data: bytes) -> None:
        self.printed.setdefault((number, fd), bytearray()).extend(data)

    def exit(self, number: int, status: int) -> None:
        self.ended[number] = status


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def session(page: Page) -> Iterator[Session]:
    made = Session(page)
    made.files.write("/bin/busybox", BUSYBOX.read_bytes(), 0o755)
    yield made
    made.close()


def turn_until(session: Session, done: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        session.turn()


def test_a_shell_at_a_terminal(session: Session, page: Page) -> None:
    number = session.run(["/bin/busybox", "sh"], ENV, terminal=(30, 100))
    side = session.programs[number].side
    turn_until(session, lambda: b"# " in page.printed.get((number, 1), b""))
    side.type(b"stty size; echo abc | busybox tr a-c x-z\n")
    turn_until(session, lambda: b"xyz\r\n" in page.printed[number, 1])
    assert b"30 100\r\n" in page.printed[number, 1]
    side.resize(10, 20)
    side.type(b"stty size; exit 3\n")
    turn_until(session, lambda: number in page.ended)
    assert b"10 20\r\n" in page.printed[number, 1]
    assert page.ended[number] == 3


def test_a_key_is_shown_before_others_had_their_turn(session: Session, page: Page) -> None:
    number = session.run(["/bin/busybox", "sh"], ENV, terminal=(30, 100))
    session.type(number, b"while :; do :; done &\n")
    turn_until(session, lambda: page.printed.get((number, 1), b"").count(b"# ") == 2)
    session.turn()
    scheduler, order = session.machine.scheduler, []
    show = scheduler.after_each

    def ran() -> None:
        order.append("ran")
        before = len(page.printed[number, 1])
        show()
        if len(page.printed[number, 1]) > before:
            order.append("shown")

    scheduler.after_each = ran
    session.type(number, b"x")
    session.turn()
    assert order == ["ran", "shown", "ran"]
    short = scheduler.longest_ns
    session._typing_until = 0.0
    session.turn()
    assert short < scheduler.longest_ns


def test_streams(session: Session, page: Page) -> None:
    script = "cat; echo wrong >&2; exit 7"
    number = session.run(["/bin/busybox", "sh", "-c", script], ENV)
    data = b"0123456789" * 30_000
    session.programs[number].side.type(data)
    session.programs[number].side.end_input()
    turn_until(session, lambda: number in page.ended)
    assert page.printed[number, 1] == data
    assert page.printed[number, 2] == b"wrong\n"
    assert page.ended[number] == 7


def test_an_endless_loop_leaves_room_and_can_be_killed(session: Session, page: Page) -> None:
    number = session.run(["/bin/busybox", "sh", "-c", "while :; do :; done"], ENV)
    other = session.run(["/bin/busybox", "echo", "meanwhile"], ENV)
    turn_until(session, lambda: other in page.ended)
    session.kill(number)
    assert page.ended[number] == -9
    assert page.printed[other, 1] == b"meanwhile\n"


def test_idle_tells_how_long(session: Session, page: Page) -> None:
    session.run(["/bin/busybox", "sleep", "5"], ENV)
    turn_until(session, lambda: session.turn() is not None)
    idle = session.turn()
    assert idle is not None
    assert idle.timeout is not None
    assert 3 < idle.timeout <= 5


def test_no_such_program(session: Session) -> None:
    with pytest.raises(ElfinError, match="no such program"):
        session.run(["/bin/nothing"], ENV)
    session.files.write("/text", b"no program")
    with pytest.raises(ElfinError, match="/text"):
        session.run(["/text"], ENV)


def test_files(session: Session, page: Page) -> None:
    files = session.files
    files.write("/home/a/b.txt", b"x" * (3 << 20))
    assert files.read("/home/a/b.txt") == b"x" * (3 << 20)
    assert [row[:2] for row in files.names("/home")] == [("a", True)]
    assert files.names("/home/a") == [("b.txt", False, 3 << 20)]
    number = session.run(["/bin/busybox", "rm", "/home/a/b.txt"], ENV)
    turn_until(session, lambda: number in page.ended)
    with pytest.raises(OSError, match="ENOENT"):
        files.read("/home/a/b.txt")
    files.remove("/home")
    assert "home" not in [name for name, _, _ in files.names("/")]
