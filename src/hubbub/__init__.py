"""Hubbub: chat and search for many people at once."""

__version__ = "0.1.0"
