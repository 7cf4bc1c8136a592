"""The pipes: databases, HTTP and child processes. No words of the domain."""
