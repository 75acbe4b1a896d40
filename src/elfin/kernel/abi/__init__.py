"""Linux's numbers and structures, apart from behaviour: nothing here does anything."""
