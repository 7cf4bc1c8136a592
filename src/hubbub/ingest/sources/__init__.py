"""Bring what lies elsewhere into a folder, which is synced like any other."""
