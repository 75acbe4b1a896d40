"""Python hardly looks for cyclic garbage while a program starts: there is none."""

import gc
import subprocess
import sys

import pytest

from elfin.garbage import uncollected
from tests.programs.tiny import tiny

COUNTED = """
import gc, sys
found = []
gc.callbacks.append(lambda phase, info: found.append(info["generation"]))
from elfin.cli.main import main
status = main(["run", sys.argv[1]])
print(2 in found, gc.isenabled(), gc.get_freeze_count() > 10000)
sys.exit(status)
"""


def test_a_run_begins_without_long_searches(tmp_path):
    """Of what is young, some are: how many depends on what else Python imports at its start."""
    program = tmp_path / "tiny"
    program.write_bytes(tiny())
    program.chmod(0o755)
    words = [sys.executable, "-c", COUNTED, program]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-3:] == ["False", "True", "True"]


def test_searches_begin_again_behind_an_error():
    with pytest.raises(KeyError), uncollected():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_one_inside_another_changes_nothing():
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
