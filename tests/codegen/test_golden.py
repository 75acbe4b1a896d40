"""The code of small values, as text: a change of instruction selection is seen in a diff."""

from __future__ import annotations

from pathlib import Path

from elfin.codegen.module import build
from elfin.ir.parser import parse
from elfin.ir.stmt import Function, Let, Return, Stmt
from elfin.ir.value import Value
from elfin.wasm.module import Module
from elfin.wasm.text import function_text
from tests.codegen.machine import wide_products
from tests.golden import check

HERE = Path(__file__).parent


def produce(source: str) -> str:
    """Lines `%x = value`; variables read before they are set are parameters, the last is the result."""
    body: list[Stmt] = list(parse(source))
    named: dict[Value, None] = {}
    params: dict[Value, None] = {}
    for effect in body:
        assert isinstance(effect, Let)
        assert effect.var is not None
        params.update(dict.fromkeys(v for v in variables(effect.value) if v not in named))
        named[effect.var] = None
        result = effect.var
    function = Function("f", tuple(params), (result.type,), [*body, Return((result,))])
    return function_text(Module.decode(build([function, *wide_products()], memory=1)), 0)


def variables(value: Value) -> list[Value]:
    if value.op == "local":
        return [value]
    return [v for a in value.args for v in variables(a)]


def test_values(bless: bool) -> None:
    check(HERE / "values.test", produce, bless)
