"""Pure functions from records and an instant to results: no I/O, no clock."""
