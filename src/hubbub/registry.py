"""Names of the back ends."""
