"""The dialect's compiler: an annotated Python function -> `ir.stmt.Function`.

Input:  `CoreFunction` and its source.
Output: raw IR that does in Wasm what the function does in CPython.  `DialectError`, with file and line, for
        what is outside of the dialect.

The dialect: assignment, if, while, for in range, break, continue, return, calls of core functions and
intrinsics, the classes of `elfin.dialect`.  A variable has one class.  An int literal adopts its neighbour's.
"""

from __future__ import annotations

import ast
from typing import Any

from elfin.core.dialect_expression import Expressions
from elfin.core.dialect_operand import TYPE_OF, Operand, kind_of
from elfin.core.dialect_operators import negation
from elfin.core.dialect_source import definition
from elfin.dialect import CoreFunction, u32
from elfin.dialect.floats import Float
from elfin.dialect.registry import CLASSES
from elfin.ir.stmt import Block, Br, Function, If, Let, Loop, Return, Set, Stmt
from elfin.ir.value import Value, local


def compile_function(row: CoreFunction[Any, Any]) -> Function:
    """The function as IR, exported under its name if that is public."""
    node = definition(row)
    compiler = _Statements(row, node)
    body = compiler.body(node.body)
    if row.result is not None and compiler.falls:
        raise compiler.error(node, "control reaches the end without a result")
    params = tuple(local(t, a.arg) for t, a in zip(row.params, node.args.args, strict=True))
    results = () if row.result is None else (row.result,)
    return Function(row.name, params, results, body)


