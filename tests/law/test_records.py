"""`elfin.records` does what the library's dataclasses do, made by the same text."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from elfin import records

TEXT = """
@dataclass(OPTIONS)
class Base:
    '''A doc string.'''
    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list)
    d: int = field(init=False)
    e: int = field(default=5)

    def __post_init__(self):
        self.d = self.a * 2

@dataclass(OPTIONS)
class Derived(Base):
    b: str = "other"
    f: tuple[int, ...] = ()

    def __repr__(self):
        return f"<{self.f}>"

@dataclass(OPTIONS)
class Empty:
    pass
"""
OPTIONS = ["", "slots=True", "eq=False", "slots=True, eq=False", "kw_only=True"]


def made(module: Any, options: str, text: str = TEXT) -> Any:
    names = {name: getattr(module, name) for name in ("dataclass", "field", "replace")}
    names["__name__"] = __name__
    exec(text.replace("OPTIONS", options), names)
    return SimpleNamespace(**names)


def said(action: Callable[..., object], *args: object, **named: object) -> object:
    """What it answers to wrong arguments."""
    try:
        return action(*args, **named)
    except TypeError as error:
        return str(error).replace("test_records", "")


@pytest.mark.parametrize("options", OPTIONS)
def test_as_library(options: str) -> None:
    found = []
    for module in (dataclasses, records):
        with pytest.MonkeyPatch.context() as patch:
            kinds = made(module, options)
            patch.setitem(globals(), "Base", kinds.Base)  # where pickle looks
            one, like, other = kinds.Base(a=1), kinds.Base(a=1), kinds.Base(a=1, b="x", e=7)
            one.c.append(3)
            derived = kinds.Derived(a=2, f=(1,))
            same = [copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))]
            changed = kinds.replace(other, b="y", e=8)
            found.append(
                [
                    *map(repr, (one, like, other, derived, changed, kinds.Empty(), *same)),
                    one == like,
                    one != other,
                    one == derived,
                    kinds.Empty() == kinds.Empty(),
                    *(x == one for x in same),
                    one.__hash__ is None,
                    said(kinds.Base),
                    said(kinds.Base, 1, "x", [], 5, 6, 7),
                    said(kinds.Base, a=1, z=1),
                    kinds.Derived.__match_args__,
                    kinds.Derived.__qualname__,
                    kinds.Base.__doc__,
                    getattr(kinds.Base, "__slots__", None),
                    hasattr(one, "__dict__"),
                    [f.name for f in module.fields(kinds.Derived)],
                ]
            )
    assert found[0] == found[1]


@pytest.mark.parametrize("options", ["frozen=True", "frozen=True, slots=True"])
def test_frozen(options: str) -> None:
    """They can be hashed, like what they hold; an explicit `__hash__` stays."""
    text = """
@dataclass(OPTIONS)
class Pair:
    a: int
    b: int = 2

@dataclass(OPTIONS)
class Odd:
    a: int
    def __hash__(self):
        return 7
    """
    kinds = made(records, options, text)
    assert hash(kinds.Pair(1)) == hash(kinds.Pair(1, 2)) != hash(kinds.Pair(2, 1))
    assert {kinds.Pair(1): 3}[kinds.Pair(1, 2)] == 3
    assert hash(kinds.Odd(1)) == 7
    assert records.astuple(kinds.Pair(1)) == (1, 2)


def test_recursive_repr() -> None:
    text = """
@dataclass(slots=True)
class Node:
    to: object = None
    """
    node = made(records, "", text).Node()
    node.to = node
    assert repr(node) == "Node(to=...)"
