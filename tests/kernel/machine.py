"""A machine without a processor: memory in a bytearray, registers in a list, programs in Python.

A guest program is a generator function `(guest: Guest)` that yields what it does:

    result = yield call("write", 1, address, n)     # a system call; the result is rax, signed
    yield Fault(...)                                 # an exception of the processor
    yield SPIN                                       # the budget is used up

fork is told to the engine by a call of `guest.fork(child_program)`: generators cannot be copied,
so the child runs another one.  A signal handler is a generator function at a made-up address.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from elfin.kernel.abi.stat import S_IFREG
from elfin.kernel.abi.syscalls import NAMES
from elfin.kernel.credentials import Credentials
from elfin.kernel.exit import BudgetEnd, Exit, Fault, SystemCall
from elfin.kernel.files.memory_fs import MemoryFs, MemoryRegular
from elfin.kernel.files.vfs import Vfs
from elfin.kernel.kernel import Kernel
from elfin.kernel.memory import PAGE_SIZE
from elfin.kernel.sched import Scheduler
from elfin.kernel.seeded_world import SeededWorld
from elfin.kernel.task import Task
from elfin.kernel.world import World
from tests.kernel.quick import QuickCalls

NUMBERS = {name: number for number, name in NAMES.items()}
DATA = 0x20_0000  # where each program has a scratch area
DATA_SIZE = 0x4_0000
STACK_TOP = 0x30_0000
STACK_SIZE = 0x1_0000
CODE = 0x40_0000  # made-up addresses of handlers
RESTORER = 0x7F_0000
RAX, RSP, RDI = 0, 4, 7
ARGUMENTS = (7, 6, 2, 10, 8, 9)


class StillWorld(SeededWorld):
    """Runs repeat exactly, and calls may be quick: no quick clock is there."""

    real = True


class FakeMemory:
    """`kernel.memory.Memory` over a bytearray a page, made when it is first written to."""

    def __init__(self, size_limit: int = 1 << 30) -> None:
        self.size_limit = size_limit
        self.data: dict[int, bytearray] = {}
        self.pages: dict[int, int] = {}
        self.closed = False

    def read(self, addr: int, n: int) -> bytes:
        parts = []
        while n > 0:
            at = addr % PAGE_SIZE
            part = min(n, PAGE_SIZE - at)
            page = self.data.get(addr // PAGE_SIZE)
            parts.append(bytes(part) if page is None else bytes(page[at : at + part]))
            addr, n = addr + part, n - part
        return b"".join(parts)

    def write(self, addr: int, data: bytes) -> None:
        while data:
            at = addr % PAGE_SIZE
            part = data[: PAGE_SIZE - at]
            page = self.data.setdefault(addr // PAGE_SIZE, bytearray(PAGE_SIZE))
            page[at : at + len(part)] = part
            addr, data = addr + len(part), data[len(part) :]

    def fill_zero(self, addr: int, n: int) -> None:
        self.write(addr, bytes(n))

    def protect(self, addr: int, n: int, perm: int) -> None:
        assert addr % PAGE_SIZE == 0
        assert n % PAGE_SIZE == 0
        for page in range(addr // PAGE_SIZE, (addr + n) // PAGE_SIZE):
            self.pages[page] = perm

    def permission(self, addr: int) -> int:
        return self.pages.get(addr // PAGE_SIZE, 0)

    def clone(self) -> FakeMemory:
        other = FakeMemory(self.size_limit)
        other.data = {page: bytearray(data) for page, data in self.data.items()}
        other.pages = dict(self.pages)
        return other

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeCpu:
    """`kernel.memory.Cpu` with plain attributes."""

    gpr: list[int] = field(default_factory=lambda: [0] * 16)
    rip: int = 0
    rflags: int = 0x202
    fs_base: int = 0
    gs_base: int = 0
    image: bytes = bytes(24) + b"\x80\x1f" + bytes(486)
    # The programs that run on these registers: the main one, then handlers on top of it.
    frames: list[Frame] = field(default_factory=list)

    def fxsave(self) -> bytes:
        return self.image

    def fxrstor(self, image: bytes) -> None:
        self.image = image

    def copy(self) -> FakeCpu:
        return FakeCpu(
            list(self.gpr), self.rip, self.rflags, self.fs_base, self.gs_base, self.image
        )

    def reset(self) -> None:
        self.gpr[:] = [0] * 16
        self.rip, self.rflags, self.fs_base, self.gs_base = 0, 0x202, 0, 0
        self.frames.clear()


class FakeHardware:
    hwcap = 0x078B_FBFF

    def __init__(self, size_limit: int = 1 << 30) -> None:
        self.size_limit = size_limit
        self.memories: list[FakeMemory] = []

    def new_memory(self) -> FakeMemory:
        self.memories.append(FakeMemory(self.size_limit))
        return self.memories[-1]

    def new_cpu(self) -> FakeCpu:
        return FakeCpu()


@dataclass(frozen=True)
class Syscall:
    number: int
    arguments: tuple[int, ...]


def call(name: str, *arguments: int) -> Syscall:
    return Syscall(NUMBERS[name], arguments)


SPIN = BudgetEnd()
Step = Syscall | Fault | BudgetEnd
Program = Generator[Step, int, object]
Main = Callable[["Guest"], Program]


class Guest:
    """What a program knows of itself: its memory, its task, and places for data."""

    def __init__(self, engine: FakeEngine, task: Task) -> None:
        self.engine = engine
        self.task = task

    def room(self, size: int) -> int:
        """A fresh address in the scratch area."""
        at = self.engine.rooms
        self.engine.rooms += size + 15 & ~15
        return at

    def put(self, data: bytes) -> int:
        at = self.room(len(data))
        self.task.memory.write(at, data)
        return at

    def get(self, at: int, fmt: str) -> tuple[int, ...]:
        return struct.unpack(fmt, self.task.memory.read(at, struct.calcsize(fmt)))

    def string(self, text: bytes) -> int:
        return self.put(text + b"\0")

    def fork(self, child: Main, name: str = "fork", *arguments: int) -> Syscall:
        """The call that makes a child, which will run `child`."""
        self.engine.next_child = child
        return call(name, *arguments)

    def handler(self, function: Callable[[Guest, int], Program]) -> int:
        """An address at which a signal handler lies."""
        address = next(self.engine.addresses)
        self.engine.handlers[address] = function
        return address

    def sigaction(self, signal: int, handler: int, flags: int = 0, mask: int = 0) -> Syscall:
        action = self.put(struct.pack("<QQQQ", handler, flags | 0x0400_0000, RESTORER, mask))
        return call("rt_sigaction", signal, action, 0, 8)


@dataclass
class Frame:
    """A program that runs, or a handler that interrupts it."""

    program: Program
    started: bool = False
    last: Step = SPIN


class FakeEngine:
    """`kernel.exit.Engine` over generators.

    While frame n runs, rip is n * 0x1000 before its SYSCALL and 2 more after it, so a restart of
    the call is seen and makes it again.  Each call is also answered quickly, if that can be done:
    the kernel must then say the same.
    """

    def __init__(self) -> None:
        self.quick = QuickCalls()
        self.handlers: dict[int, Callable[[Guest, int], Program]] = {}
        self.next_child: Main | None = None
        self.addresses = itertools.count(CODE, 0x100)
        self.rooms = DATA

    def run(self, task: Task, budget: int) -> Exit:
        cpu = task.cpu
        assert isinstance(cpu, FakeCpu)
        self.quick.check(task)
        if not cpu.frames:
            assert self.next_child is not None, "a new task without a program"
            cpu.frames.append(Frame(self.next_child(Guest(self, task))))
        elif cpu.rip in self.handlers:
            handler = self.handlers[cpu.rip]
            cpu.frames.append(Frame(handler(Guest(self, task), cpu.gpr[RDI])))
        depth = len(cpu.frames)
        frame = cpu.frames[-1]
        if frame.started and cpu.rip == depth * 0x1000 and isinstance(frame.last, Syscall):
            step: Step = frame.last
        else:
            step = self._next(cpu, frame)
        cpu.rip = len(cpu.frames) * 0x1000
        if not isinstance(step, Syscall):
            return step
        cpu.gpr[RAX] = step.number
        for register, value in zip(ARGUMENTS, step.arguments, strict=False):
            cpu.gpr[register] = value % (1 << 64)
        cpu.rip += 2
        self.quick.answer(task)
        return SystemCall()

    def _next(self, cpu: FakeCpu, frame: Frame) -> Step:
        result = cpu.gpr[RAX] - (1 << 64) if cpu.gpr[RAX] >> 63 else cpu.gpr[RAX]
        try:
            frame.last = frame.program.send(result) if frame.started else next(frame.program)
            frame.started = True
        except StopIteration as end:
            if len(cpu.frames) == 1:
                return call("exit_group", end.value or 0)
            cpu.frames.pop()
            cpu.gpr[RSP] += 8  # the handler returned to its restorer
            return call("rt_sigreturn")
        return frame.last


class Machine:
    """A kernel with a memory file system, one process with scratch memory and a stack."""

    def __init__(self, world: World | None = None, uid: int = 0) -> None:
        self.world = world or StillWorld(1)
        self.hardware = FakeHardware()
        self.root = MemoryFs(self.world.wall_ns).root
        self.vfs = Vfs(self.world, self.root)
        self.kernel = Kernel(self.hardware, self.vfs, self.world)
        self.engine = FakeEngine()
        self.scheduler = Scheduler(self.kernel, self.engine)
        self.process = self.kernel.first_process(Credentials.of_user(uid, uid))
        self.task = self.process.leader
        space = self.process.address_space
        space.map(DATA, DATA_SIZE, 3)
        space.map(STACK_TOP - STACK_SIZE, STACK_SIZE, 3, name=b"[stack]", grows_down=True)
        space.brk_start = space.brk = 0x50_0000
        self.task.cpu.gpr[RSP] = STACK_TOP - 0x100

    def write_file(self, name: bytes, data: bytes, mode: int = 0o755) -> None:
        """A file in the root directory."""
        node = self.root.create(name, S_IFREG | mode, 0, 0)
        assert isinstance(node, MemoryRegular)
        node.content.write(0, data)

    def run(self, main: Main, turns: int = 20_000) -> int:
        """The exit status of the first process as wait4 would give it."""
        assert isinstance(self.task.cpu, FakeCpu)
        self.task.cpu.frames.append(Frame(main(Guest(self.engine, self.task))))
        left = itertools.count(turns, -1)
        status = self.scheduler.run(self.process, lambda: next(left) == 0)
        assert status is not None, "the program does not end"
        return status


def run(main: Main, **options: object) -> int:
    return Machine(**options).run(main)  # type: ignore[arg-type]
