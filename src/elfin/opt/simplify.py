"""Pass: cheaper values of the same meaning.

Input:  effects.
Output: the same effects over values that no rule of `opt/rules.py` matches, constants folded and on
        the right of commutative operations.
Bottom-up, each value once.  `fired` counts which rules did something, for who looks for dead ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from elfin.bits import mask, sign_extend
from elfin.ir.evaluate import fold
from elfin.ir.ops import OPS
from elfin.ir.stmt import Effect
from elfin.ir.types import Type
from elfin.ir.value import Value, const, make
from elfin.opt.effects import map_values
from elfin.opt.pattern import build, match
from elfin.opt.rules import RULES, Rule

_BY_ROOT: Final[dict[str, list[Rule]]] = {}
for _rule in RULES:
    _BY_ROOT.setdefault(_rule.before.kind, []).append(_rule)
# Folding these would fix what the engine leaves open (NaNs), or divide by zero ahead of its guard.
_NOT_FOLDED: Final = frozenset({"divu", "divs", "remu", "rems"})
_FOLDED_WORDS: Final = frozenset({"a", "T", "i1", "i8", "i16", "i32", "i64", "v128"})

fired: Counter[str] = Counter()


def simplify(effects: Iterable[Effect]) -> list[Effect]:
    """Every value of the effects, simplified."""
    simplified = Simplifier()
    return [map_values(effect, simplified) for effect in effects]


def simplify_value(value: Value) -> Value:
    """One value, simplified."""
    return Simplifier()(value)


class Simplifier:
    """Called on values; remembers what became of each."""

    def __init__(self) -> None:
        self.known: dict[Value, Value] = {}

    def __call__(self, value: Value) -> Value:
        found = self.known.get(value)
        if found is None:
            args = tuple(map(self, value.args))
            same = args == value.args
            rebuilt = value if same else make(value.op, value.type, *args, imm=value.imm)
            found = self.known[value] = self.rewrite(rebuilt)
            self.known[found] = found
        return found

    def rewrite(self, value: Value) -> Value:
        """A value over simplified arguments."""
        if value.args and not OPS[value.op].effect:
            if all(arg.op == "const" for arg in value.args):
                folded = fold_value(value)
                if folded is not None:
                    return folded
            if OPS[value.op].commutes and value.args[0].op == "const" != value.args[1].op:
                value = make(value.op, value.type, *value.args[::-1], imm=value.imm)
        for rule in _BY_ROOT.get(value.op, ()):
            letters: dict[str, Value | Type] = {}
            if match(rule.before, value, letters) and (rule.when is None or rule.when(letters)):
                fired[rule.name] += 1
                return self(build(rule.after, letters))
        return value


def fold_value(value: Value) -> Value | None:
    """The constant that an operation on constants is; None where it is left to run time."""
    pattern, source = value.args[0].imm, value.args[0].type
    to = value.type
    converted: dict[str, Callable[[], int]] = {
        "zext": lambda: int(pattern),
        "trunc": lambda: pattern & mask(to.bits),
        "sext": lambda: sign_extend(pattern, source.bits, to.bits),
    }
    if value.op in converted:
        return const(to, converted[value.op]())
    row = OPS[value.op]
    words = {*row.types.replace("->", "").split()}
    if row.meaning is None or value.op in _NOT_FOLDED or not words <= _FOLDED_WORDS:
        return None
    if any(lane in value.op for lane in ("f32x4", "f64x2")):
        return None
    return const(to, fold(value.op, source.bits, *(a.imm for a in value.args), imm=value.imm))
