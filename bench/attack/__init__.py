"""Attacks and faults that once got through, each tried against a real server: `python -m bench.attack --help`."""
