"""What every test folder shares: `--bless` for golden text, how hypothesis spends its time, signals as a
terminal's shell sets them, and a translator that makes anew what it runs."""

from __future__ import annotations

import os
import signal

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


# A job in the background of a script ignores these, and so would every guest.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

os.environ["ELFIN_CACHE_SIZE"] = "0"  # but for the tests of what is kept (jit/test_store.py)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="accept the new golden text")


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten with what the code says now."""
    return bool(request.config.getoption("--bless"))
