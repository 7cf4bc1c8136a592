"""How long a test waits for what has to happen."""

import asyncio

PATIENCE_SECONDS = 30.0
"""So long even a machine that is busy with other work needs for nothing that takes milliseconds."""

SOON_SECONDS = 10.0
"""For what is promised within a second or less: what other work adds stays below it, what is broken takes longer."""


def patience() -> asyncio.Timeout:
    """Return a limit that only what never happens reaches. How long something may take is another promise."""
    return asyncio.timeout(PATIENCE_SECONDS)
