"""The dataclasses of the standard library, as far as elfin uses them, made when they are first needed.

Input:  a class with annotated names.  Output: the same class with the methods of a dataclass.
A start makes fifty such classes, and of most of them no instance: the library compiles three or four methods for each
(0.5 ms), and its own import takes 8 ms.  Here `__init__` is compiled when the first instance is made, and the other
methods are the same few functions for every class.

mypy is told that these are the library's.  What differs at run time: `frozen` classes can be hashed, but only mypy
sees to it that nobody writes to their instances.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Final, NamedTuple

__all__ = ["astuple", "dataclass", "field", "fields", "replace"]

MISSING: Final = object()
INIT: Final = "__init__"
FIELDS: Final = "__record_fields__"


class Field(NamedTuple):
    """A field of a class; `default` and `default_factory` may be missing."""

    default: Any = MISSING
    default_factory: Any = MISSING
    init: bool = True
    kw_only: bool = False
    name: str = ""


def _dataclass(cls: Any = None, /, **options: bool) -> Any:
    """The decorator, with or without options: `eq`, `frozen`, `kw_only` and `slots`."""
    if cls is None:
        return lambda cls: _made(cls, **options)
    return _made(cls, **options)


def _made(
    cls: Any, *, eq: bool = True, frozen: bool = False, kw_only: bool = False, slots: bool = False
) -> Any:
    body = cls.__dict__
    own = []
    for name in body.get("__annotations__", ()):
        default = body.get(name, MISSING)
        found = default if isinstance(default, Field) else Field(default)
        own.append(found._replace(name=name, kw_only=kw_only))
    found_before = [f for base in reversed(cls.__mro__[1:]) for f in base.__dict__.get(FIELDS, ())]
    all_fields = tuple({f.name: f for f in (*found_before, *own)}.values())
    if slots:
        cls = _slotted(cls, [f.name for f in own])
    else:
        for f in own:
            if isinstance(body.get(f.name), Field):
                if f.default is MISSING:
                    delattr(cls, f.name)
                else:
                    setattr(cls, f.name, f.default)
    body = cls.__dict__
    names = [f.name for f in all_fields]
    setattr(cls, FIELDS, all_fields)
    in_order = tuple(f.name for f in all_fields if f.init and not f.kw_only)
    type.__setattr__(cls, "__match_args__", in_order)  # mypy forbids to assign it
    if INIT not in body:
        cls.__init__ = _first_init(cls)
    if "__repr__" not in body:
        cls.__repr__ = _repr
    if eq:
        values = attrgetter(*names) if names else type
        if "__eq__" not in body:
            cls.__eq__ = _equality(values)
        if body.get("__hash__") is None:  # which Python has set if there is an __eq__
            cls.__hash__ = _hashing(values) if frozen else None
    return cls


def _slotted(cls: Any, names: list[str]) -> Any:
    """The class again, with places for its own fields: places cannot be added to one that exists."""
    body = dict(cls.__dict__)
    for name in (*names, "__dict__", "__weakref__"):
        body.pop(name, None)
    new = type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": tuple(names)})
    new.__qualname__ = cls.__qualname__
    return new


def _first_init(cls: Any) -> Callable[..., None]:
    """An `__init__` that compiles the real one, which takes its place."""

    def first(self: Any, *args: Any, **named: Any) -> None:
        cls.__init__ = init = _init(cls)
        init(self, *args, **named)

    return first


def _init(cls: Any) -> Callable[..., None]:
    known: dict[str, Any] = {"MISSING": MISSING}
    positional, named = ["self"], list[str]()
    lines = []
    for f in getattr(cls, FIELDS):
        value = f.name
        if f.default_factory is not MISSING:
            known[f"make_{f.name}"] = f.default_factory
            call = f"make_{f.name}()"
            value = f"{call} if {value} is MISSING else {value}" if f.init else call
        elif f.default is not MISSING:
            known[f"default_{f.name}"] = f.default
        if f.init:
            default = f"=default_{f.name}" if f.default is not MISSING else ""
            default = "=MISSING" if f.default_factory is not MISSING else default
            (named if f.kw_only else positional).append(f.name + default)
        elif f.default_factory is MISSING:
            continue
        lines.append(f" self.{f.name}={value}\n")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()\n")
    parameters = ",".join([*positional, *(["*", *named] if named else ())])
    exec(f"def __init__({parameters}):\n{''.join(lines) or ' pass'}", known)
    init: Callable[..., None] = known[INIT]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in getattr(self, FIELDS))
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _equality(values: Callable[[Any], Any]) -> Callable[[Any, object], Any]:
    def eq(self: Any, other: object) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or values(self) == values(other)

    return eq


def _hashing(values: Callable[[Any], object]) -> Callable[[Any], int]:
    return lambda self: hash(values(self))


def _field(*, default: Any = MISSING, default_factory: Any = MISSING, init: bool = True) -> Any:
    return Field(default, default_factory, init)


def _replace(record: Any, /, **changes: Any) -> Any:
    """A copy with some fields changed."""
    for f in getattr(record, FIELDS):
        if f.init and f.name not in changes:
            changes[f.name] = getattr(record, f.name)
    return type(record)(**changes)


def _fields(record: Any) -> tuple[Field, ...]:
    """Of a class or an instance."""
    found: tuple[Field, ...] = getattr(record, FIELDS)
    return found


def _astuple(record: Any) -> tuple[Any, ...]:
    """The values of its fields, as they are."""
    return tuple(getattr(record, f.name) for f in _fields(record))


if TYPE_CHECKING:
    from dataclasses import astuple, dataclass, field, fields, replace
else:
    astuple, dataclass, field, fields, replace = _astuple, _dataclass, _field, _fields, _replace
