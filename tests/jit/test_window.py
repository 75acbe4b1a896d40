"""Where the stack is looked at once for several accesses (tiers/jit/window.py)."""

from __future__ import annotations

import itertools

from elfin import layout
from elfin.codegen.locals import BIT, HOMES
from elfin.ir.stmt import Function, Group, If, Return, Set, Stmt
from elfin.ir.types import I32, I64
from elfin.ir.value import Value, const, local
from elfin.structure.graph import Choose, End, Goto, Graph, Node
from elfin.structure.order import order
from elfin.tiers.jit.dispatch import GOAL
from elfin.tiers.jit.events import Exit, Read
from elfin.tiers.jit.frame import RIP
from elfin.tiers.jit.pages import Span
from elfin.tiers.jit.window import BELOW, BOTTOM, NEAR, ROOM, look_at_stack, near_stack
from tests.codegen.interpreter import Interpreter

RSP, RBP = HOMES[layout.RSP], HOMES[layout.RBP]
CONDITION = local(I32, "condition")
PAGE = layout.PAGE


class Program:
    """A graph whose nodes look at pages; node 0 leads to node 1, which goes where GOAL says."""

    def __init__(self, *nodes: Node) -> None:
        self.graph = Graph([Node(ending=Goto(1)), Node(label=GOAL), *nodes])
        self.spans: dict[int, Span] = {}

    def goes_to(self, a: int, b: int) -> None:
        self.graph.nodes[1].ending = Choose(GOAL.ne(self.graph.nodes[a].label), b, a)

    def look(self, base: Value, at: int = 0) -> Stmt:
        """Eight bytes there are looked at."""
        span = Span((base + at).trunc(I32), 0, base, 0, 0, 8, body=[Set(CONDITION, CONDITION)])
        self.spans[id(span.body)] = span
        return Group("pages", span.body)

    def find(self) -> tuple[bool, list[bool]]:
        """Is there a window?  Which nodes look at one."""
        found = look_at_stack(self.graph, order(self.graph), self.spans)
        return found, [bool(n.body) and isinstance(n.body[0], If) for n in self.graph.nodes]

    def left(self) -> int:
        """How many looks are left."""
        return sum(bool(span.body) for span in self.spans.values())


def refuses(stmt: Stmt, rsp: int, bottom: int, room: int) -> bool:
    """Does the look leave?"""
    assert isinstance(stmt, If)
    memory = bytearray(layout.STATE + layout.STATE_SIZE)
    interpreter = Interpreter(memory)
    for slot, value in ((BOTTOM, bottom), (ROOM, room)):
        at = slot.imm[0]
        memory[at : at + 8] = value.to_bytes(8, "little")
    result = Return((stmt.when.zext(I32),))
    return interpreter.run(Function("f", (RSP,), (I32,), [result]), rsp) == (1,)


def push(by: int = 8) -> Stmt:
    return Set(RSP, RSP - by)


def test_each_anchor_has_a_window() -> None:
    """Of what it reaches before RSP is anything again."""
    program = Program(Node(label=16), Node(ending=End(), label=32), Node(ending=End(), label=48))
    first, second, third = program.graph.nodes[2:]
    first.body += [program.look(RSP, -8), push(), program.look(RSP, -8)]
    first.ending = Goto(4)
    second.body += [program.look(RSP), program.look(RSP, 16)]
    third.body += [push(32), program.look(RSP)]
    program.goes_to(2, 3)
    assert program.find() == (True, [False, False, True, True, False])
    assert program.left() == 0
    look = first.body[0]  # from 40 bytes below to RSP
    assert not refuses(look, 0x5028, 0x5000, PAGE)
    assert refuses(look, 0x5027, 0x5000, PAGE)
    assert not refuses(look, 0x6000, 0x5000, PAGE)
    assert refuses(look, 0x6001, 0x5000, PAGE)
    assert refuses(look, 0x5800 | 1 << 32, 0x5000, PAGE)
    assert refuses(second.body[0], 0x5FE9, 0x5000, PAGE)  # from RSP to 24 bytes above
    assert not refuses(second.body[0], 0x5FE8, 0x5000, PAGE)
    assert isinstance(first.note[0], Read)
    assert first.note[0].registers == BIT[layout.RSP]
    assert isinstance(first.note[1], Exit)
    assert first.note[1].returns
    assert isinstance(look, If)
    assert look.then is first.note[1].body
    assert look.then[0] == Set(RIP, const(I64, 16))


