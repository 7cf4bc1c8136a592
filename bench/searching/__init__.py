"""Measure the search in SQLite by size, and kill it while its index is built."""
