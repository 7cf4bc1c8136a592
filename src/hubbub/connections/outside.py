"""What can go wrong between us and a server outside, and how long we wait for it."""

CONNECT_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which common servers close an idle connection: a request must not meet the closing."""


class Unreachable(ConnectionError):
    """No connection came about; the text says whether name, port or certificate was at fault."""


class BrokenOff(ConnectionError):
    """The connection ended, or stopped making sense, before its answer was complete."""
