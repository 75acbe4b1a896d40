"""What of a block is written so far, and the ways out from there.

Input:  values of instructions, over registers and the names of `Let`s; float operations that are to be tested.
Output: values over locals, and statements that leave with the state as it was before an instruction: the one being
        written, or the first float operation that was not tested yet.
"""

from __future__ import annotations

from elfin.codegen.locals import FLAGS, Registers
from elfin.ir.stmt import Block, Br, If, Let, Set, Stmt
from elfin.ir.value import Value, local
from elfin.opt.effects import replace
from elfin.records import dataclass, field
from elfin.runtime.translated import SLOW, STEP
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.events import Event, Exit, Read
from elfin.tiers.jit.float_calls import Inline
from elfin.tiers.jit.frame import leave, spend
from elfin.tiers.jit.quick import Quick


@dataclass(slots=True)
class Undo:
    """How to go back to before an instruction: `saved` has what registers were, where they have changed.

    Not of a register that was written before it was `read`: who goes back does the same, so nothing misses it.
    """

    pc: int
    done: int  # instructions before it
    read: int  # registers that were read since
    saved: dict[int, tuple[Value, Value] | None] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Trail:
    """`careful`: float operations without a fast path are calls, not ways out."""

    registers: Registers
    out: list[Stmt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    careful: bool = False
    _op: Op = field(init=False)  # being written
    _done: int = 0  # instructions before it
    _known: dict[Value, Value] = field(default_factory=dict)  # Let name -> condition it stands for
    _inline: Inline | None = None
    _undo: Undo | None = None
    _read: int = 0  # registers that the instruction has read so far

    def value(self, value: Value) -> Value:
        """The value over locals."""
        return self._noted(self.registers.lower(self._substitute(value)))

    def _noted(self, value: Value) -> Value:
        reads = self.registers.reads
        if reads:
            self.registers.reads = 0
            self._read |= reads
            if self._undo is not None:
                self._undo.read |= reads
            self.events.append(Read(reads))
        return value

    def _substitute(self, value: Value) -> Value:
        return replace(value, self._known.get) if self._known else value

    def _slow(self) -> list[Stmt] | None:
        """How to leave where the fast path of a float operation ends; None if it should be called."""
        return None if self.careful else self.step(self._op, SLOW)

    @property
    def count(self) -> int:
        """The instructions so far, with the one that is being written."""
        return self._done + 1

    def step(self, op: Op, result: int = STEP, *, seen: bool = False) -> list[Stmt]:
        """Leave so that the interpreter executes `op`.  `seen`: it faults, and a signal's handler may see the registers
        that it has found."""
        self.settle()
        return self._leave_to(op.pc, self._done, result, seen)

    def _leave_to(self, pc: int, done: int, result: int, seen: bool = False) -> list[Stmt]:
        body = [*([spend(done)] if done else []), *leave(pc, result)]
        self.events.append(Exit(body, returns=not seen))
        return body

    def _begin(self) -> None:
        """What is computed from here on is tested by `settle`."""
        if self._undo is None:
            self._undo = Undo(self._op.pc, self._done, self._read)

    def settle(self) -> None:
        """Test the float operations so far; go back to before the first if something is wrong.

        Before all that cannot be taken back, at every way out and where flags are read: flags that were set
        meanwhile are set again, so they need not be put back.
        """
        undo = self._undo
        if undo is None:
            return
        self._undo = None
        assert isinstance(self._inline, Quick)
        wrong = self._inline.tests()
        body = self._leave_to(undo.pc, undo.done, SLOW)
        body[:0] = [Set(home, old) for home, old in filter(None, undo.saved.values())]
        if len(wrong) == 1:
            self.out.append(If(wrong[0], body, rare=True))
            return
        tests: list[Stmt] = [If(condition, [Br("wrong")], rare=True) for condition in wrong]
        body[:0] = [Block("wrong", [*tests, Br("right")])]
        self.out.append(Block("right", body))

    def _save(self, undo: Undo, register: int, home: Value) -> None:
        """A register is about to change: keep what it was."""
        if register in undo.saved or register & FLAGS:
            return
        if not undo.read & register:
            undo.saved[register] = None
        else:
            old = local(home.type, f"{home.imm}.old{undo.done}")
            self.out.append(Let(old, home))
            self.events.append(Read(register))
            undo.saved[register] = home, old

    def leave(self, target: Value) -> None:
        """Go on outside, at the end of the block."""
        self.settle()
        self.out += leave(target)
        self.events.append(Exit(self.out))