def test_one_look_is_no_window() -> None:
    program = Program(Node(ending=End(), label=16), Node(ending=End(), label=32))
    program.graph.nodes[2].body.append(program.look(RSP))
    program.graph.nodes[3].body += [program.look(RSP), program.look(RSP, PAGE)]  # too far
    program.goes_to(2, 3)
    assert program.find() == (False, [False] * 4)
    assert program.left() == 3


def test_ways_from_different_anchors_do_not_meet() -> None:
    """Where they come together is another anchor; registers that were near to RSP are not."""
    program = Program(
        Node(ending=Goto(4), label=16), Node(ending=Goto(4), label=32), Node(label=48)
    )
    first, _, third = program.graph.nodes[2:]
    first.body += [Set(RBP, RSP), push()]
    third.body += [program.look(RSP), program.look(RSP, 8), program.look(RBP)]
    program.goes_to(2, 3)
    assert program.find() == (True, [False, False, False, False, True])
    assert program.left() == 1


def test_a_loop_that_moves_the_stack_starts_with_an_anchor() -> None:
    program = Program(Node(ending=Goto(4), label=16), Node(ending=End(), label=32), Node(label=48))
    loop = program.graph.nodes[4]
    loop.body += [program.look(RSP, -8), push(), program.look(RSP, -8), push()]
    loop.ending = Choose(CONDITION.ne(0), 4, 3)
    program.goes_to(2, 3)
    assert program.find()[1] == [False, False, False, False, True]


def test_nodes_without_an_address_are_none() -> None:
    """Nobody can leave there."""
    program = Program(Node(ending=End()), Node(ending=End(), label=32))
    program.graph.nodes[2].body += [program.look(RSP), program.look(RSP, 8)]
    program.goes_to(3, 2)
    assert program.find() == (False, [False] * 4)


def test_copies_share_looks() -> None:
    """A window is around where all copies access it; if these have different anchors, it is in none."""
    for is_same in (True, False):
        original = Node(ending=End(), label=48)
        copy = Node(original.body, End(), 48, original.note)
        starts = Node(label=16), Node(ending=End(), label=32)
        way = Node([push(24)], Goto(5), label=None)
        program = Program(*starts, original, copy, way)
        original.body += [program.look(RSP), program.look(RSP, 8)]
        starts[0].ending = Choose(CONDITION.ne(0), 4, 6)
        program.goes_to(2, 3 if is_same else 5)
        found, looking = program.find()
        assert found
        assert looking == [False, False, is_same, False, not is_same, not is_same, False]
        assert program.left() == 0
        if is_same:  # from 24 bytes below to 16 bytes above
            look = starts[0].body[0]
            assert refuses(look, 0x5017, 0x5000, PAGE)
            assert not refuses(look, 0x5018, 0x5000, PAGE)
            assert refuses(look, 0x5FF1, 0x5000, PAGE)


def test_what_is_allowed_near_to_the_stack() -> None:
    """All pages around that of RSP, up to the first on either side that is not."""
    found, odd = near_stack()
    function = Function("f", (RSP,), (I32,), [*found, Return((odd.zext(I32),))])
    memory = bytearray(layout.PAGES + (1 << 20))
    interpreter = Interpreter(memory)
    page = 77
    rsp = page * PAGE + 2345
    first = page - BELOW
    for allowed in itertools.product((False, True), repeat=NEAR):
        for i, one in enumerate(allowed):
            memory[layout.PAGES + first + i] = 0xFF if one else 0xFF & ~layout.PAGE_W
        (is_odd,) = interpreter.run(function, rsp)
        assert is_odd == (not allowed[BELOW])
        if not is_odd:
            low = high = BELOW
            while low and allowed[low - 1]:
                low -= 1
            while high < NEAR and allowed[high]:
                high += 1
            assert interpreter.value(BOTTOM) == (first + low) * PAGE
            assert interpreter.value(ROOM) == (high - low) * PAGE
    assert interpreter.run(function, rsp | 1 << 32) == (1,)
    assert interpreter.run(function, BELOW * PAGE - 1) == (1,)
