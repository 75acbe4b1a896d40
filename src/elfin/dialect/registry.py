"""`core_function`: marks a function as dialect code and keeps its row.

Input:  an ordinary annotated function.
Output: `CoreFunction`, callable from CPython as before; `REGISTRY` finds it by name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, Generic, ParamSpec, TypeVar

from elfin.dialect.floats import f32, f64
from elfin.dialect.integers import i32, i64, u32, u64, v128
from elfin.ir.types import F32, F64, I1, I32, I64, V128, Type

P = ParamSpec("P")
R = TypeVar("R")

CLASSES: Final[dict[str, tuple[type, Type]]] = {
    "u32": (u32, I32),
    "i32": (i32, I32),
    "u64": (u64, I64),
    "i64": (i64, I64),
    "f32": (f32, F32),
    "f64": (f64, F64),
    "v128": (v128, V128),
    "bool": (bool, I1),
}


class CoreFunction(Generic[P, R]):
    """A dialect function and what its row says.

    `may_fault`: it returns a status (0 done, 1 fault, 2 stopped before the end).  `reads` and `writes`
    name the parts of the register file that it uses, for the passes that keep registers elsewhere.
    `imported`: inside Wasm it is the host's (`runtime.host.Space`), and the body is for CPython only.
    """

    def __init__(
        self,
        function: Callable[P, R],
        may_fault: bool,
        reads: tuple[str, ...],
        writes: tuple[str, ...],
        imported: bool = False,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.may_fault = may_fault
        self.reads = reads
        self.writes = writes
        self.imported = imported
        self.name = _name(function)
        annotations = dict(function.__annotations__)
        result = annotations.pop("return", None)
        self.classes: tuple[type, ...] = tuple(self._class(a)[0] for a in annotations.values())
        self.params: tuple[Type, ...] = tuple(self._class(a)[1] for a in annotations.values())
        self.result: Type | None = None
        self.result_class: type | None = None
        if result not in ("None", None):
            self.result_class, self.result = self._class(result)

    def _class(self, annotation: Any) -> tuple[type, Type]:
        found = CLASSES.get(annotation if isinstance(annotation, str) else annotation.__name__)
        if found is None:
            raise TypeError(f"{self.name}: {annotation} is no type of the dialect")
        return found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """In CPython.  Plain ints stand for the parameter's class."""
        if kwargs or len(args) != len(self.classes):
            raise TypeError(f"{self.name} takes {len(self.classes)} arguments, by position")
        result: Any = self.function(*map(_as, self.classes, args))  # type: ignore[call-arg]
        if self.result_class is not None:
            result = _as(self.result_class, result)
        return result  # type: ignore[no-any-return]


def _as(class_: type, value: Any) -> Any:
    if value.__class__ is class_:
        return value
    if value.__class__ in (int, float) or class_ is bool:
        return class_(value)
    raise TypeError(f"{type(value).__name__} where {class_.__name__} is declared")


def _name(function: Callable[..., Any]) -> str:
    """Private functions carry their module's name: they may be called alike."""
    name = function.__name__
    return f"{function.__module__.rpartition('.')[2]}.{name}" if name[0] == "_" else name


REGISTRY: Final[dict[str, CoreFunction[Any, Any]]] = {}


def core_function(
    *,
    may_fault: bool = False,
    reads: tuple[str, ...] | str = (),
    writes: tuple[str, ...] | str = (),
    imported: bool = False,
) -> Callable[[Callable[P, R]], CoreFunction[P, R]]:
    """Decorator for dialect code."""

    def register(function: Callable[P, R]) -> CoreFunction[P, R]:
        row = CoreFunction(function, may_fault, _words(reads), _words(writes), imported)
        known = REGISTRY.get(row.name)
        if known is not None and known.__module__ != row.__module__:
            raise ValueError(f"{row.name} is defined in {known.__module__} and {row.__module__}")
        REGISTRY[row.name] = row
        return row

    return register


def _words(names: tuple[str, ...] | str) -> tuple[str, ...]:
    return tuple(names.split()) if isinstance(names, str) else tuple(names)
