"""Find passages for a query."""
