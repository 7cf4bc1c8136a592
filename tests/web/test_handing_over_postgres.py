"""Things are handed over in the same way where PostgreSQL keeps them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import beside
from tests.web.test_handing_over import (
    test_nothing_is_handed_over_to_nobody_or_of_who_is_held,  # noqa: F401
    test_things_are_handed_over_without_an_erasure_and_none_twice,  # noqa: F401
    test_what_others_work_with_outlives_who_is_erased,  # noqa: F401
    test_what_was_cut_off_is_gone_on_with_and_nothing_is_erased_without_the_taker,  # noqa: F401
)


@pytest.fixture
def tmp_path(tmp_path: Path, postgres_url: str) -> Iterator[Path]:
    with beside(tmp_path, postgres_url):
        yield tmp_path
