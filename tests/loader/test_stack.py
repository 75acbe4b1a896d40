"""The initial stack: bytes, order and alignment as the native kernel lays them out."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from dataclasses import dataclass

import pytest

from elfin.layout import PAGE
from elfin.loader.stack import Aux, arguments_fit
from elfin.loader.writer import RX, Piece, write_elf
from tests.loader.programs import loaded, parsed, start

BASE = 0x400000
# push rsp; write(1, rsp, 8); pop rsp; then write(1, ..., 8) upwards from rsp until it says EFAULT.
CODE = bytes.fromhex(
    "54 b801000000 bf01000000 4889e6 ba08000000 0f05 5c"
    "4889e6 b801000000 bf01000000 ba08000000 0f05 4883c608 4885c0 79e6"
    "b8e7000000 31ff 0f05"  # exit_group(0)
)
ELF = write_elf([Piece(BASE, CODE, RX)], BASE)

ARGUMENTS = [
    ([b"program"], []),
    ([b"program", b"one", b"", b"three"], [b"A=1", b"EMPTY="]),
    ([b"program", b"x" * 1000], [b"PATH=/bin"] * 20),
    ([b"program", *(b"%d" % n for n in range(33))], [b"Z"]),
]


@dataclass
class Parts:
    """A stack taken apart."""

    argv: list[bytes]
    envp: list[bytes]
    auxv: dict[int, int]
    order: list[int]
    strings: bytes  # from the first argument to the top
    addresses: list[int]  # of the strings, from the top


def take_apart(rsp: int, data: bytes) -> Parts:
    """Read a stack as libc's start-up code does."""
    top = rsp + len(data)

    def word(at: int) -> int:
        return int(struct.unpack_from("<Q", data, at)[0])

    def pointers(at: int) -> tuple[list[int], int]:
        found = []
        while word(at):
            found.append(word(at))
            at += 8
        return found, at + 8

    def string(address: int) -> bytes:
        return data[address - rsp : data.index(b"\0", address - rsp)]

    argv, at = pointers(8)
    assert word(0) == len(argv)
    envp, at = pointers(at)
    pairs = []
    while True:
        pairs.append((word(at), word(at + 8)))
        at += 16
        if pairs[-1][0] == Aux.NULL:
            break
    return Parts(
        [string(a) for a in argv],
        [string(a) for a in envp],
        dict(pairs),
        [key for key, _ in pairs],
        data[argv[0] - rsp :],
        [top - a for a in (*argv, *envp, dict(pairs)[Aux.EXECFN])],
    )


def native_stack(tmp_path, argv, envp) -> tuple[int, bytes, bytes]:
    path = tmp_path / "program"
    path.write_bytes(ELF)
    path.chmod(0o755)
    environment = dict(item.partition(b"=")[::2] for item in envp)
    done = subprocess.run(argv, executable=path, env=environment, capture_output=True, check=True)
    return struct.unpack("<Q", done.stdout[:8])[0], done.stdout[8:], os.fsencode(path)


@pytest.mark.parametrize(("argv", "envp"), ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_the_stack_is_the_native_one(tmp_path, argv, envp):
    envp = list(dict.fromkeys(item if b"=" in item else item + b"=" for item in envp))
    rsp, data, execfn = native_stack(tmp_path, argv, envp)
    assert rsp % 16 == 0
    native = take_apart(rsp, data)
    entry, space = loaded(ELF, start(argv, envp, execfn, hwcap=native.auxv[Aux.HWCAP]))
    assert entry.rsp % 16 == 0
    ours = take_apart(entry.rsp, space.read(entry.rsp, entry.stack[1] - entry.rsp))

    assert (ours.argv, ours.envp) == (argv, envp) == (native.argv, native.envp)
    assert ours.strings == native.strings
    assert ours.addresses == native.addresses
    # What this kernel has besides: the vDSO, and restartable sequences (27, 28).
    extra = {Aux.SYSINFO_EHDR, 27, 28}
    assert ours.order == [key for key in native.order if key not in extra]
    given_by_us = {Aux.RANDOM, Aux.EXECFN, Aux.PLATFORM, Aux.MINSIGSTKSZ, Aux.HWCAP2}
    for key in ours.order:
        if key not in given_by_us:
            assert ours.auxv[key] == native.auxv[key], key


def test_pointers_of_the_auxiliary_vector():
    entry, space = loaded(ELF, start(hwcap=0x1234))
    vector = dict(struct.iter_unpack("<QQ", entry.auxv))
    assert space.string(vector[Aux.PLATFORM]) == b"x86_64"
    assert space.string(vector[Aux.EXECFN]) == b"/bin/program"
    assert space.read(vector[Aux.RANDOM], 16) == bytes(range(16))
    assert vector[Aux.HWCAP] == 0x1234


@pytest.mark.parametrize("executable", [False, True])
def test_gnu_stack_decides_whether_the_stack_can_be_executed(executable):
    elf = write_elf([Piece(BASE, CODE, RX)], BASE, executable_stack=executable)
    entry, space = loaded(elf)
    assert space.prot[entry.rsp & -PAGE] == (7 if executable else 3)


LIMIT = 128 * 1024


@pytest.mark.parametrize(
    ("length", "count", "environment", "stack"),
    [
        (LIMIT - 1, 1, 0, 8 << 20),
        (LIMIT, 1, 0, 8 << 20),
        (1, 1, LIMIT - 1, 8 << 20),
        (1, 1, LIMIT, 8 << 20),
        (1000, 2000, 0, 8 << 20),
        (1000, 2200, 0, 8 << 20),
        (1, 200_000, 0, 8 << 20),
        (1, 250_000, 0, 8 << 20),
        (1000, 1000, 0, 1 << 20),
        (1000, 200, 0, 1 << 20),
        (1000, 100, 0, 64 << 10),
        (1000, 6000, 0, 64 << 20),
        (1000, 6400, 0, 64 << 20),
    ],
)
def test_e2big_where_the_native_kernel_says_so(tmp_path, length, count, environment, stack):
    path = tmp_path / "program"
    path.write_bytes(write_elf([Piece(BASE, CODE[-9:], RX)], BASE))
    path.chmod(0o755)
    script = f"""
import os, resource, sys
resource.setrlimit(resource.RLIMIT_STACK, ({stack}, {stack}))
environment = {{"E": "x" * {environment - 2}}} if {environment} else {{}}
try:
    os.execve(sys.argv[1], ["x" * {length}] * {count}, environment)
except OSError as e:
    sys.exit(e.errno)
"""
    done = subprocess.run([sys.executable, "-S", "-E", "-c", script, path], check=False)
    envp = [b"E=" + b"x" * (environment - 2)] if environment else []
    fits = arguments_fit([b"x" * length] * count, envp, os.fsencode(path), stack)
    assert done.returncode == (0 if fits else errno.E2BIG)


def test_the_stack_of_a_very_long_command_line_is_built_quickly():
    argv = [b"x" * 8] * 100_000
    entry, _ = loaded(ELF, start(argv))
    assert entry.rsp < entry.stack[1] - 1_700_000
    assert parsed(ELF).loads
