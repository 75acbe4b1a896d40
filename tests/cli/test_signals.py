"""Signals and the terminal: what the user's keys and `kill` do to elfin, they do to the guest."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import termios
import time

import pytest

from tests.cli.command import BUSYBOX, elfin_command, environment

# Waits for a line by epoll, the way of event loops.
EPOLL = r"""
#include <stdio.h>
#include <sys/epoll.h>
int main(void) {
    struct epoll_event e = {.events = EPOLLIN};
    int ep = epoll_create1(0);
    epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e);
    puts("waiting");
    printf("%d events\n", epoll_wait(ep, &e, 1, -1));
}
"""
TRAP = "trap 'echo got %s; exit 9' %s; echo ready; while true; do sleep 1; done"


def started(script: str, **options) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        elfin_command("run", BUSYBOX, "sh", "-c", script),
        stdout=subprocess.PIPE,
        env=environment(),
        process_group=0,  # one that is not orphaned: a stop signal has no effect in such
        **options,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH"])
def test_a_signal_reaches_the_guests_handler(name):
    with started(TRAP % (name, name)) as process:
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert process.wait(timeout=60) == 9
        assert process.stdout is not None
        assert process.stdout.read() == b"got %s\n" % name.encode()


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "USR1"])
def test_a_signal_without_a_handler_kills(name):
    with started("echo ready; sleep 100") as process:
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert process.wait(timeout=60) == -signal.Signals[f"SIG{name}"]


def test_a_signal_ends_a_wait_for_input():
    with started("echo ready; read x", stdin=subprocess.PIPE) as process:
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == -signal.SIGTERM


def test_an_ignored_signal_stays_ignored():
    script = "echo ready; sleep 1; echo survived"
    ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    with started(script, preexec_fn=ignore) as process:
        process.send_signal(signal.SIGHUP)
        assert process.stdout is not None
        assert process.stdout.read() == b"survived\n"
        assert process.wait(timeout=60) == 0


def test_stop_and_continue():
    with started("echo ready; sleep 1; echo done") as process:
        process.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert os.WSTOPSIG(status) == signal.SIGTSTP
        process.send_signal(signal.SIGCONT)
        assert process.stdout is not None
        assert process.stdout.read() == b"done\n"
        assert process.wait(timeout=60) == 0


class Terminal:
    """`elfin run` on a pseudo-terminal of its own, and a person's hands on it."""

    def __init__(self, *words: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            command = elfin_command("run", *words)
            os.execve(command[0], command, {**environment(), "PS1": "> ", "TERM": "vt100"})
        self.seen = b""

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def expect(self, text: bytes, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} did not come: {self.seen!r}"
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:
                assert text in self.seen, f"ended without {text!r}: {self.seen!r}"
        self.seen = self.seen[self.seen.index(text) + len(text) :]

    def processor_seconds(self) -> float:
        """What elfin has used of the processor so far."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> int:
        """The wait status."""
        while True:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return status


def test_an_interactive_shell():
    terminal = Terminal(BUSYBOX, "sh")
    terminal.expect(b"> ")
    terminal.type("echo $((40+2)); tty; test -t 0 && echo yes\n")
    terminal.expect(b"42\r\n")
    terminal.expect(b"/dev/pts/")
    terminal.expect(b"yes\r\n")
    terminal.type("exit 3\n")
    assert os.waitstatus_to_exitcode(terminal.end()) == 3


def test_control_c_interrupts_the_foreground_job_and_not_the_shell():
    terminal = Terminal(BUSYBOX, "sh")
    terminal.expect(b"> ")
    terminal.type("sh -c 'echo $((1+1)) started; sleep 100'\n")
    terminal.expect(b"2 started")
    terminal.type("\x03")
    terminal.expect(b"> ")
    terminal.type("echo status $?; exit\n")
    terminal.expect(b"status 130\r\n")
    terminal.end()


def test_control_c_kills_a_program():
    terminal = Terminal(BUSYBOX, "sh", "-c", "echo ready; sleep 100")
    terminal.expect(b"ready")
    terminal.type("\x03")
    assert os.waitstatus_to_exitcode(terminal.end()) == -signal.SIGINT


def test_terminal_modes_are_the_guests_and_are_put_back():
    terminal = Terminal(BUSYBOX, "sh", "-c", "stty raw -echo; echo ready; read x; exit 5")
    before = termios.tcgetattr(terminal.fd)
    terminal.expect(b"ready")
    assert not termios.tcgetattr(terminal.fd)[3] & termios.ECHO
    terminal.type("x\n")
    end = time.monotonic() + 60
    while termios.tcgetattr(terminal.fd) != before and time.monotonic() < end:
        time.sleep(0.05)
    assert termios.tcgetattr(terminal.fd) == before
    assert os.waitstatus_to_exitcode(terminal.end()) == 5


def test_a_guest_that_waits_at_its_terminal_uses_no_processor(tmp_path):
    source, program = tmp_path / "wait.c", tmp_path / "wait"
    source.write_text(EPOLL)
    subprocess.run(["gcc", "-static", "-o", program, source], check=True)
    terminal = Terminal(str(program))
    terminal.expect(b"waiting\r\n")
    time.sleep(0.5)
    before = terminal.processor_seconds()
    time.sleep(1.0)
    assert terminal.processor_seconds() - before < 0.2
    terminal.type("line\n")
    terminal.expect(b"1 events\r\n")
    assert terminal.end() == 0
