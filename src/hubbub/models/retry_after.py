"""Read how long a busy server wants to be left alone."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 120.0
DEFAULT_SECONDS = 10.0
EXHAUSTED_SECONDS = 1.0

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")


def retry_after_seconds(
    headers: Mapping[str, str], now: datetime | None = None, *, default_seconds: float = DEFAULT_SECONDS
) -> float:
    """Return the seconds to wait, above 0 and at most 120; 10 where the headers don't say, or talk nonsense.

    Understands `retry-after-ms`, `Retry-After` (seconds or an HTTP date) and the
    `x-ratelimit-reset-requests` and `-tokens` of OpenAI and Azure (`6m0s`, `20ms`), in this order.
    """
    now = now or datetime.now(UTC)
    readings = [_scaled(headers.get("retry-after-ms"), 0.001), _read(headers.get("retry-after"), now)]
    resets = [_read(headers.get(f"x-ratelimit-reset-{what}"), now) for what in ("requests", "tokens")]
    readings.append(max((reset for reset in resets if reset is not None), default=None))
    # Azure really sent -1 and 0 (github.com/Azure-Samples/openai-apim-lb): they say nothing.
    seconds = next((reading for reading in readings if reading is not None and reading > 0), default_seconds)
    return min(seconds, LONGEST_SECONDS)


def exhausted_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Return for how long nothing more may be asked, since no requests or no tokens are left; 0 where some are.

    Reads `x-ratelimit-remaining-requests` and `-tokens` of OpenAI and Azure; a second where they don't
    say when there will be more.
    """
    waits = [0.0]
    for what in ("requests", "tokens"):
        left = _scaled(headers.get(f"x-ratelimit-remaining-{what}"), 1)
        if left is not None and left <= 0:
            reset = _read(headers.get(f"x-ratelimit-reset-{what}"), now or datetime.now(UTC))
            waits.append(min(reset, LONGEST_SECONDS) if reset is not None and reset > 0 else EXHAUSTED_SECONDS)
    return max(waits)


def _scaled(text: str | None, factor: float) -> float | None:
    return float(text) * factor if text is not None and _NUMBER.fullmatch(text.strip()) else None


def _read(text: str | None, now: datetime) -> float | None:
    if text is None or not (text := text.strip()) or len(text) > 64:
        return None
    if _NUMBER.fullmatch(text):
        return float(text)
    if match := _DURATION.fullmatch(text):
        hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
