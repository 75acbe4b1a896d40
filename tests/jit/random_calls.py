"""Random programs of functions that call one another in every way, as assembler text (GNU, Intel syntax).

Input:  a seed.
Output: a program that prints all registers and its data at the end; same bytes on every processor.

Nothing reads a flag that the processor leaves undefined.  `fuel` in memory bounds calls; loops count on the
stack.  R15 is not touched by functions: the main loop counts there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

FUNCTIONS: Final = 12
REGISTERS: Final = [
    ("rax", "eax", "ax", "al"), ("rcx", "ecx", "cx", "cl"), ("rdx", "edx", "dx", "dl"), ("rbx", "ebx", "bx", "bl"),
    ("rbp", "ebp", "bp", "bpl"), ("rsi", "esi", "si", "sil"), ("rdi", "edi", "di", "dil"), ("r8", "r8d", "r8w", "r8b"),
    ("r9", "r9d", "r9w", "r9b"), ("r10", "r10d", "r10w", "r10b"), ("r11", "r11d", "r11w", "r11b"),
    ("r12", "r12d", "r12w", "r12b"), ("r13", "r13d", "r13w", "r13b"), ("r14", "r14d", "r14w", "r14b"),
]  # fmt: skip
CONDITIONS: Final = [
    "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g",
]  # fmt: skip
ARITHMETIC: Final = [
    "add", "sub", "xor", "and", "or", "adc", "sbb", "mov", "cmp", "test", "inc", "dec", "neg", "not",
]  # fmt: skip
WORDS: Final = 64


class Program:
    """Writes one."""

    turns = 400
    fuel = 300

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.labels = 0

    def text(self) -> str:
        put = self.lines.append
        put(f".intel_syntax noprefix\n.globl _start\n.text\n_start:\nmov r15d, {self.turns}")
        for n, (name, *_) in enumerate(REGISTERS):
            put(f"mov {name}, {self.random.getrandbits(64) if n % 2 else n * 7}")
        for n in range(16):
            put(f"movq xmm{n}, rax\npaddq xmm{n}, xmm{n and n - 1}")
        put(f"turn: mov qword ptr [fuel], {self.fuel}\nmov [main], rsp\ncmp rax, rbx")
        put("call f0\nback: dec r15d\njnz turn")
        for n, (name, *_) in enumerate(REGISTERS):
            put(f"mov [out + {8 * n}], {name}")
        for n in range(16):
            put(f"movups [out + {128 + 16 * n}], xmm{n}")
        put("mov eax, 1\nmov edi, 1\nmov esi, offset out\nmov edx, offset end - out\nsyscall")
        put("mov eax, 231\nxor edi, edi\nsyscall")
        for n in range(FUNCTIONS):
            self._function(n)
        for n in range(2):
            put(f"skip{n}:")
            self._some(2, 0)
            put("add qword ptr [rsp], 2\nret" if n else "pop rcx\nadd rcx, 2\njmp rcx")
        put("past:")
        self._some(2, 0)
        put("lea rsp, [rsp + 8]\nret")
        put(".data\n.balign 16\nfuel: .quad 0\nmain: .quad 0\nout: .zero 384")
        put("data: " + "\n".join(f".quad {self.random.getrandbits(64)}" for _ in range(WORDS)))
        put("end:\nftab: " + "\n".join(f".quad f{n % FUNCTIONS}" for n in range(16)))
        return "\n".join(self.lines) + "\n"

    def _function(self, n: int) -> None:
        put = self.lines.append
        put(f".balign 16\nf{n}:")
        if self.random.random() < 0.7:
            put("dec qword ptr [fuel]\njns 1f\nret\n1:")
        else:  # no flag changes on the way in
            put("push rcx\nmov rcx, [fuel]\nlea rcx, [rcx - 1]\nmov [fuel], rcx")
            put("jrcxz 1f\npop rcx\njmp 2f\n1: inc qword ptr [fuel]\npop rcx\nret\n2:")
        self._some(self.random.randrange(2, 9), 2)
        match self.random.randrange(10):
            case 0:
                put(f"jmp f{self._callee()}")
            case 1:
                name = self._register()[0]
                put(f"pop {name}\njmp {name}")
            case 2:
                put("call past\nret")
            case 3:
                put("ret 0")
            case _:
                put("ret")

    def _some(self, count: int, depth: int) -> None:
        kinds: list[Callable[[int], None]] = [self._flags, self._flags, self._flags]
        kinds += [self._integer] * 10 + [self._memory, self._vector] * 2
        if depth:
            kinds += [self._call] * 4 + [self._if, self._loop, self._stack, self._indirect] * 2
            kinds += [self._kernel, self._skip, self._jump, self._out]
        for _ in range(count):
            self.random.choice(kinds)(depth)

    def _register(self) -> tuple[str, ...]:
        return self.random.choice(REGISTERS)

    def _callee(self) -> int:
        return self.random.randrange(FUNCTIONS)

    def _label(self) -> str:
        self.labels += 1
        return f".L{self.labels}"

    def _integer(self, _: int) -> None:
        put, size = self.lines.append, self.random.choice([0, 0, 0, 1, 1, 2, 3])
        to, other = self._register()[size], self._register()[size]
        if self.random.random() < 0.3:
            other = str(self.random.randrange(-128, 128))
        name = self.random.choice(ARITHMETIC)
        if name in ("inc", "dec", "neg", "not"):
            put(f"{name} {to}")
        else:
            put(f"{name} {to}, {other}")

    def _flags(self, _: int) -> None:
        condition = self.random.choice(CONDITIONS)
        if self.random.random() < 0.5:
            self.lines.append(f"set{condition} {self._register()[3]}")
        else:
            self.lines.append(f"cmov{condition} {self._register()[0]}, {self._register()[0]}")

    def _memory(self, _: int) -> None:
        place = f"[data + {8 * self.random.randrange(WORDS - 1)}]"
        name = self._register()[self.random.choice([0, 0, 1])]
        to, source = (place, name) if self.random.random() < 0.5 else (name, place)
        self.lines.append(f"{self.random.choice(['mov', 'add', 'xor', 'mov'])} {to}, {source}")

    def _vector(self, _: int) -> None:
        a, b = (f"xmm{self.random.randrange(6)}" for _ in range(2))
        name = self._register()[0]
        word = f"[data + {8 * self.random.randrange(WORDS - 1)}]"
        choices = [
            f"cvtsi2sd {a}, {name}", f"addsd {a}, {b}", f"movsd {a}, {b}", f"movsd {a}, {word}",
            f"movsd {word}, {a}", f"paddq {a}, {b}", f"pxor {a}, {b}", f"movq {name}, {a}",
            f"movq {a}, {name}", f"punpcklqdq {a}, {b}", f"movaps {a}, {b}", f"cvtsi2ss {a}, {name}",
        ]  # fmt: skip
        self.lines.append(self.random.choice(choices))

    def _call(self, _: int) -> None:
        self.lines.append(f"call f{self._callee()}")

    def _indirect(self, _: int) -> None:
        name = self._register()[0]
        few = self.random.choice([0, 1, 15])  # one, two or all targets
        self.lines.append(f"and {name}, {few}\ncall [ftab + {name} * 8]")

    def _if(self, depth: int) -> None:
        label = self._label()
        if self.random.random() < 0.5:
            self._integer(0)
        self.lines.append(f"j{self.random.choice(CONDITIONS)} {label}")
        self._some(self.random.randrange(1, 4), depth - 1)
        self.lines.append(f"{label}:")

    def _loop(self, depth: int) -> None:
        label = self._label()
        self.lines.append(f"push {self.random.randrange(1, 5)}\n{label}:")
        self._some(self.random.randrange(1, 4), depth - 1)
        self.lines.append(f"dec qword ptr [rsp]\njnz {label}\nlea rsp, [rsp + 8]")

    def _stack(self, depth: int) -> None:
        self.lines.append(f"push {self._register()[0]}")
        self._some(self.random.randrange(1, 4), depth - 1)
        self.lines.append(f"pop {self._register()[0]}")

    def _kernel(self, _: int) -> None:
        self.lines.append("push rax\npush rcx\npush r11\nmov eax, 24\nsyscall")
        self.lines.append("pop r11\npop rcx\npop rax")

    def _skip(self, _: int) -> None:
        self.lines.append(f"call skip{self.random.randrange(2)}\nxor eax, eax")

    def _jump(self, _: int) -> None:
        """A return that is none."""
        label, name = self._label(), self._register()[0]
        self.lines.append(f"mov {name}, offset {label}\npush {name}\nret\n{label}:")

    def _out(self, _: int) -> None:
        """As longjmp: rarely back to the main loop."""
        label = self._label()
        self.lines.append(f"cmp qword ptr [fuel], {self.random.randrange(self.fuel)}\njne {label}")
        self.lines.append(f"mov rsp, [main]\njmp back\n{label}:")


class Deep(Program):
    """The first function is large and calls itself twice, deeper than an engine's stack would allow."""

    turns = 30
    fuel = 3000

    def __init__(self, seed: int, size: int) -> None:
        super().__init__(seed)
        self.size = size

    def _function(self, n: int) -> None:
        self.lines.append(f".balign 16\nf{n}:\ndec qword ptr [fuel]\njns 1f\nret\n1:")
        for _ in range(2 if n == 0 else 0):
            self._some(self.size, 0)
            self.lines.append("call f0")
        self._some(self.size, 0)
        self.lines.append("ret")
