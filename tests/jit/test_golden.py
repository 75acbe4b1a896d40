"""The Wasm made of representative snippets, as text: a change of generated code shows as a diff."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from elfin.hosts.wasmtime_py import WasmtimeHost
from elfin.wasm.folded import folded_lines
from elfin.wasm.module import Module
from elfin.wasm.text import module_text
from tests import golden
from tests.jit.snippets import Translations

FILES = sorted((Path(__file__).parent / "golden").glob("*.test"))


@pytest.fixture(scope="module")
def translations() -> Translations:
    return Translations()


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_generated_code(path: Path, translations: Translations, bless: bool) -> None:
    golden.check(path, translations.wat, bless)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_text_is_the_code(path: Path, translations: Translations) -> None:
    """The engine takes the code, and another assembler makes the same of its text."""
    host = WasmtimeHost()
    for case in golden.GoldenFile.read(path).cases:
        wasm = translations.unit(case.source).wasm
        host.compile(wasm)
        module = Module.decode(wasm)
        again = Module.decode(bytes(wasmtime.wat2wasm(module_text(module, folded_lines))))
        assert [c.body for c in again.codes] == [c.body for c in module.codes], case.name
