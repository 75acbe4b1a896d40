"""Where dialect code stands: a function's syntax tree, and errors that name file and line.

Input:  `CoreFunction`.
Output: its `ast.FunctionDef`.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from typing import Any

from elfin.dialect import CoreFunction


class DialectError(ValueError):
    """Code that is Python, but not of the dialect."""


class Place:
    """Makes errors for one function."""

    def __init__(self, row: CoreFunction[Any, Any]) -> None:
        self.file = row.function.__code__.co_filename
        self.name = row.name

    def error(self, node: ast.AST, message: str) -> DialectError:
        return DialectError(f"{self.file}:{getattr(node, 'lineno', 0)}: in {self.name}: {message}")


@functools.cache
def _definitions(module: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """A module's functions by name and first line, that of the first decorator."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    return {(n.name, min([n.lineno, *(d.lineno for d in n.decorator_list)])): n for n in nodes}


def definition(row: CoreFunction[Any, Any]) -> ast.FunctionDef:
    """The function's syntax tree, with line numbers of its file."""
    function = row.function
    key = (function.__name__, function.__code__.co_firstlineno)
    found = _definitions(function.__module__).get(key)
    if found is None:
        raise DialectError(f"{row.name}: its source is not in {function.__module__}")
    return found
