"""Damaged and hostile documents of every kind, read in this process and in the sandbox."""
