"""Every form in which servers say when to come back, and every nonsense."""

from datetime import UTC, datetime

import pytest

from hubbub.models.retry_after import DEFAULT_SECONDS, LONGEST_SECONDS, retry_after_seconds

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, DEFAULT_SECONDS),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-1"}, DEFAULT_SECONDS),
        ({"retry-after": "0"}, DEFAULT_SECONDS),
        ({"retry-after": "-1", "x-ratelimit-reset-requests": "3"}, 3),
        ({"retry-after": "soon"}, DEFAULT_SECONDS),
        ({"retry-after": ""}, DEFAULT_SECONDS),
        ({"retry-after": "9" * 5000}, DEFAULT_SECONDS),
        ({"retry-after": "nan"}, DEFAULT_SECONDS),
        ({"retry-after": "999999"}, LONGEST_SECONDS),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, DEFAULT_SECONDS),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"x-ratelimit-reset-requests": "6m0s"}, LONGEST_SECONDS),
        ({"x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "1m1s"}, 61),
        ({"x-ratelimit-reset-tokens": "1h"}, LONGEST_SECONDS),
    ],
)
def test_it_is_read_or_replaced(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers, NOW) == seconds
