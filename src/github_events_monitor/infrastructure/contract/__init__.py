"""The abstract database, by what is stored; `database_interface` brings the names together."""
