"""Readers of an answer go on after any event, wherever it is kept: the same on PostgreSQL."""

from tests.web.test_authorisation_postgres import hubbub  # noqa: F401 (a fixture)
from tests.web.test_events import (
    test_coming_again_after_any_number,  # noqa: F401
    test_leaving_does_not_stop,  # noqa: F401
    test_numbers_at_the_end_and_behind_it,  # noqa: F401
)
