"""Expressions of the dialect -> operands, with the statements that must come before them.

Input:  `ast.expr` nodes of one function.
Output: constants of CPython or `Operand`s; calls and branches inside an expression become statements in
        `out`.  Names are looked up among the function's variables, then in its module as it is now.
"""

from __future__ import annotations

import ast
import builtins
from typing import Any, Final

from elfin.core.dialect_builtins import BUILTINS, TO_BITS, lane_op
from elfin.core.dialect_operand import TYPE_OF, Mismatch, Operand, as_value, common_kind
from elfin.core.dialect_operators import BINARY, COMPARE, binary, compare, convert, select, unary
from elfin.core.dialect_source import DialectError, Place
from elfin.dialect import CoreFunction
from elfin.dialect.lanes import LaneOp
from elfin.ir.stmt import If, Let, Set, Stmt
from elfin.ir.types import I1, I32, Type
from elfin.ir.value import Value, local, make

_UNARY: Final[dict[type[ast.unaryop], Any]] = {
    ast.Not: lambda x: not x,
    ast.Invert: lambda x: ~x,
    ast.USub: lambda x: -x,
    ast.UAdd: lambda x: +x,
}


class Expressions:
    """The expressions of one function; `kinds` has the classes of its variables."""

    def __init__(self, row: CoreFunction[Any, Any]) -> None:
        self.place = Place(row)
        self.globals = row.function.__globals__
        self.names: frozenset[str] = frozenset()  # its variables
        self.kinds: dict[str, type] = {}
        self.indices: set[str] = set()  # variables of `range`
        self.assigned: set[str] = set()  # on every way to here
        self.out: list[Stmt] = []
        self._temporaries = 0
        self._ordered = False  # loads must not slip behind a call of the same statement

    # -- what builtins need --------------------------------------------------------------------
    def emit(self, statement: Stmt) -> None:
        self.out.append(statement)

    def loaded(self, value: Value) -> Value:
        return self.named(value) if self._ordered else value

    def named(self, value: Value) -> Value:
        var = self.temporary(value.type)
        self.emit(Let(var, value))
        return var

    def temporary(self, type_: Type) -> Value:
        self._temporaries += 1
        return local(type_, f"%{self._temporaries}")

    # -- entry points --------------------------------------------------------------------------
    def statement_value(self, node: ast.expr) -> Any:
        """The value of a whole expression of a statement."""
        self._ordered = self._calls(node)
        return self.eval(node)

    def condition(self, node: ast.expr) -> Any:
        """A bool: a constant or an i1 value."""
        x = self.statement_value(node)
        return x if isinstance(x, bool) else self.value(node, x, bool)

    def value(self, node: ast.AST, x: Any, kind: type) -> Value:
        try:
            return as_value(x, kind)
        except Mismatch as mismatch:
            raise self.error(node, str(mismatch)) from None

    def error(self, node: ast.AST, message: str) -> DialectError:
        return self.place.error(node, message)

    # -- expressions ---------------------------------------------------------------------------
    def eval(self, node: ast.expr) -> Any:
        try:
            match node:
                case ast.Constant(value):
                    return value
                case ast.Name(name):
                    return self._name(node, name)
                case ast.Attribute(base, name):
                    return getattr(self._static(base, node), name)
                case ast.BinOp(left, op, right):
                    return self._binary(op, self.eval(left), self.eval(right))
                case ast.UnaryOp(op, operand):
                    x = self.eval(operand)
                    return unary(op, x) if isinstance(x, Operand) else _UNARY[type(op)](x)
                case ast.Compare(left, [op], [right]):
                    return self._compare(op, self.eval(left), self.eval(right))
                case ast.BoolOp(op, values):
                    return self._bool(node, op, values)
                case ast.IfExp(test, then, other):
                    return self._choice(node, test, then, other)
                case ast.Call(function, arguments, []):
                    return self._call(node, function, arguments)
                case ast.Tuple(elements):
                    return tuple(self.eval(e) for e in elements)
                case ast.Subscript(base, index):
                    return self._item(node, base, index)
        except (TypeError, ArithmeticError, AttributeError) as error:
            raise self.error(node, str(error)) from None
        raise self.error(node, f"{type(node).__name__} is not in the dialect")

    def _name(self, node: ast.AST, name: str) -> Any:
        if name in self.names:
            if name not in self.assigned:
                raise self.error(node, f"{name} is not set on every way to here")
            kind = self.kinds[name]
            return Operand(kind, local(TYPE_OF[kind], name), name in self.indices)
        if name in self.globals:
            return self.globals[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        raise self.error(node, f"{name} is not defined")

    def _static(self, node: ast.expr, whole: ast.AST) -> Any:
        x = self.eval(node)
        if isinstance(x, Operand):
            raise self.error(whole, "an attribute of a value known only at run time")
        return x

    def _item(self, node: ast.AST, base: ast.expr, index: ast.expr) -> Any:
        table, at = self._static(base, node), self._static(index, node)
        return table[at]

    def _binary(self, op: ast.operator, a: Any, b: Any) -> Any:
        if type(op) not in BINARY:
            raise TypeError(f"no operator {type(op).__name__}")
        if isinstance(a, Operand) or isinstance(b, Operand):
            return binary(op, a, b)
        return BINARY[type(op)][0](a, b)

    def _compare(self, op: ast.cmpop, a: Any, b: Any) -> Any:
        if type(op) not in COMPARE:
            raise TypeError(f"no comparison {type(op).__name__}")
        if isinstance(a, Operand) or isinstance(b, Operand):
            return compare(op, a, b)
        return COMPARE[type(op)][0](a, b)

    def _bool(self, node: ast.AST, op: ast.boolop, values: list[ast.expr]) -> Any:
        """`and`, `or`: the right side is computed only if it must not be computed in vain."""
        is_and = isinstance(op, ast.And)
        result = self.eval(values[0])
        for right in values[1:]:
            if isinstance(result, bool):
                if result is not is_and:
                    return result
                result = self.eval(right)
                continue
            left = self.value(node, result, bool)
            if self._may_run_in_vain(right):
                y = self.value(right, self.eval(right), bool)
                result = Operand(bool, make("and" if is_and else "or", I1, left, y))
                continue
            var = self.named(left)
            body, _ = self._apart(right, bool, var)
            self.emit(If(var, body) if is_and else If(var, [], body))
            result = Operand(bool, var)
        return result

    def _choice(self, node: ast.AST, test: ast.expr, then: ast.expr, other: ast.expr) -> Any:
        when = self.eval(test)
        if isinstance(when, bool):
            return self.eval(then if when else other)
        condition = self.value(test, when, bool)
        if self._may_run_in_vain(then) and self._may_run_in_vain(other):
            return select(condition, self.eval(then), self.eval(other))
        before, self.out = self.out, []
        first, then_body = self.eval(then), self.out
        self.out = []
        second, other_body = self.eval(other), self.out
        self.out = before
        kind = common_kind(first, second)
        var = self.temporary(TYPE_OF[kind])
        then_body.append(Set(var, self.value(then, first, kind)))
        other_body.append(Set(var, self.value(other, second, kind)))
        self.emit(If(condition, then_body, other_body))
        return Operand(kind, var)

    def _apart(self, node: ast.expr, kind: type, var: Value) -> tuple[list[Stmt], Value]:
        """Statements that set `var` to an expression."""
        before, self.out = self.out, []
        value = self.value(node, self.eval(node), kind)
        body, self.out = self.out, before
        body.append(Set(var, value))
        return body, value

    # -- calls ---------------------------------------------------------------------------------
    def _call(self, node: ast.Call, function: ast.expr, nodes: list[ast.expr]) -> Any:
        if isinstance(function, ast.Attribute) and function.attr == "to_bits":
            return self._to_bits(node, self.eval(function.value))
        callee = self.eval(function)
        args = [self.eval(a) for a in nodes]
        if isinstance(callee, CoreFunction):
            return self._core_call(node, callee, args)
        if not any(isinstance(a, Operand) for a in args) and callee in TYPE_OF:
            return callee(*args)
        if callee in TYPE_OF:
            if len(args) != 1:
                raise self.error(node, f"{callee.__name__} converts one value")
            (x,) = args
            return Operand(callee, x.value) if x.kind is callee else convert(callee, x)
        if isinstance(callee, LaneOp):
            return lane_op(callee, args)
        if callee in BUILTINS:
            try:
                return BUILTINS[callee](self, args)
            except ValueError as error:
                raise self.error(node, f"arguments of {ast.unparse(function)}: {error}") from None
        raise self.error(node, f"{ast.unparse(function)} is no core function")

    def _to_bits(self, node: ast.AST, x: Any) -> Any:
        if not isinstance(x, Operand):
            return x.to_bits()
        if x.kind not in TO_BITS:
            raise self.error(node, f"{x.kind.__name__} has no to_bits")
        kind, type_ = TO_BITS[x.kind]
        return Operand(kind, make("bitcast", type_, x.value))

    def _core_call(self, node: ast.AST, callee: CoreFunction[Any, Any], args: list[Any]) -> Any:
        if len(args) != len(callee.classes):
            raise self.error(node, f"{callee.name} takes {len(callee.classes)} arguments")
        values = [self.value(node, a, k) for a, k in zip(args, callee.classes, strict=True)]
        if callee.result is None or callee.result_class is None:
            self.emit(Let(None, make("call", I32, *values, imm=callee.name)))
            return None
        call = make("call", callee.result, *values, imm=callee.name)
        return Operand(callee.result_class, self.named(call))

    # -- what may be moved ---------------------------------------------------------------------
    def _callee(self, call: ast.Call) -> Any:
        """What a call calls, as far as that can be told without running it."""
        match call.func:
            case ast.Name(name):
                return self.globals.get(name)
            case ast.Attribute(ast.Name(base), name):
                return getattr(self.globals.get(base), name, None)
        return None

    def _calls(self, node: ast.AST) -> bool:
        """Whether a core function is called inside."""
        inside = (n for n in ast.walk(node) if isinstance(n, ast.Call))
        return any(isinstance(self._callee(n), CoreFunction) for n in inside)

    def _may_run_in_vain(self, node: ast.AST) -> bool:
        """Computing it has no effect and cannot fail."""
        for n in ast.walk(node):
            if isinstance(n, (ast.FloorDiv, ast.Mod)):
                return False
            if isinstance(n, ast.Call):
                callee = self._callee(n)
                if isinstance(callee, CoreFunction) or callee in _ACCESSES:
                    return False
        return True


_ACCESSES: Final = frozenset(
    f for f in BUILTINS if f.__name__.startswith(("load_", "guest_load_", "store_", "guest_store_"))
)
