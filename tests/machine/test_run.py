"""`elfin.run` is `subprocess.run`: the same call, natively, is the oracle."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

import elfin
from tests.programs.tiny import MESSAGE, tiny

BUSYBOX = "/bin/busybox"


def same(args, **options) -> subprocess.CompletedProcess:
    """Run natively and in elfin, compare everything that comes back."""
    native = subprocess.run(args, check=False, **options)
    ours = elfin.run(args, **options)
    assert (ours.args, ours.returncode, ours.stdout, ours.stderr) == (
        native.args,
        native.returncode,
        native.stdout,
        native.stderr,
    )
    return ours


def shell(script: str, **options) -> subprocess.CompletedProcess:
    return same([BUSYBOX, "sh", "-c", script], capture_output=True, **options)


@pytest.mark.parametrize(
    "script",
    [
        "echo out; echo err >&2",
        "exit 42",
        "kill -TERM $$",
        "kill -SEGV $$",
        "kill -KILL $$",
        "echo a | tr a b",
        "x=$(echo inner); echo $x",
        "(exit 3); echo $?",
        "trap 'echo bye' EXIT; exit 5",
        "sleep 0.2 & wait; echo waited",
        "(sleep 0.3; echo late) & echo early",
    ],
)
def test_status_and_output(script):
    shell(script)


def test_input():
    same([BUSYBOX, "sha256sum"], input=b"hello\n" * 10000, capture_output=True)


def test_empty_input_and_no_input():
    same([BUSYBOX, "cat"], input=b"", capture_output=True)
    same([BUSYBOX, "wc"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    same([BUSYBOX, "wc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_text():
    done = same([BUSYBOX, "cat"], input="grüße\n", text=True, stdout=subprocess.PIPE)
    assert done.stdout == "grüße\n"
    same([BUSYBOX, "cat"], input="grüße\n", encoding="latin-1", stdout=subprocess.PIPE)


def test_stderr_into_stdout():
    done = same(
        [BUSYBOX, "sh", "-c", "echo 1; echo 2 >&2; echo 3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.stdout == b"1\n2\n3\n"


def test_files_of_the_host_as_streams(tmp_path):
    (tmp_path / "in").write_bytes(b"b\na\n")
    with open(tmp_path / "in", "rb") as source, open(tmp_path / "out", "wb") as target:
        done = elfin.run([BUSYBOX, "sort"], stdin=source, stdout=target)
    assert done.returncode == 0
    assert (tmp_path / "out").read_bytes() == b"a\nb\n"


def test_devnull():
    done = elfin.run([BUSYBOX, "echo", "x"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert (done.stdout, done.stderr) == (None, b"")


def test_environment():
    variables = {"A": "1", "NAME": "with space", "PATH": "/nowhere"}
    same([BUSYBOX, "env"], env=variables, capture_output=True)
    done = elfin.run([BUSYBOX, "env"], capture_output=True)
    assert set(done.stdout.splitlines()) == {b"%s=%s" % item for item in os.environb.items()}


def test_identity_and_umask():
    shell("id -u; id -g; umask; echo $(id -G)")
    shell("umask", umask=0o027)


def test_the_user_option():
    done = elfin.run([BUSYBOX, "sh", "-c", "id -u; id -g"], user="1000:50", capture_output=True)
    assert done.stdout == b"1000\n50\n"


def test_arguments_of_any_bytes():
    same([BUSYBOX, "echo", b"\xff\xfe", "", "a b", "*"], capture_output=True)
    done = elfin.run(BUSYBOX, capture_output=True)
    assert done.returncode == 0


def test_check():
    with pytest.raises(subprocess.CalledProcessError) as caught:
        elfin.run([BUSYBOX, "sh", "-c", "echo x; exit 3"], check=True, capture_output=True)
    assert (caught.value.returncode, caught.value.output) == (3, b"x\n")


def test_timeout_keeps_what_was_written():
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        elfin.run([BUSYBOX, "sh", "-c", "echo x; sleep 60"], timeout=0.5, capture_output=True)
    assert caught.value.output == b"x\n"
    assert time.monotonic() - start < 20


def test_timeout_of_a_program_that_never_calls_the_kernel(tmp_path):
    program = tmp_path / "loop"
    elf = bytearray(tiny())
    at = elf.index(bytes.fromhex("b801000000"))
    elf[at : at + 2] = b"\xeb\xfe"  # jmp to itself
    program.write_bytes(elf)
    program.chmod(0o755)
    with pytest.raises(subprocess.TimeoutExpired):
        elfin.run([program], timeout=0.3)


@pytest.mark.parametrize("name", ["/nonexistent/program", "no-such-program-anywhere"])
def test_not_found(name):
    with pytest.raises(FileNotFoundError):
        subprocess.run([name], check=False)
    with pytest.raises(FileNotFoundError):
        elfin.run([name])


def test_not_executable(tmp_path):
    (tmp_path / "file").write_bytes(tiny())
    with pytest.raises(PermissionError):
        elfin.run([tmp_path / "file"])
    with pytest.raises(PermissionError, match="folder"):
        elfin.run([tmp_path])


def test_not_a_program(tmp_path):
    for name, content, message in [
        ("text", b"hello", "not an ELF file"),
        ("arm", tiny()[:18] + b"\xb7\0" + tiny()[20:], "AArch64"),
    ]:
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o755)
        with pytest.raises(OSError, match=message) as caught:
            elfin.run([tmp_path / name])
        assert caught.value.errno == 8


def test_a_missing_interpreter_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="dynamically linked and /lib64/ld-linux"):
        elfin.run(["/bin/ls"])
    (tmp_path / "script").write_text("#!/usr/bin/nothing -x\n")
    (tmp_path / "script").chmod(0o755)
    with pytest.raises(FileNotFoundError, match="interpreter /usr/bin/nothing is not in the guest"):
        elfin.run([tmp_path / "script"])


def test_a_script_whose_interpreter_is_mounted(tmp_path):
    script = tmp_path / "script"
    script.write_text(f"#!{BUSYBOX} sh\necho $0 $1\n")
    script.chmod(0o755)
    done = elfin.run([script, "x"], mounts=[f"{BUSYBOX}:{BUSYBOX}"], capture_output=True)
    assert done.stdout.decode() == f"{script} x\n"


def test_a_bare_name_is_found_in_path(tmp_path):
    (tmp_path / "tiny").write_bytes(tiny())
    (tmp_path / "tiny").chmod(0o755)
    done = elfin.run(["tiny"], env={"PATH": f"/nowhere:{tmp_path}"}, capture_output=True)
    assert done.stdout == MESSAGE


def test_a_relative_program_is_the_callers(tmp_path, monkeypatch):
    (tmp_path / "tiny").write_bytes(tiny())
    (tmp_path / "tiny").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert elfin.run(["./tiny"], cwd="/tmp", capture_output=True).stdout == MESSAGE


def test_wrong_uses():
    with pytest.raises(ValueError, match="capture_output"):
        elfin.run([BUSYBOX], capture_output=True, stdout=subprocess.PIPE)
    with pytest.raises(ValueError, match="input"):
        elfin.run([BUSYBOX], input=b"", stdin=subprocess.PIPE)


def test_the_callers_own_streams_by_default(tmp_path):
    script = f"import elfin; elfin.run([{BUSYBOX!r}, 'tr', 'a', 'b'])"
    source = os.path.dirname(os.path.dirname(elfin.__file__))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": source},
        input=b"banana\n",
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"bbnbnb\n", b"")
