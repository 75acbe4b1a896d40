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
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


def definition(row: CoreFunction[Any, Any]) -> ast.FunctionDef:
    """The function's syntax tree, with line numbers of its file."""
    first = row.function.__code__.co_firstlineno  # of its first decorator
    name = row.function.__name__
    for node in ast.walk(_tree(row.function.__module__)):
        if isinstance(node, ast.FunctionDef) and node.name == name and _line(node) == first:
            return node
    raise DialectError(f"{row.name}: its source is not in {row.function.__module__}")


def _line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])
