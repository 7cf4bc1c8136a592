"""The wire formats: each a pure function from events to bytes."""
