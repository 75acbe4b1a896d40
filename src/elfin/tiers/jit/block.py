"""One basic block: the meanings of its instructions over registers in locals.

Input:  `Op`s in line, a function's `Registers`.
Output: statements, and the condition or target with which the block ends.

Each instruction commits its writes to the locals at its end, so every way out of the function finds
exact state in them; what only a way out needs is computed there, because the engine moves pure
values to where they are used.  A flag that is read in the block where it was set is read from the
comparison that set it.
"""

from __future__ import annotations

from elfin import layout
from elfin.codegen import memory, state
from elfin.codegen.locals import (
    FLAG_SLOTS,
    HOMES,
    XMMS_END,
    home_slot,
    registers_named,
    stored,
)
from elfin.codegen.memory import NEAR
from elfin.core import functions as core
from elfin.ir.stmt import (
    Branch,
    Effect,
    Group,
    If,
    Jump,
    Leave,
    Let,
    Put,
    Raise,
    RawStore,
    Set,
    Stmt,
    Store,
)
from elfin.ir.types import F32, F64, I1, I32, I64, V128
from elfin.ir.value import Value, const, local, make
from elfin.isa.vectors import GP, XM
from elfin.opt.compare import carry, compare, with_conditions
from elfin.opt.effects import reads_state
from elfin.records import dataclass, field
from elfin.runtime.translated import FAULT, STEP
from elfin.tiers.jit.access import Addresses, on_stack, split
from elfin.tiers.jit.code import Op
from elfin.tiers.jit.events import Call, Exit, GuestRead, Write
from elfin.tiers.jit.float_calls import Inline, float_lane
from elfin.tiers.jit.floats import Floats
from elfin.tiers.jit.frame import leave, spend
from elfin.tiers.jit.lifted import Lifted
from elfin.tiers.jit.pages import Pages
from elfin.tiers.jit.quick import Quick
from elfin.tiers.jit.trail import Trail
from elfin.tiers.jit.wild import Wild

ADDRESS = local(I64, "address")
STATUS = local(I32, "status")
PENDING = state.raw_load(I32, state.BASE, layout.STATE + layout.PENDING)
NO_VECTOR = -1  # of a `Leave`
STACK = f"v{layout.RSP:x}."  # what RSP is near to (see `access`)
# What core functions may read and write that is never in a local.
IN_MEMORY = frozenset(
    {"fault", "tsc", "mxcsr", "segment", "fs_base", "gs_base", "float_trap", "count"}
)


