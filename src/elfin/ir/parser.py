"""Effects from the text that `ir/printer.py` makes.

Output: the same values and effects (values are hash-consed, so "the same" is identity).
        ValueError with the line where the text is not IR.
"""

from __future__ import annotations

import re
from typing import Any, Final

from elfin.ir.names import slot_offset
from elfin.ir.ops import OPS
from elfin.ir.signature import result_type
from elfin.ir.stmt import Branch, Effect, Jump, Leave, Let, Put, PutAt, Raise, Store
from elfin.ir.types import TYPES, Type
from elfin.ir.value import TRUE, Value, const, get, local, make

TOKEN: Final = re.compile(
    r"\s*(?:(?P<const>0x[0-9a-f]+):(?P<of>\w+)"
    r"|%(?P<local>\w+)(?::(?P<local_type>\w+))?"
    r"|(?P<op>[a-z_][\w.]*)(?:\[(?P<imm>[^\]]*)\])?\("
    r"|(?P<slot>[a-z_]\w*(?:\+\w+)?):(?P<slot_type>\w+)"
    r"|(?P<sign>[(),])|:(?P<suffix>\w+))"
)
RAISE: Final = re.compile(r"raise (\d+)\((\d+)\) if (.*)")
LEAVE: Final = re.compile(r"leave (\d+)(?: if (.*))?")
BRANCH: Final = re.compile(r"branch (.*) if (.*)")


def parse(text: str) -> list[Effect]:
    """The effects of every line that is neither empty nor a `;` comment."""
    variables: dict[str, Value] = {}
    effects: list[Effect] = []
    for line in text.splitlines():
        line = line.partition(";")[0].strip()
        if line:
            try:
                effects.append(_effect(line, variables))
            except (ValueError, KeyError) as error:
                raise ValueError(f"{error} in {line!r}") from error
    return effects


def parse_value(text: str) -> Value:
    """One value."""
    return _Reader(text, {}).whole()


def _effect(line: str, variables: dict[str, Value]) -> Effect:
    def value(text: str) -> Value:
        return _Reader(text, variables).whole()

    word, _, rest = line.partition(" ")
    if word == "jump":
        return Jump(value(rest))
    if match := LEAVE.fullmatch(line):
        return Leave(int(match[1]), value(match[2]) if match[2] else TRUE)
    if match := RAISE.fullmatch(line):
        return Raise(value(match[3]), int(match[1]), int(match[2]))
    if match := BRANCH.fullmatch(line):
        return Branch(value(match[2]), value(match[1]))
    if line.startswith("store("):
        address, stored = _Reader(line.removeprefix("store("), variables).arguments()
        return Store(address, stored)
    target, equals, rest = line.partition(" = ")
    if not equals:
        return Let(None, value(line))
    result = value(rest)
    if target[0] == "%":
        variables[target[1:]] = local(result.type, target[1:])
        return Let(variables[target[1:]], result)
    if target.startswith("state["):
        return PutAt(value(target[6:-1]), result)
    return Put(slot_offset(target), result)


class _Reader:
    """Reads one value from left to right."""

    def __init__(self, text: str, variables: dict[str, Value]) -> None:
        self.text = text
        self.at = 0
        self.variables = variables

    def token(self) -> re.Match[str]:
        match = TOKEN.match(self.text, self.at)
        if match is None:
            raise ValueError(f"what is {self.text[self.at :]!r}?")
        self.at = match.end()
        return match

    def whole(self) -> Value:
        value = self.value(self.token())
        if self.at != len(self.text):
            raise ValueError(f"what is {self.text[self.at :]!r}?")
        return value

    def value(self, token: re.Match[str]) -> Value:
        if token["const"]:
            return const(TYPES[token["of"]], int(token["const"], 16))
        if token["local"]:
            name = token["local"]
            return self.variables.get(name) or local(TYPES[token["local_type"] or ""], name)
        if token["slot"]:
            return get(TYPES[token["slot_type"]], slot_offset(token["slot"]))
        if token["op"]:
            arguments = self.arguments()
            type_ = result_type(OPS[token["op"]], [a.type for a in arguments]) or self.suffix()
            return make(token["op"], type_, *arguments, imm=_immediate(token["imm"]))
        raise ValueError(f"what is {token[0]!r}?")

    def arguments(self) -> list[Value]:
        """Values up to the closing bracket."""
        found: list[Value] = []
        token = self.token()
        while token["sign"] != ")":
            if token["sign"] != ",":
                found.append(self.value(token))
            token = self.token()
        return found

    def suffix(self) -> Type:
        return TYPES[self.token()["suffix"] or ""]


def _immediate(text: str | None) -> Any:
    if text is None:
        return None
    if " " in text:
        return tuple(map(int, text.split()))
    return int(text) if text.isdecimal() else text
