"""GitHub: its protocol without I/O, its JSON as records, and a thin HTTP client."""
