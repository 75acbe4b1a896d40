"""What every test folder shares: `--bless` for golden text, and how hypothesis spends its time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# No deadline: a two-core CI machine stalls now and then.  `--hypothesis-seed` and the printed blob
# reproduce a failure.
settings.register_profile(
    "elfin",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("elfin")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="accept the new golden text")


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten with what the code says now."""
    return bool(request.config.getoption("--bless"))
