"""The command line: `elfin run`, `elfin show`.  Each command imports what it needs when it runs."""
