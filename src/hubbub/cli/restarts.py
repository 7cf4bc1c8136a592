"""Say how soon a worker that died is replaced."""

QUICK_SECONDS = 10.0
QUICK_DEATHS = 5
FIRST_PAUSE_SECONDS = 0.5
SLOW_SECONDS = 30.0
SERVED_SECONDS = 1.0
"""One that could serve is waited for no longer: else, where all are killed again and again, nobody would serve."""


class Restarts:
    """Counts the deaths of one worker and of its successors that came right after their start."""

    def __init__(self) -> None:
        self.quick_deaths = 0
        """How many in a row."""

    def pause_after(self, lived_seconds: float, *, has_served: bool) -> float:
        """Count a death and return how many seconds to wait: none at first, then ever longer, at last 30.

        After one that has served it is a second at the most.
        """
        self.quick_deaths = self.quick_deaths + 1 if lived_seconds < QUICK_SECONDS else 0
        if self.quick_deaths < 2:
            return 0.0
        pause = SLOW_SECONDS if self.is_hopeless else FIRST_PAUSE_SECONDS * 2 ** (self.quick_deaths - 2)
        return min(pause, SERVED_SECONDS) if has_served else pause

    @property
    def is_hopeless(self) -> bool:
        """Whether it died so often that somebody has to look after it."""
        return self.quick_deaths >= QUICK_DEATHS
