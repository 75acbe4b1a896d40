"""`Values`: IR values -> instructions that leave them on Wasm's stack.

Input:  one value after another, in the order in which statements evaluate them.
Output: pieces in `code`, indices of locals still open (`slots`).

A value that comes again is kept in a local, if what was computed before is still true: it must have been
computed on every way to here (`scopes`), and no variable it reads, memory included, may have changed
since (`versions`).  That it comes again is known only then; so the `local.tee` is put in afterwards.

Narrow integers are kept with zeros above, "clean".  Ops whose low bits depend on low bits only
work on "dirty" ones; `emit` says which it left, and cleans when its caller needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from elfin.bits import signed
from elfin.codegen.slots import Interval, Piece, Shared, Write
from elfin.ir.types import I1, I8, I16, I32, I64, Type
from elfin.ir.value import Value, local
from elfin.wasm import leb
from elfin.wasm.opcodes import code

Lower = Callable[["Values", Value], bool]

MEMORY: Final = local(I32, "(memory)")  # the version of all Wasm memory
_MEMORY: Final = frozenset((MEMORY,))
_NOTHING: Final[frozenset[Value]] = frozenset()
DEEP: Final = 100  # levels of recursion before a value is cut into parts

_I32_CONST, _I64_CONST = code("i32.const"), code("i64.const")
I32_SUB, DROP, CALL = code("i32.sub"), code("drop"), code("call")
MASKS: Final = {I1: 1, I8: 0xFF, I16: 0xFFFF}
_CLEAN: Final = {t: code("i32.const") + leb.signed(m) + code("i32.and") for t, m in MASKS.items()}
_EXTEND: Final = {t: code(f"i32.extend{t.bits}_s") for t in (I8, I16)}
_CONVERSIONS: Final = frozenset(("zext", "sext", "trunc", "bitcast"))
_FLOAT_CONST: Final = {32: code("f32.const"), 64: code("f64.const"), 128: code("v128.const")}

# A computed value: the position where its code ends, the clock, how many scopes there were and the innermost of them,
# how many loops were open, whether it is clean.
Known = tuple[int, int, int, int, int, bool]


@lru_cache(maxsize=1 << 12)
def constant(type_: Type, number: int) -> bytes:
    """The instruction that leaves it."""
    if type_ is I64:
        return _I64_CONST + leb.signed(signed(number, 64))
    if type_.is_int:
        return _I32_CONST + leb.signed(signed(number, 32))
    return _FLOAT_CONST[type_.bits] + number.to_bytes(type_.bytes, "little")


class Values:
    """`functions` gives the index of each function that may be called; `lowering` is the table of ops."""

    def __init__(self, functions: dict[str, int], lowering: dict[str, Lower]) -> None:
        self.code: list[Piece] = []
        self.intervals: list[Interval] = []
        self.functions = functions
        self.lowering = lowering
        self.scopes = [0]
        self.next_scope = 1
        # One list for each open loop: what was first set before it and is used inside.
        self.loops: list[dict[Interval, None]] = []
        self.clock = 0
        self.versions: dict[Value, int] = {}
        self.changes: list[tuple[Value, int]] = []  # variables set, with their version before
        self._known: dict[Value, Known] = {}
        self._kept: dict[Value, tuple[int, Interval]] = {}  # where a value's code ends, its local
        self._sources: dict[Value, frozenset[Value]] = {}
        self._variables: dict[Value, Interval] = {}
        self._names: dict[tuple[object, Type], Value] = {}
        self._same: dict[Value, Value] = {}
        self._depth = 0

    # -- variables ---------------------------------------------------------------------------
    def parameter(self, var: Value, index: int) -> None:
        interval = Interval(var.type.wasm, -1, 0, 0, 0)
        interval.index = leb.unsigned(index)
        interval.keep()
        self._variables[self.name(var)] = interval

    def name(self, var: Value) -> Value:
        """The one `local` value of this name and type (values may outlive the table of values)."""
        found = self._same.get(var)
        if found is None:
            found = self._same[var] = self._names.setdefault((var.imm, var.type), var)
        return found

    def set(self, var: Value) -> None:
        """Pop into a variable."""
        name = self._same.get(var) or self.name(var)
        interval = self._variables.get(name)
        if interval is None:
            interval = self._interval(var.type, len(self.code))
            self._variables[name] = interval
        if interval.start >= 0:
            self._use(interval)
        self.code.append(Write(interval))
        self.changed(name)

    def changed(self, name: Value) -> None:
        """Values computed from this variable must be computed anew."""
        self.changes.append((name, self.versions.get(name, 0)))
        self.clock += 1
        self.versions[name] = self.clock

    def changed_since(self, start: int) -> dict[Value, int]:
        """What was set since there were `start` changes: the versions before.  From now on it counts as one change."""
        before = dict(reversed(self.changes[start:]))
        self.changes[start:] = before.items()
        return before

    def forget(self, names: Iterable[Value]) -> None:
        """They may have changed."""
        self.clock += 1
        self.versions.update(dict.fromkeys(names, self.clock))

    def _get(self, var: Value) -> None:
        interval = self._variables.get(var) or self._variable(var)
        if interval.start >= 0:
            self._use(interval)
        body = self.code
        if body:
            last = body[-1]
            if last.__class__ is Write and last.interval is interval and not last.tee:
                last.tee = True
                return
        interval.reads += 1
        body.append(interval)

    def _variable(self, var: Value) -> Interval:
        name = self.name(var)
        interval = self._variables.get(name)
        if interval is None:  # read before it is set, as the body is written: never shared
            interval = self._interval(var.type, -1)
            interval.keep()
            self._variables[name] = interval
        if name is not var:
            self._variables[var] = interval
        return interval

    def _interval(self, type_: Type, start: int) -> Interval:
        depth = len(self.scopes) - 1
        interval = Interval(type_.wasm, start, depth, self.scopes[-1], len(self.loops))
        self.intervals.append(interval)
        return interval

    def _use(self, interval: Interval) -> None:
        """The interval, which has a start, reaches to here; to the end of a loop that was opened since."""
        depth, loops = interval.depth, interval.loops
        if depth >= len(self.scopes) or self.scopes[depth] != interval.scope:
            interval.keep()  # its first setting is not on every way to here
            return
        interval.end = len(self.code) + 1
        if len(self.loops) > loops:
            self.loops[loops][interval] = None

    # -- values ------------------------------------------------------------------------------
    def emit(self, value: Value, clean: bool = True) -> bool:
        """Leave `value` on the stack; whether its upper bits are zero (always, if `clean`)."""
        op = value.op
        if op == "local":
            self._get(value)
            return True
        if op == "const":
            self.code.append(constant(value.type, value.imm))
            return True
        known = self._known.get(value)
        if known is not None and self._holds(value, known):
            return self._again(value, known, clean)
        self._depth += 1
        if self._depth > DEEP:
            self._cut(value)
        is_clean = self.lowering[op](self, value)
        self._depth -= 1
        if clean and not is_clean:
            self.code.append(_CLEAN[value.type])
            is_clean = True
        if op not in _CONVERSIONS or value.args[0].op != "local":
            scopes = self.scopes
            self._known[value] = (
                len(self.code),
                self.clock,
                len(scopes) - 1,
                scopes[-1],
                len(self.loops),
                is_clean,
            )
        return is_clean

    def const(self, type_: Type, number: int) -> None:
        self.code.append(constant(type_, number))

    def signed(self, value: Value) -> None:
        """Leave a narrow integer sign-extended to 32 bits; wider ones as they are."""
        if value.type not in MASKS:
            self.emit(value)
        elif value.op == "const":
            self.const(I32, signed(value.imm, value.type.bits))
        elif value.type is I1:
            self.const(I32, 0)
            self.emit(value)
            self.code.append(I32_SUB)
        else:
            self.emit(value, clean=False)
            self.code.append(_EXTEND[value.type])

    def call(self, name: str) -> None:
        index = self.functions.get(name)
        if index is None:
            raise ValueError(f"call of {name}, which is neither compiled nor imported")
        self.code.append(CALL + leb.unsigned(index))

    # -- sharing -----------------------------------------------------------------------------
    def holds(self, value: Value) -> bool:
        """Whether the value is at hand."""
        known = self._known.get(value)
        return known is not None and self._holds(value, known)

    def _holds(self, value: Value, known: Known) -> bool:
        _, clock, depth, scope, _, _ = known
        scopes = self.scopes
        if depth >= len(scopes) or scopes[depth] != scope:
            return False
        if clock == self.clock:
            return True
        versions = self.versions
        for name in self._sources.get(value) or self._reads(value):
            if versions.get(name, 0) > clock:  # `all` would take twice as long
                break
        else:
            return True
        return False

    def _again(self, value: Value, known: Known, clean: bool) -> bool:
        position, _, depth, scope, loops, is_clean = known
        end, interval = self._kept.get(value, (0, None))
        if interval is None or end != position:
            interval = Interval(value.type.wasm, position, depth, scope, loops)
            self.intervals.append(interval)
            self.code[position - 1] = Shared(self.code[position - 1], interval)
            self._kept[value] = position, interval
        if interval.start >= 0:
            self._use(interval)
        interval.reads += 1
        self.code.append(interval)
        if clean and not is_clean:
            self.code.append(_CLEAN[value.type])
            return True
        return is_clean

    def _reads(self, value: Value) -> frozenset[Value]:
        """The variables that a value depends on."""
        found = self._sources.get(value)
        if found is None:
            if value.op == "local":
                found = frozenset((self.name(value),))
            else:
                found = _MEMORY if value.op == "raw_load" else _NOTHING
                for argument in value.args:
                    more = self._reads(argument)
                    if not more <= found:  # mostly one of the two holds the other
                        found = more if found <= more else found | more
            self._sources[value] = found
        return found

    def _cut(self, top: Value) -> None:
        """Compute parts of a very deep value into locals first, so that recursion stays shallow."""
        saved, self._depth = self._depth, 0
        height: dict[Value, int] = {}
        stack = [top]
        while stack:
            value = stack[-1]
            waiting = [a for a in value.args if a not in height]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if value not in height:
                height[value] = 1 + max((height[a] for a in value.args), default=0)
                self._reads(value)  # recursive too; from here on it is known
                if height[value] % (DEEP // 2) == 0 and value is not top:
                    self.emit(value, clean=False)
                    self.code.append(DROP)
        self._depth = saved
