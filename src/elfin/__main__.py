"""`python -m elfin` is `elfin`."""

import sys

from elfin.cli.main import main

sys.exit(main())
