"""What the types column of an op row says about a value.

Input:  "a a -> i1": a letter `a` stands for any integer type, `T` for any type, each letter for the
        same type wherever it occurs; another word is a type's name; "..." stands for any arguments.
Output: the result's type where the arguments decide it, or what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from elfin.ir.op_info import OpInfo
from elfin.ir.types import TYPES, Type

# Their row has one letter for two types: they go from a width to another.
CONVERSIONS: Final[dict[str, Callable[[Type, Type], bool]]] = {
    "zext": lambda source, result: source.is_int and result.is_int and result.bits > source.bits,
    "sext": lambda source, result: source.is_int and result.is_int and result.bits > source.bits,
    "trunc": lambda source, result: source.is_int and result.is_int and result.bits < source.bits,
    "bitcast": lambda source, result: result.bits == source.bits and result is not source,
}


@cache
def split(types: str) -> tuple[tuple[str, ...], str]:
    """The words for the arguments and the one for the result."""
    arguments, _, result = types.partition("->")
    return tuple(arguments.split()), result.strip()


def result_type(info: OpInfo, arguments: Sequence[Type]) -> Type | None:
    """The type that these arguments give, None where it is free."""
    words, result = split(info.types)
    if info.name in CONVERSIONS:
        return None
    if result in TYPES:
        return TYPES[result]
    return next((t for word, t in zip(words, arguments, strict=False) if word == result), None)


def complaint(info: OpInfo, arguments: Sequence[Type], result: Type) -> str:
    """Why the types do not fit the row; empty when they do."""
    words, result_word = split(info.types)
    if words == ("...",):
        return ""
    if len(words) != len(arguments):
        return f"{info.name} takes {len(words)} arguments, not {len(arguments)}"
    if info.name in CONVERSIONS:
        fits = CONVERSIONS[info.name](arguments[0], result)
        return "" if fits else f"{info.name} from {arguments[0]} to {result}"
    bound: dict[str, Type] = {}
    for word, type_ in (*zip(words, arguments, strict=True), (result_word, result)):
        expected = TYPES.get(word) or bound.setdefault(word, type_)
        if type_ is not expected or (word == "a" and not type_.is_int):
            given = " ".join(map(repr, arguments))
            return f"{info.name} wants {info.types}, not {given} -> {result}"
    return ""
