"""The grammar of rows: what each column means, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from elfin.isa.meant import MEANT
from elfin.isa.operand import Operand
from elfin.isa.row import Form, Rows, parse_row
from elfin.isa.table import FAMILIES, FORMS


def form(line: str, attributes: dict[str, str] | None = None) -> Form:
    return parse_row(Rows("test", "SDM", attributes or {}), line)


def test_opcode_maps() -> None:
    assert (form("01 /r").map, form("0F 01 /r").map) == (0, 1)
    assert (form("0F 38 F0 /r").map, form("0F 3A 0F /r").map) == (2, 3)
    assert form("0F 0F /r 9E").space == "3dnow"
    assert form("0F 0F /r 9E").opcode == 0x9E


def test_mandatory_prefixes() -> None:
    assert [form(f"{p} 0F 10 /r").pp for p in ("NP", "NFx", "66", "F2", "F3")] == [
        "NP",
        "NFx",
        "66",
        "F2",
        "F3",
    ]
    assert form("0F 10 /r").pp == ""
    assert form("F3 90").opcode == 0x90


def test_modrm() -> None:
    assert (form("80 /7").reg, form("80 /7").has_modrm) == (7, True)
    xgetbv = form("NP 0F 01 !D0")
    assert (xgetbv.mod, xgetbv.reg, xgetbv.rm) == ("3", 2, 0)
    tilezero = form("VEX.128.F2.0F38.W0 49 11:rrr:000   Tr")
    assert (tilezero.mod, tilezero.reg, tilezero.rm) == ("3", None, 0)
    assert form("8D /r   G,v M,n").mod == "m"
    assert form("0F 50 /r   G,y U,ps").mod == "3"
    assert form("50+r   Z,v").plus_r


def test_vector_prefixes() -> None:
    vaddps = form("VEX.NP.0F 58 /r   V,x H,x W,x")
    assert (vaddps.space, vaddps.l, vaddps.w, vaddps.pp) == ("vex", (0, 1), None, "NP")
    assert form("VEX.LIG.F3.0F 58 /r").l == ()
    assert form("EVEX.256.512.66.0F38.W1 16 /r").l == (1, 2)
    assert form("EVEX.66.MAP5.W0 10 /r").map == 5
    assert form("XOP.128.NP.08.W0 C0 /r").map == 8


@pytest.mark.parametrize(
    ("line", "attributes", "sizes"),
    [
        ("01 /r   E,v G,v", {}, (16, 32, 64)),
        ("00 /r   E,b G,b", {}, (32,)),
        ("50+r   Z,v", {"d64": ""}, (16, 64)),
        ("E8   J,z", {"f64": ""}, (64,)),
        ("REX.W 0F C7 /1   M,dq", {}, (64,)),
        ("66 0F 6E /r   V,dq E,y", {}, (32, 64)),
        ("98", {"as": "cbw/cwde/cdqe"}, (16, 32, 64)),
        ("F2 0F 38 F1 /r   G,y E,v", {}, (16, 32, 64)),
        ("0F C3 /r   M,y G,y", {}, (32, 64)),
    ],
)
def test_operand_sizes(line: str, attributes: dict[str, str], sizes: tuple[int, ...]) -> None:
    assert form(line, attributes).sizes == sizes


def test_widths() -> None:
    assert [Operand("E", "v").bits(size) for size in (16, 32, 64)] == [16, 32, 64]
    assert [Operand("I", "z").bits(size) for size in (16, 32, 64)] == [16, 32, 32]
    assert [Operand("E", "y").bits(size) for size in (16, 32, 64)] == [32, 32, 64]
    assert [Operand("W", "hx").bits(32, vector) for vector in (128, 256, 512)] == [64, 128, 256]


def test_names_by_operand_size() -> None:
    cbw = form("98   -   as=cbw/cwde/cdqe")
    assert [cbw.name(size) for size in (16, 32, 64)] == ["cbw", "cwde", "cdqe"]


@pytest.mark.parametrize(
    "line",
    [
        "01 /r   E,v G,k",
        "01 /r   Y5,v",
        "01 /r   E,v  lock  more",
        "VEX.66.0F99 58 /r",
        "REP 01 /r",
        "0F 01 /r !D0 xyz",
        "",
    ],
)
def test_what_breaks_the_grammar_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="test"):
        form(line)


def test_the_order_of_forms_is_that_of_their_encodings() -> None:
    keys = [(f.space, f.map, f.opcode, f.text) for f in FORMS]
    assert keys == sorted(keys)
    assert len(FAMILIES) == len(set(FAMILIES))


def test_what_has_a_meaning_is_in_families_that_have() -> None:
    assert tuple(f for f in FORMS if f.implemented) == MEANT


def test_translators_read_no_other_families() -> None:
    """Two thirds of the rows, and the decoder's tables."""
    script = "import sys, elfin.tiers.jit.unit; print('elfin.isa.table' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"False\n"
