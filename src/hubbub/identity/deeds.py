"""Say in the log who did what about signing in: the one place where such deeds are noted."""

import logging

logger = logging.getLogger(__name__)


def note(deed: str, *, by: str = "", of: str = "", address: str = "", outcome: str = "done") -> None:
    """Note a deed: what it was, by and of which person (ids), from which address, and what came of it."""
    told = {"by": by, "of": of, "from": address, "outcome": outcome}
    logger.info("%s %s", deed, " ".join(f"{name}={value}" for name, value in told.items() if value))
