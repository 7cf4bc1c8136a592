"""A synced folder under changes at random, while the server is killed."""