class _Statements(Expressions):
    def __init__(self, row: CoreFunction[Any, Any], node: ast.FunctionDef) -> None:
        super().__init__(row)
        self.row = row
        self.falls = True  # control reaches this point
        self.labels: list[tuple[str, str, set[str] | None]] = []  # of break and continue
        self.next_label = 0
        stores = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        assigned = {n.id for n in stores if isinstance(n.ctx, ast.Store)}
        for argument, kind in zip(node.args.args, row.classes, strict=True):
            self.kinds[argument.arg] = kind
            self.assigned.add(argument.arg)
        self.names = frozenset(assigned | self.assigned)

    def body(self, nodes: list[ast.stmt]) -> list[Stmt]:
        """Statements into a list of their own."""
        before, self.out = self.out, []
        for node in nodes:
            if not self.falls:
                break  # never reached
            self.statement(node)
        body, self.out = self.out, before
        return body

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign([target], value):
                self._assign(node, target, self.statement_value(value))
            case ast.AnnAssign(ast.Name(name), annotation, ast.expr() as value):
                self._declare(node, name, annotation)
                self._store(node, name, self.statement_value(value))
            case ast.AugAssign(ast.Name() as target, op, value):
                read = ast.copy_location(ast.Name(target.id, ast.Load()), node)
                whole = ast.copy_location(ast.BinOp(read, op, value), node)
                self._store(node, target.id, self.statement_value(whole))
            case ast.If(test, then, other):
                self._if(test, then, other)
            case ast.While(test, body, []):
                self._while(test, body)
            case ast.For(ast.Name(name), ast.Call(ast.Name("range"), bounds), body, []):
                self._for(node, name, bounds, body)
            case ast.Break():
                self._leave(self.labels[-1][0])
                self.labels[-1] = (*self.labels[-1][:2], self._meet(self.labels[-1][2]))
            case ast.Continue():
                self._leave(self.labels[-1][1])
            case ast.Return(value):
                self._return(node, value)
            case ast.Expr(ast.Constant(str())) | ast.Pass():
                pass
            case ast.Expr(ast.Call() as call):
                x = self.statement_value(call)
                if isinstance(x, Operand) and x.value.op != "local":
                    raise self.error(node, "its value is not used")
            case _:
                raise self.error(node, f"{type(node).__name__} is not in the dialect")

    # -- assignment ----------------------------------------------------------------------------
    def _assign(self, node: ast.stmt, target: ast.expr, x: Any) -> None:
        if isinstance(target, ast.Name):
            self._store(node, target.id, x)
            return
        if not isinstance(target, ast.Tuple) or not isinstance(x, tuple):
            raise self.error(node, "only names can be assigned to")
        if len(target.elts) != len(x):
            raise self.error(node, "as many names as values")
        # All are computed before one is set.
        held = [
            Operand(y.kind, self.named(y.value), y.index) if isinstance(y, Operand) else y
            for y in x
        ]
        for name, y in zip(target.elts, held, strict=True):
            self._assign(node, name, y)

    def _declare(self, node: ast.stmt, name: str, annotation: ast.expr) -> None:
        text = ast.unparse(annotation)
        if text not in CLASSES:
            raise self.error(node, f"{text} is no class of the dialect")
        kind = CLASSES[text][0]
        if self.kinds.setdefault(name, kind) is not kind:
            raise self.error(node, f"{name} is {self.kinds[name].__name__} elsewhere")

    def _store(self, node: ast.AST, name: str, x: Any) -> None:
        if name in self.indices:
            raise self.error(node, f"{name} is the variable of a range")
        kind = self.kinds.get(name) or kind_of(x)
        if kind is None:
            raise self.error(node, f"the class of {name}? Write it, as in u32({x!r})")
        value = self.value(node, x, kind)
        if self.kinds.setdefault(name, kind) is not kind:
            raise self.error(node, f"{name} is {self.kinds[name].__name__} elsewhere")
        self.emit(Set(local(TYPE_OF[kind], name), value))
        self.assigned.add(name)

    # -- control -------------------------------------------------------------------------------
    def _if(self, test: ast.expr, then: list[ast.stmt], other: list[ast.stmt]) -> None:
        when = self.condition(test)
        if isinstance(when, bool):
            for statement in self.body(then if when else other):
                self.emit(statement)
            return
        before = set(self.assigned)
        then_body, then_falls = self.body(then), self.falls
        after_then = self.assigned if then_falls else None
        self.assigned, self.falls = before, True
        other_body, other_falls = self.body(other), self.falls
        if after_then is not None:
            self.assigned = self.assigned & after_then if other_falls else after_then
        self.falls = then_falls or other_falls
        self.emit(If(when, then_body, other_body))

    def _while(self, test: ast.expr, body: list[ast.stmt]) -> None:
        out, top = self._label("out"), self._label("top")
        before, self.out = self.out, []
        when = self.condition(test)
        if isinstance(when, Value):
            self.emit(If(negation(when), [Br(out)]))
        head, self.out = self.out, before
        if when is False:
            return
        start = set(self.assigned)
        # What is set where the loop is left: by its test, or at each break.
        left = start if isinstance(when, Value) else None
        self.labels.append((out, top, left))
        inner = self.body(body)
        if self.falls:
            inner.append(Br(top))
        left = self.labels.pop()[2]
        self.emit(Block(out, [Loop(top, [*head, *inner])]))
        self.falls = left is not None
        self.assigned = left or start

    def _for(self, node: ast.stmt, name: str, bounds: list[ast.expr], body: list[ast.stmt]) -> None:
        """The variable counts as u32; it is a plain int in CPython, so only what cannot tell the
        difference is done with it (`Operand.index`)."""
        start, stop, step = self._range(node, bounds)
        if self.kinds.setdefault(name, u32) is not u32 or (
            name in self.assigned and name not in self.indices
        ):
            raise self.error(node, f"{name} is also an ordinary variable")
        self.indices.add(name)
        out, top, more = self._label("out"), self._label("top"), self._label("more")
        hidden = local(TYPE_OF[u32], f"{top}%{name}")
        visible = local(TYPE_OF[u32], name)
        self.emit(Let(hidden, start))
        limit = stop if stop.op == "const" else self.named(stop)
        before = set(self.assigned)
        self.assigned.add(name)
        self.labels.append((out, more, None))
        inner = self.body(body)
        self.labels.pop()
        self.falls = True
        self.assigned = before
        rounds: list[Stmt] = [
            If(limit.leu(hidden), [Br(out)]),
            Set(visible, hidden),
            Block(more, inner),
            Set(hidden, hidden + step),
            Br(top),
        ]
        self.emit(Block(out, [Loop(top, rounds)]))

    def _range(self, node: ast.stmt, bounds: list[ast.expr]) -> tuple[Value, Value, int]:
        values = [self.statement_value(b) for b in bounds]
        step = values.pop() if len(values) == 3 else 1
        start, stop = values if len(values) == 2 else (0, values[0])
        if type(step) is not int or step < 1:
            raise self.error(node, "the step of a range is a positive literal")
        return self.value(node, start, u32), self.value(node, stop, u32), step

    def _return(self, node: ast.stmt, value: ast.expr | None) -> None:
        kind = self.row.result_class
        if value is None or kind is None:
            if kind is not None or (value is not None and ast.unparse(value) != "None"):
                raise self.error(node, "result and annotation do not agree")
            self.emit(Return())
        else:
            x = self.statement_value(value)
            if isinstance(x, float) and issubclass(kind, Float):
                x = kind(x)
            self.emit(Return((self.value(node, x, kind),)))
        self.falls = False

    def _leave(self, label: str) -> None:
        self.emit(Br(label))
        self.falls = False

    def _meet(self, known: set[str] | None) -> set[str]:
        return set(self.assigned) if known is None else known & self.assigned

    def _label(self, name: str) -> str:
        self.next_label += 1
        return f"{name}{self.next_label}"
