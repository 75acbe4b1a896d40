"""Several programs, machines and threads; what is shared, what is not, and what is left over."""

from __future__ import annotations

import gc
import os
import threading
import weakref

import pytest

import elfin
from elfin import config
from elfin.errors import ElfinError
from elfin.tiers.policy import TIERS
from tests.programs.tiny import tiny

BUSYBOX = "/bin/busybox"


def sh(machine: elfin.Machine, script: str, **options) -> bytes:
    done = machine.run([BUSYBOX, "sh", "-c", script], capture_output=True, **options)
    assert done.stderr == b"", done.stderr
    return done.stdout


def test_programs_share_one_tree():
    with elfin.Machine() as machine:
        sh(machine, "echo kept > /tmp/file")
        assert sh(machine, "cat /tmp/file") == b"kept\n"
    with elfin.Machine() as another:
        assert sh(another, "ls /tmp") == b""


def test_a_program_that_another_one_wrote():
    with elfin.Machine() as machine:
        machine.run([BUSYBOX, "sh", "-c", "cat > /tmp/p; chmod +x /tmp/p"], input=tiny())
        assert machine.run(["/tmp/p"], capture_output=True).stdout.startswith(b"hello")


def test_only_the_program_is_visible_of_the_host():
    with elfin.Machine() as machine:
        assert sh(machine, "ls /bin; ls -d /root /home /usr 2>/dev/null || true") == b"busybox\n"
        assert not os.path.exists("/dev/null/..")


@pytest.mark.parametrize("writable", [False, True])
def test_mounts(tmp_path, writable):
    (tmp_path / "in").write_text("data\n")
    mount = f"{tmp_path}:/mnt/x" + (":rw" if writable else "")
    with elfin.Machine(mounts=[mount]) as machine:
        assert sh(machine, "cat /mnt/x/in") == b"data\n"
        done = machine.run([BUSYBOX, "sh", "-c", "echo new > /mnt/x/out"], capture_output=True)
    assert (done.returncode == 0) == writable
    assert (tmp_path / "out").exists() == writable


@pytest.mark.parametrize("writable", [False, True])
def test_root(tmp_path, writable):
    (tmp_path / "bin").mkdir()
    with open(BUSYBOX, "rb") as file:
        (tmp_path / "bin" / "busybox").write_bytes(file.read())
    (tmp_path / "bin" / "busybox").chmod(0o755)
    (tmp_path / "old").write_text("old\n")
    with elfin.Machine(root=f"{tmp_path}:rw" if writable else str(tmp_path)) as machine:
        args = ["busybox", "sh", "-c", "cat /old; echo new > /old; rm -r /bin; cat /old; pwd"]
        done = machine.run(args, capture_output=True, env={"PATH": "/bin"})
        assert (done.stdout, done.stderr) == (b"old\nnew\n/\n", b"")
    assert (tmp_path / "old").read_text() == ("new\n" if writable else "old\n")
    assert (tmp_path / "bin").exists() != writable


def test_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with elfin.Machine() as machine:
        assert sh(machine, "pwd") == b"/\n"
        assert sh(machine, "pwd", cwd="/tmp") == b"/tmp\n"
        with pytest.raises(FileNotFoundError, match="/nowhere"):
            sh(machine, "pwd", cwd="/nowhere")
        with pytest.raises(NotADirectoryError):
            sh(machine, "pwd", cwd="/dev/null")
    with elfin.Machine(mounts=[f"{tmp_path}:{tmp_path}"]) as machine:
        assert sh(machine, "pwd").decode() == f"{tmp_path}\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mounts": ["/x"]}, "write HOST:/GUEST"),
        ({"mounts": ["/etc:relative"]}, "write HOST:/GUEST"),
        ({"mounts": ["/nonexistent:/x"]}, "no such file or folder"),
        ({"root": "/nonexistent"}, "no such folder"),
        ({"user": "somebody"}, "in numbers"),
    ],
)
def test_wrong_options_are_one_clear_line(options, message):
    gc.collect()
    before = open_descriptors()
    with pytest.raises(ElfinError, match=message) as caught:
        elfin.Machine(**options)
    assert "\n" not in str(caught.value)
    del caught
    gc.collect()
    assert open_descriptors() == before


def test_the_memory_limit():
    with elfin.Machine(memory=64 << 20) as machine:
        script = "x=a; while true; do x=$x$x$x$x; done"
        done = machine.run([BUSYBOX, "sh", "-c", script], capture_output=True, timeout=60)
        assert done.returncode != 0


def test_threads_and_several_machines():
    results: dict[int, bytes] = {}

    def work(number: int) -> None:
        script = f"i=0; while [ $i -lt 200 ]; do i=$((i+1)); done; echo {number} $i"
        results[number] = elfin.run([BUSYBOX, "sh", "-c", script], capture_output=True).stdout

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: b"%d 200\n" % n for n in range(4)}


def test_programs_of_one_machine_take_turns():
    with elfin.Machine() as machine:
        threads = [
            threading.Thread(target=sh, args=(machine, f"echo {n} >> /tmp/all")) for n in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(sh(machine, "cat /tmp/all").split()) == [b"%d" % n for n in range(5)]


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def open_mappings() -> int:
    with open("/proc/self/maps", encoding="ascii") as file:
        return len(file.readlines())


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def test_everything_is_freed():
    def once() -> weakref.ref:
        with elfin.Machine() as machine:
            sh(machine, "echo x | cat; sleep 100 >/dev/null 2>&1 & exec 5>/tmp/x")
            return weakref.ref(machine.kernel)

    once()
    gc.collect()
    before = open_descriptors()
    kernels = [once() for _ in range(3)]
    gc.collect()
    assert open_descriptors() == before
    assert [kernel() for kernel in kernels] == [None] * 3


@pytest.mark.parametrize("tier", TIERS)
def test_closing_frees_what_the_engine_holds(tier, monkeypatch):
    """Each module has mappings of its own, of which a process may have 65,530: the collector may be too late."""
    monkeypatch.setattr(config, "FIRST_RUN", 0)
    held = []
    script = "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; echo $i | cat"
    gc.collect()
    gc.disable()
    try:
        for _ in range(4):
            with elfin.Machine(tier=tier) as machine:
                assert sh(machine, script) == b"50000\n"
            held.append((open_descriptors(), open_mappings()))
    finally:
        gc.enable()
    assert held[1][0] == held[-1][0]
    assert held[-1][1] - held[1][1] < 20


def test_closing_twice_and_after_an_error():
    machine = elfin.Machine()
    with pytest.raises(FileNotFoundError):
        machine.run(["/nonexistent"])
    machine.close()
    machine.close()
    with pytest.raises(ElfinError, match="is closed: make another"):
        machine.run([BUSYBOX, "true"])
