"""The SQLite provider: a file of one's own, or a database in memory."""
