"""Build everything once, and close it in order."""
