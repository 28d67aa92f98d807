"""Pure functions from records to answers: no I/O, no clock."""
