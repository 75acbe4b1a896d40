"""Code outside of the dialect is refused with file, line and reason."""

from __future__ import annotations

import re

import pytest

from elfin.core.dialect_source import DialectError
from elfin.dialect import i32, i64, u32, u64
from tests.dialect.source import module_of

CASES = {
    "classes do not mix": ("return a + u32(1)", "u64 beside u32"),
    "literal too great": ("return a + (1 << 64)", "does not fit u64"),
    "negative literal": ("return a & -1", "-1 does not fit u64"),
    "argument of another class": ("return u64(load_u8(a))", "u64 where u32 is wanted"),
    "result of another class": ("return u32(a)", "u32 where u64 is wanted"),
    "an integer is no condition": ("if a:\n  return a\n return a", "u64 where bool is wanted"),
    "class of a literal": ("x = 5\n return a", "the class of x?"),
    "two classes in one variable": ("x = u32(1)\n x = a\n return x", "u64 where u32 is wanted"),
    "perhaps not set": ("if a > 1:\n  x = a\n return x", "x is not set on every way"),
    "not set in a loop": ("while a > 1:\n  x = a\n  a = x\n return x", "x is not set"),
    "no result": ("if a > 1:\n  return a", "reaches the end without a result"),
    "result not wanted": ("return", "result and annotation do not agree"),
    "list": ("x = [a]\n return a", "List is not in the dialect"),
    "lambda": ("f = lambda: a\n return a", "Lambda is not in the dialect"),
    "try": ("try:\n  return a\n finally:\n  pass", "Try is not in the dialect"),
    "for over something else": ("for x in (a, a):\n  pass\n return a", "For is not in the dialect"),
    "python function": ("return u64(min(a, a))", "min is no core function"),
    "unknown name": ("return b", "b is not defined"),
    "keyword": ("return u64(value=a)", "Call is not in the dialect"),
    "chain": ("return u64(0 < a < 9)", "Compare is not in the dialect"),
    "operator that is missing": ("return a ** 2", "no operator Pow"),
    "comparison that is missing": ("return u64(a is a)", "no comparison Is"),
    "float operator": ("return u64(f64(a) < 1) + u64(f64(a) % 2)", "f64 has no operator Mod"),
    "vector operator": ("x = v128(0)\n x = x + x\n return a", "v128"),
    "store is no value": ("return store_u64(u32(0), a)", "where u64 is wanted"),
    "unused value": ("clz64(a)\n return a", "its value is not used"),
    "number of arguments": ("return g(a, a)", "takes 1 arguments"),
    "variable of a range": (
        "for i in range(9):\n  a += u64(i + 1)\n return a",
        "range beside a literal",
    ),
    "variable of a range set": (
        "for i in range(9):\n  i = u32(1)\n return a",
        "variable of a range",
    ),
    "step of a range": ("for i in range(0, 9, -1):\n  pass\n return a", "positive literal"),
    "attribute": ("return a.real", "attribute of a value"),
    "constants that fail": ("return u64(1 // 0)", "division"),
    "bool is no number": ("return a + True", "u64 beside bool"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(name: str) -> None:
    body, message = CASES[name]
    source = f"@core_function()\ndef f(a: u64) -> u64:\n {body}\n"
    source += "@core_function()\ndef g(a: u64) -> u64:\n return a\n"
    with pytest.raises(DialectError, match=message) as caught:
        module_of(source)
    assert re.search(r"dialect_sample_\d+\.py:\d+: in f: ", str(caught.value))


def test_parameters_are_annotated() -> None:
    with pytest.raises(TypeError, match="str is no type of the dialect"):
        module_of("@core_function()\ndef f(a: str) -> u64:\n return u64(1)\n")


def test_cpython_refuses_mixed_classes_too() -> None:
    with pytest.raises(TypeError, match="u32 beside u64"):
        u32(1) + u64(1)
    with pytest.raises(TypeError, match="does not fit"):
        u32(1) + (1 << 32)
    with pytest.raises(TypeError, match="i32 beside bool"):
        i32(1) + True
    with pytest.raises(TypeError, match="-1 does not fit"):
        -1 & u64(1)
    with pytest.raises(OverflowError):
        i64(-(1 << 63)) // i64(-1)