@dataclass(slots=True, kw_only=True)
class Writer(Trail):
    """Collects the statements of a block.

    `exact`: each access checks the page's permission, so that
    a fault finds exact state; else the host's memory protection ends the run (see `runtime.memory`).
    """

    exact: bool
    wild: Wild
    addresses: Addresses = field(default_factory=Addresses)
    floats: Floats = field(default_factory=Floats)
    normal: set[Value] = field(default_factory=set)  # see `float_calls`
    ending: Jump | Branch | None = None
    flags: dict[int, Value] = field(default_factory=dict)  # flag slot -> condition it was set to
    _formed: dict[Value, Value] = field(default_factory=dict)  # addresses, while their parts hold
    _sets_flags: bool = False  # some instruction so far
    _stack: tuple[Value, Value, int] | None = None  # root, i32 near to it, and how far that is

    unchecked: bool = False  # where the last instruction goes is looked at by who made this
    rewrites: bool = False  # see `Policy`
    _may_change_code: bool = False
    pages: Pages = field(init=False)
    _lifted: Lifted = field(init=False)

    def __post_init__(self) -> None:
        self.pages = Pages(self.addresses, self.out, self.wild.spans)
        if self.normal:
            self._make_inline()

    def _make_inline(self) -> Inline:
        """Most blocks do not need it."""
        kind = Inline if self.floats.sticky else Quick
        inline = self._inline = kind(
            self.floats, self.out, self._known, self._slow, self.careful, self.normal
        )
        if isinstance(inline, Quick):
            inline.begin = self._begin
        return inline

    def finish(self) -> set[Value]:
        """Nothing follows any more; what is known of floats."""
        self.pages.close()
        if self._inline is not None:
            self.normal = self._inline.normal
            self._inline = (
                None  # it knows this writer: nothing is to be left to the garbage collector
            )
        return self.normal

    def add(self, op: Op, lifted: Lifted) -> None:
        """Append one instruction."""
        self._lifted = lifted
        self._op = op
        self._read = 0
        if lifted.sets_flags and not self._sets_flags:
            self.flags.clear()  # of a block before: this may be the instruction whose variables they have
            self._sets_flags = True
        if lifted.reads:
            self.settle()  # so that no flag that a test's way out needs was changed before it
        read = lifted.reads
        for effect in lifted.body:
            if read and isinstance(effect, Put | Branch | Jump):
                self.events.append(GuestRead(read))
                read = 0
            self._effect(op, effect)
        if read:
            self.events.append(GuestRead(read))
        self._done += 1
        if self._may_change_code:
            self._leave_if_code_changed(op)

    def _leave_if_code_changed(self, op: Op) -> None:
        """Behind an instruction whose core function may have written to decoded code."""
        self._may_change_code = False
        if self.ending is None:
            body = [spend(self._done), *leave(op.next, STEP)]
            self.events.append(Exit(body))
            self.out.append(If(PENDING.ne(0), body, rare=True))

    def condition(self, value: Value) -> Value:
        return self._noted(self.registers.lower(self._compared(self._substitute(value))))

    def value(self, value: Value) -> Value:
        """The value over locals."""
        value = self._substitute(value)
        if self._lifted.reads:
            value = with_conditions(value, self._compared)
        return self._noted(self.registers.lower(value))

    def _compared(self, condition: Value) -> Value:
        if self._inline is not None:
            condition = self._inline.ordered.get(condition, condition)
        return compare(condition)

    def _effect(self, op: Op, effect: Effect) -> None:
        if type(effect) is Let:
            self._let(op, effect.var, effect.value)
        elif type(effect) is Put:
            self._put(effect.offset, effect.value)
        elif type(effect) is Store:
            self.settle()
            value = effect.value
            base, offset = self._access(op, effect.address, value.type.bytes, write=True)
            self.out.append(RawStore(base, offset, stored(self.value(value)), value.type.bits))
        elif type(effect) is Raise:
            self._raise(op, effect.when, effect.vector)
        elif type(effect) is Leave:
            self._raise(op, effect.when, NO_VECTOR)
        elif type(effect) is Branch or type(effect) is Jump:
            self.ending = effect
        else:
            raise AssertionError(f"{op.variant} is not for translation")

    def _raise(self, op: Op, when: Value, vector: int) -> None:
        """What may happen instead of the instruction."""
        if vector == XM:
            return  # every exception is masked (see `floats`)
        if vector == GP:
            if (self.unchecked and not self.exact) or self._is_aligned(op, when):
                return
            if not self.exact:
                self.out.append(If(self.condition(when), self.wild.refuse(), rare=True))
                return
        self.pages.close()
        away = self.step(op, seen=vector != NO_VECTOR)
        self.out.append(If(self.condition(when), away, rare=True))

    def _is_aligned(self, op: Op, when: Value) -> bool:
        """Is this an alignment check that is known to hold, or noted to be looked at later?"""
        if not (when.op == "ne" and when.args[0].op == "and" and when.args[0].args[1].imm == 15):
            return False
        address = when.args[0].args[0]
        if self.addresses.must_align(address):
            if self.exact:
                return False
            self.addresses.must_check(address)  # it need not be noted twice
            self.out.append(self.wild.note(self.value(address), stack=on_stack(op), aligned=True))
        return True

    def _access(self, op: Op, address: Value, size: int, *, write: bool) -> tuple[Value, int]:
        """Base (i32) and offset of what may be accessed; leaves if it may not."""
        if self.exact:
            self._check_page(op, address, size, write=write)
            return ADDRESS.trunc(I32), layout.GUEST_BASE
        address = self._formed.get(address, address)  # the displacement is free in an access
        suspect = self.addresses.must_check(address)
        root, distance = split(address)
        base = self.value(root)
        if suspect is not None:
            self.out.append(self.wild.note(self.value(suspect), stack=on_stack(op)))
        if self.wild.paged:
            start, reach = self.addresses.table(root)
            table = self.value(start) if reach else base, reach
            near = self.pages.access(address, root, base, table, size, write)
            return near, layout.GUEST_BASE + distance
        return self._near(address, base, distance)

    def _near(self, address: Value, base: Value, distance: int) -> tuple[Value, int]:
        """`address` is `distance` from `base`, over locals.  All that is near to where RSP was first used in a block
        is at a distance from there: each PUSH moves it, and an addition costs as much as the access."""
        origin, at = self.addresses.place(address)
        if origin.op != "local" or not str(origin.imm).startswith(STACK):
            return base.trunc(I32), layout.GUEST_BASE + distance
        if self._stack is None or self._stack[0] is not origin or abs(at - self._stack[2]) >= NEAR:
            var = local(I32, f"stack{len(self.out)}")
            self.out.append(Let(var, base.trunc(I32)))
            self._stack = origin, var, at - distance
        _, var, start = self._stack
        return var, layout.GUEST_BASE + at - start

    def _check_page(self, op: Op, address: Value, size: int, *, write: bool) -> None:
        """ADDRESS becomes the address; leave unless it may be accessed."""
        self.out.append(Let(ADDRESS, self.value(address)))
        written: list[Stmt] = []
        if write:
            body = [state.store(layout.PENDING, const(I32, 0)), *self.step(op)]
            self.events[-1] = Exit(body, returns=not self.rewrites)
            written = [If(PENDING.ne(0), body)]
        self.out += memory.check_page(
            ADDRESS, size, write=write, refused=self.step(op, seen=True), asked=written
        )

    def _put(self, slot: int, value: Value) -> None:
        self._formed.clear()
        self.addresses.written(slot, value)
        if slot in FLAG_SLOTS:
            known = self._substitute(value)
            if slot == layout.FLAG_C:
                known = carry(known)
            if reads_state(known):
                self.flags.pop(slot, None)
            else:
                self.flags[slot] = known
            lowered = self.registers.lower(known)
        elif value.type is V128:
            lowered = self._vector(value)
        else:
            lowered = self.value(value)
        home = home_slot(slot)
        if home is None or self.registers.rests(home):
            self.settle()
        elif HOMES[home].type is V128:
            lowest = self.registers.lowest(home)
            inline = self._inline or self._make_inline()
            inline.written(HOMES[home], lowered, slot - home, lowest)
        statements = self.registers.write(slot, lowered)
        self._noted(value)
        if self._undo is not None:
            for register, statement in statements:
                if register and isinstance(statement, Set):
                    self._save(self._undo, register, statement.var)
        for register, statement in statements:
            self.out.append(statement)
            if register:
                self.events.append(Write(register, statement))

    def _vector(self, value: Value) -> Value:
        """What a vector register becomes, over locals."""
        value = self._substitute(value)
        if value.op == "v128.xor" and value.args[0] is value.args[1]:
            return const(V128, 0)  # it does not depend on the register
        return float_lane(self._noted(self.registers.lower(value)))

    def _let(self, op: Op, var: Value | None, value: Value) -> None:
        if value.op == "load":
            assert var is not None
            self._load(op, var, value)
        elif value.op == "call":
            self._call(op, var, value)
        elif value.op == "get" and value.type is I1 and value.imm in self.flags:
            assert var is not None
            self._known[var] = self.flags[value.imm]
        elif value.op == "get" and value.imm == layout.FLOAT_TRAP:
            pass
        elif value.op == "get" and self._lifted.one_vector and layout.XMM <= value.imm < XMMS_END:
            assert var is not None
            self._known[var] = value  # a lane is read where it is used
        else:
            if var is not None:
                self.addresses.named(var, value)
                if value.op in ("add", "get", "const") and value.type is I64:
                    self._formed[var] = value
            self.out.append(Let(var, self.value(value)))

    def _load(self, op: Op, var: Value, value: Value) -> None:
        base, offset = self._access(
            op, value.args[0], value.type.bytes, write=value.imm == "update"
        )
        alone, to = self._lifted.alone.get(var, (None, 0))
        if alone is not None and self.registers.lane_slot(to, value.type) is not None:
            type_ = self.registers.scalars[to]
            loaded = local(type_, f"{var.imm}.f")
            self.out.append(Let(loaded, state.raw_load(type_, base, offset)))
            zero = const(V128, 0)
            replaced = f"f{type_.bits}x{128 // type_.bits}.replace_lane"
            self._known[alone] = make(replaced, V128, zero, loaded, imm=0)
        elif alone is not None:
            loaded = local(V128, f"{var.imm}.v")
            imm = (offset, value.type.bits, False)
            self.out.append(Let(loaded, make("raw_load", V128, base, imm=imm)))
            self._known[alone] = loaded
        elif var in self._lifted.floats and value.type is not V128:
            type_ = F64 if value.type is I64 else F32
            loaded = local(type_, f"{var.imm}.f")
            self.out.append(Let(loaded, state.raw_load(type_, base, offset)))
            self._known[var] = make("bitcast", value.type, loaded)
        else:
            self.out.append(Let(var, state.raw_load(value.type, base, offset)))

    def _call(self, op: Op, var: Value | None, value: Value) -> None:
        row = core.row(value.imm)
        if "mxcsr" in row.writes:
            assert var is not None
            arguments = [self.value(a) for a in value.args]
            inline = self._inline or self._make_inline()
            if not inline.expand(value.imm, var, arguments):
                self.floats.used = True
                self.out.append(Let(var, self.value(value)))
            return
        if not row.may_fault and IN_MEMORY.issuperset((*row.reads, *row.writes)):
            self.out.append(Let(var, self.value(value)))
            return
        self.settle()
        read, written = registers_named(row.reads), registers_named(row.writes)
        call = Call(read | written, written)
        self.out.append(Group("spill", call.before))
        self.out.append(Let(STATUS if row.may_fault else var, self.value(value)))
        self.out.append(Group("reload", call.behind))
        self.events.append(call)
        if written:
            self._formed.clear()
            self._stack = None
            self.addresses.lost()
            self.flags.clear()
            if self._inline is not None:
                self._inline.forget()
        if row.may_fault:
            self._may_change_code = self.rewrites
            self.out.append(If(STATUS.eq(1), self.step(op, FAULT, seen=self.exact), rare=True))
            self.out.append(If(STATUS.ne(0), self.step(op), rare=True))
