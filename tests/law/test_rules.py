"""Each rewrite rule keeps the value, in every width it admits; and `simplify` uses each of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from elfin import layout
from elfin.ir.evaluate import evaluate
from elfin.ir.ops import OPS
from elfin.ir.signature import CONVERSIONS
from elfin.ir.stmt import Effect, Let, Put
from elfin.ir.types import I1, INTS, TYPES, Type
from elfin.ir.value import Value, const, local, make
from elfin.ir.verify import verify
from elfin.opt.pattern import Pattern, build, type_of
from elfin.opt.rules import RULES, Rule
from elfin.opt.simplify import simplify, simplify_value
from tests.ir.test_evaluate import Flat

STATES = 60


def edges(rng: Random, type_: Type) -> int:
    """A pattern of the type, often one where something happens."""
    bits = type_.bits
    return rng.choice(
        (
            0,
            1,
            (1 << bits) - 1,
            1 << bits - 1,
            (1 << bits - 1) - 1,
            rng.randrange(70),
            rng.getrandbits(bits),
        )
    ) & ((1 << bits) - 1)


def type_letters(pattern: Pattern) -> set[str]:
    own = {pattern.type_} - TYPES.keys() - {""}
    return own.union(*map(type_letters, pattern.args))


def well_typed(pattern: Pattern, types: dict[str, Value | Type]) -> bool:
    if pattern.kind in CONVERSIONS:
        source = pattern.args[0]
        if not CONVERSIONS[pattern.kind](
            type_of(source.type_, types), type_of(pattern.type_, types)
        ):
            return False
    return all(well_typed(arg, types) for arg in pattern.args)


def typings(rule: Rule) -> Iterator[dict[str, Value | Type]]:
    """Every choice of types that both sides admit."""
    letters = sorted(type_letters(rule.before))
    for chosen in product(INTS.values(), repeat=len(letters)):
        types: dict[str, Value | Type] = dict(zip(letters, chosen, strict=True))
        if well_typed(rule.before, types) and (
            rule.name == "select_number" or well_typed(rule.after, types)
        ):
            yield types


def letters_of(rule: Rule, types: dict[str, Value | Type], rng: Random) -> dict[str, Value | Type]:
    """Letters as variables, constants at random; small constants where the rule has a condition."""
    found = dict(types)
    for letter in rule.before.letters():
        type_ = type_of(letter.type_, types)
        if letter.kind == "constant":
            value = edges(rng, type_)
            if rule.when is not None and rng.random() < 0.7:
                value = rng.choice((rng.randrange(8), 255, 65535)) & (1 << type_.bits) - 1
            found.setdefault(letter.imm, const(type_, value))
        else:
            found.setdefault(letter.imm, local(type_, letter.imm))
    return found


def result(effects: list[Effect], value: Value) -> int:
    state = bytearray(layout.STATE_SIZE)
    where = layout.FLAG_C if value.type is I1 else layout.XMM
    effects = [*effects, Put(where, value)]
    assert verify(effects) == []
    evaluate(effects, state, Flat())
    return int.from_bytes(state[where : where + 16], "little")


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_before_is_after(rule: Rule) -> None:
    rng = Random(rule.name)
    tried = 0
    for types in typings(rule):
        for _ in range(STATES):
            found = letters_of(rule, types, rng)
            if rule.when is not None and not rule.when(found):
                continue
            variables: list[Effect] = [
                Let(value, const(value.type, edges(rng, value.type)))
                for value in found.values()
                if isinstance(value, Value) and value.op == "local"
            ]
            before, after = build(rule.before, found), build(rule.after, found)
            assert before.type is after.type
            assert result(variables, before) == result(variables, after), (before, variables)
            tried += 1
    assert tried >= STATES // 2, f"{rule.name} was hardly tried"


def test_names_are_unique() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


def size(value: Value) -> int:
    return 1 + sum(map(size, value.args))


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_simplify_does_what_the_rule_says(rule: Rule) -> None:
    """The left side is gone after `simplify`, and nothing got bigger."""
    rng = Random(rule.name)
    for types in typings(rule):
        for _ in range(10):
            found = letters_of(rule, types, rng)
            if rule.when is not None and not rule.when(found):
                continue
            before = build(rule.before, found)
            after = simplify_value(before)
            assert after is not before
            assert size(after) <= size(before)
            assert simplify_value(after) is after


def test_random_values_keep_their_meaning() -> None:
    from_rules = Random(11)
    for _ in range(1500):
        type_ = from_rules.choice(list(INTS.values()))
        value = tangle(from_rules, type_, 5)
        variables: list[Effect] = [
            Let(local(t, f"{t.name}{n}"), const(t, edges(from_rules, t)))
            for t in INTS.values()
            for n in range(2)
        ]
        where = layout.FLAG_C if type_ is I1 else layout.XMM
        simplified = simplify([*variables, Put(where, value)])
        assert verify(simplified) == []
        last = simplified[-1]
        assert isinstance(last, Put)
        assert result(variables, value) == result(variables, last.value), value


def tangle(rng: Random, type_: Type, depth: int) -> Value:
    """A random integer value over few variables, so that rules meet what they look for."""
    if depth == 0 or rng.random() < 0.15:
        if rng.random() < 0.4:
            return const(type_, edges(rng, type_))
        return local(type_, f"{type_.name}{rng.randrange(2)}")

    def inner(t: Type) -> Value:
        return tangle(rng, t, depth - 1)

    names = ("add", "sub", "and", "or", "xor", "shl", "lshr", "ashr", "mul", "rotl")
    choice = rng.random()
    if choice < 0.15:
        return make("select", type_, inner(I1), inner(type_), inner(type_))
    if choice < 0.3:
        source = rng.choice([t for t in INTS.values() if t is not type_])
        name = "trunc" if source.bits > type_.bits else rng.choice(("zext", "sext"))
        return make(name, type_, inner(source))
    if type_ is I1 and choice < 0.8:
        source = rng.choice(list(INTS.values()))
        name = rng.choice([n for n, row in OPS.items() if row.types == "a a -> i1"])
        return make(name, type_, inner(source), inner(source))
    return make(rng.choice(names), type_, inner(type_), inner(type_))
