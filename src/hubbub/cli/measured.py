"""Turn what people met while a server was under load into figures and a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

SOON_SECONDS = 2.0
"""A person who sees the first words within this does not feel that they wait."""
LATE_SECONDS = 0.05
"""Figures of a client that is later than this itself, or busier than BUSY_SHARE, say little about the server."""
BUSY_SHARE = 0.8
FAILED_SHARE = 0.01


@dataclass
class Reading:
    """What one question met. Times are seconds, on the monotonic clock where they are points in time."""

    asked: float
    person: int = 0
    first_seconds: float | None = None
    """From asking to the first words; None while there are none."""
    outcome: str = "open"
    """`open`, then `done`, `refused` (429 or 503), or `failed`."""
    reason: str = ""
    """Why it was refused or failed, as the server puts it."""
    tokens: int = 0
    """What the model counted, or if it did not: the pieces of text that came."""
    pauses: list[float] = field(default_factory=list[float])
    """Between the arrivals of two pieces of text."""
    place: int = 0
    """The worst place in the line that was seen; 0: did not wait in one."""


@dataclass(frozen=True)
class Step:
    """What one number of simultaneous people came to."""

    people: int
    seconds: float
    answers: int
    answers_per_minute: float
    first_seconds: tuple[float, float, float] | None
    """The time to the first words: p50, p95, p99; None where nobody saw any."""
    pause_p95_seconds: float
    tokens_per_second: float
    refused: int
    failed: int
    unfinished: int
    """Questions whose answers were still under way when the step's time was over."""
    waited: int
    worst_place: int
    fairness: float
    """Jain's index of the tokens a person: 1 where all got the same, 1/n where one got everything."""
    late_p95_seconds: float
    cpu_share: float
    reason: str = ""
    """Why the first of those that failed or were refused did."""

    @property
    def is_sound(self) -> bool:
        """Whether this client kept up, so that the figures are the server's."""
        return self.late_p95_seconds <= LATE_SECONDS and self.cpu_share <= BUSY_SHARE

    @property
    def is_held(self) -> bool:
        """Whether everybody was answered, and 95 of 100 saw their first words soon."""
        bad, asked = self.failed + self.refused, self.answers + self.failed + self.refused
        is_soon = self.first_seconds is not None and self.first_seconds[1] <= SOON_SECONDS
        return is_soon and bad <= FAILED_SHARE * asked


def step_of(
    people: int,
    readings: Sequence[Reading],
    *,
    began: float,
    ended: float,
    lateness: Sequence[float],
    cpu_seconds: float,
) -> Step:
    """Return the figures of a step from all that was read in it.

    Who still waits for the first words counts with the time that they have waited so far.
    """
    seconds = ended - began
    firsts = [
        reading.first_seconds if reading.first_seconds is not None else ended - reading.asked
        for reading in readings
        if reading.first_seconds is not None or reading.outcome == "open"
    ]
    pauses = [pause for reading in readings for pause in reading.pauses]
    outcomes = [reading.outcome for reading in readings]
    tokens = [0] * people
    for reading in readings:
        tokens[reading.person] += reading.tokens
    return Step(
        people=people,
        seconds=seconds,
        answers=outcomes.count("done"),
        answers_per_minute=60 * outcomes.count("done") / max(seconds, 0.001),
        first_seconds=(percentile(firsts, 50), percentile(firsts, 95), percentile(firsts, 99)) if firsts else None,
        pause_p95_seconds=percentile(pauses, 95),
        tokens_per_second=sum(tokens) / max(seconds, 0.001),
        refused=outcomes.count("refused"),
        failed=outcomes.count("failed"),
        unfinished=outcomes.count("open"),
        waited=sum(reading.place > 0 for reading in readings),
        worst_place=max((reading.place for reading in readings), default=0),
        fairness=jain(tokens),
        late_p95_seconds=percentile(lateness, 95),
        cpu_share=cpu_seconds / max(seconds, 0.001),
        reason=next((reading.reason for reading in readings if reading.reason), ""),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many of a hundred are not above; 0 where there are none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]


def jain(shares: Sequence[float]) -> float:
    """Return how evenly something is shared out. Jain, Chiu and Hawe, DEC-TR-301, 1984."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def steps_up_to(most: int) -> list[int]:
    """Return the numbers of people to try: 1, 2, 5, 10, 20, 50 … and the most at last."""
    found: list[int] = []
    for power in range(len(str(most))):
        found += [digit * 10**power for digit in (1, 2, 5) if digit * 10**power < most]
    return [*found, most]


def verdict(steps: Sequence[Step]) -> str:
    """Say in a sentence or two what the server holds."""
    if not steps:
        return "Nothing was measured."
    held: Step | None = None
    beyond: Step | None = None
    for step in steps:
        if not step.is_held:
            beyond = step
            break
        held = step
    if held is None and beyond is not None:
        begin = (
            f"Not even {_people(beyond.people)} can be held" if beyond.people > 1 else "One person alone is too much"
        )
        text = f"{begin}: {_trouble(beyond)}."
    elif held is not None and beyond is not None:
        text = (
            f"It holds about {_people(held.people)} with first words within {SOON_SECONDS:g} s; "
            f"with {beyond.people}, {_trouble(beyond)}."
        )
    else:
        text = f"It holds {_people(steps[-1].people)} with first words within {SOON_SECONDS:g} s, and maybe more."
    if not all(step.is_sound for step in steps):
        text += " This client was the bottleneck where a row is marked !, so the server may hold more than that."
    return text


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _trouble(step: Step) -> str:
    if step.refused > step.failed and step.refused:
        return f"{step.refused} of their questions were refused"
    if step.failed:
        return f"{step.failed} of their answers failed"
    if step.first_seconds is None:
        return "nobody saw a word"
    return f"5 of 100 questions wait for {step.first_seconds[1]:.1f} s or longer"
