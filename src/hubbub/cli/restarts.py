"""Say how soon a worker that died is replaced."""

QUICK_SECONDS = 10.0
QUICK_DEATHS = 5
FIRST_PAUSE_SECONDS = 0.5
SLOW_SECONDS = 30.0


class Restarts:
    """Counts the deaths of one worker and of its successors that came right after their start."""

    def __init__(self) -> None:
        self.quick_deaths = 0
        """How many in a row."""

    def pause_after(self, lived_seconds: float) -> float:
        """Count a death and return how many seconds to wait: none at first, then ever longer, at last 30."""
        self.quick_deaths = self.quick_deaths + 1 if lived_seconds < QUICK_SECONDS else 0
        if self.quick_deaths < 2:
            return 0.0
        if self.is_hopeless:
            return SLOW_SECONDS
        return FIRST_PAUSE_SECONDS * 2 ** (self.quick_deaths - 2)

    @property
    def is_hopeless(self) -> bool:
        """Whether it died so often that somebody has to look after it."""
        return self.quick_deaths >= QUICK_DEATHS
