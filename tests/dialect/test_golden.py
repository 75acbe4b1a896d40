"""What the compiler makes of dialect code, as text: its IR, and the code of that."""

from __future__ import annotations

from pathlib import Path

from elfin.codegen.module import build
from elfin.ir.printer import show
from elfin.wasm.module import Module
from elfin.wasm.text import function_text
from tests.dialect.source import functions_of, module_of
from tests.golden import check

HERE = Path(__file__).parent


def produce(source: str) -> str:
    functions = functions_of(module_of(source))
    module = Module.decode(build(functions, memory=1))
    return "\n".join(
        f"{f.name}\n{show(f.body)}{function_text(module, n)}" for n, f in enumerate(functions)
    )


def test_functions(bless: bool) -> None:
    check(HERE / "functions.test", produce, bless)
