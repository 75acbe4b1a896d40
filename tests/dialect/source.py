"""Dialect code in a string -> an imported module."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from elfin.core.dialect_compile import compile_function
from elfin.dialect import REGISTRY, CoreFunction
from elfin.ir.stmt import Function

HEAD = """from __future__ import annotations
from elfin.dialect import *
from elfin.dialect import lanes
"""
_numbers = itertools.count()


def module_of(source: str) -> ModuleType:
    """The module; its functions leave the registry again, so that names may be used twice."""
    name = f"dialect_sample_{next(_numbers)}"
    known = dict(REGISTRY)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(HEAD + source)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            functions_of(module)  # reads the source while it is there
        finally:
            REGISTRY.clear()
            REGISTRY.update(known)
    return module


def rows_of(module: ModuleType) -> list[CoreFunction[Any, Any]]:
    found = [x for x in vars(module).values() if isinstance(x, CoreFunction)]
    return [row for row in found if row.__module__ == module.__name__]


def functions_of(module: ModuleType) -> list[Function]:
    """Compiled, all exported."""
    functions = [compile_function(row) for row in rows_of(module)]
    for function in functions:
        function.export = function.name
    return functions
