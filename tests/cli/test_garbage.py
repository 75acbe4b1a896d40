"""Python hardly looks for cyclic garbage while a program starts: there is none."""

import gc
import subprocess
import sys

import pytest

from elfin.garbage import uncollected
from tests.programs.tiny import tiny

COUNTED = """
import contextlib, gc, sys
import elfin.garbage
found = []
gc.callbacks.append(lambda phase, info: found.append(phase))
if sys.argv[2] == "searching":
    elfin.garbage.uncollected = contextlib.nullcontext
from elfin.cli.main import main
status = main(["run", sys.argv[1]])
print(len(found), gc.isenabled(), gc.get_freeze_count() > 10000)
sys.exit(status)
"""


def test_a_run_begins_with_few_searches(tmp_path):
    """How many there are depends on what else Python imports at its start."""
    program = tmp_path / "tiny"
    program.write_bytes(tiny())
    program.chmod(0o755)
    counts = {}
    for mode in ("as it is", "searching"):
        words = [sys.executable, "-c", COUNTED, program, mode]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        count, *others = done.stdout.split()[-3:]
        assert others == ["True", "True"]
        counts[mode] = int(count)
    assert counts["as it is"] < counts["searching"] / 2


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
