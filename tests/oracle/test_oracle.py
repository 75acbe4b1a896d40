"""Every implemented form, a few states each, on the real processor and on each tier.

`./dev oracle` runs the same at length.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator

import pytest

from elfin.isa.row import Form
from tests.oracle.generate import States
from tests.oracle.native import Native
from tests.oracle.run import Executor, check, forms
from tests.oracle.tiers import TIERS

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or platform.system() != "Linux",
    reason="the oracle is an x86-64 Linux processor",
)
STATES = 40
BY_MNEMONIC: dict[str, list[Form]] = {}
for _form in forms():
    BY_MNEMONIC.setdefault(_form.mnemonic, []).append(_form)


@pytest.fixture(scope="module")
def native() -> Iterator[Native]:
    with Native() as executor:
        yield executor


@pytest.fixture(scope="module", params=sorted(TIERS))
def tier(request: pytest.FixtureRequest) -> Executor:
    return TIERS[request.param]()


@pytest.fixture(scope="module")
def states() -> States:
    return States(0)


@pytest.mark.parametrize("mnemonic", sorted(BY_MNEMONIC))
def test_instruction(mnemonic: str, native: Native, tier: Executor, states: States) -> None:
    for form in BY_MNEMONIC[mnemonic]:
        report = check(form, native, tier, states, seed=0, total=STATES)
        assert not report.differences, "\n".join([str(report), *report.examples])
        assert report.states >= STATES, f"only {report.states} states"
