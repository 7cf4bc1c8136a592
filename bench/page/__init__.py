"""Measure the page in a real browser against the figures that it keeps."""
