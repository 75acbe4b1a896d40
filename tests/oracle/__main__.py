"""`./dev oracle [MNEMONIC...] [--states N] [--tier ref] [--seed N]`: the instruction oracle at length."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from tests.oracle.generate import States
from tests.oracle.native import Native
from tests.oracle.run import check, forms
from tests.oracle.tiers import LONG_TIERS


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev oracle", description=__doc__)
    parser.add_argument("mnemonic", nargs="*", help="only these (default: every instruction)")
    parser.add_argument("--states", type=int, default=1000, help="states a form (default 1000)")
    parser.add_argument("--tier", choices=sorted(LONG_TIERS), default="ref")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true", help="a line a form")
    options = parser.parse_args()
    chosen = forms(options.mnemonic)
    if not chosen:
        parser.error(f"no implemented form of {' '.join(options.mnemonic) or 'anything'}")
    states, tier = States(options.seed), LONG_TIERS[options.tier]()
    failed, total, start = 0, 0, time.monotonic()
    with Native() as native:
        for form in chosen:
            try:
                report = check(form, native, tier, states, seed=options.seed, total=options.states)
            except Exception:  # one broken meaning must not end the sweep
                print(f"{form!r} BROKEN\n{traceback.format_exc(limit=-4)}", flush=True)
                failed += 1
                continue
            total += report.states
            failed += bool(report.differences)
            if options.verbose or report.differences:
                print(report, flush=True)
            for example in report.examples:
                print(example, flush=True)
    seconds = time.monotonic() - start
    print(
        f"{len(chosen)} forms, {total} states, {failed} forms differ"
        f" ({total / seconds:.0f} states/s, tier {tier.name}, seed {options.seed})"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
