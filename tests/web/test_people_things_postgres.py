"""People, links, the audit and what guests take along over HTTP are the same on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import beside
from tests.web.test_audit import (
    test_each_deed_is_there_once_with_who_did_it_and_from_where,  # noqa: F401
)
from tests.web.test_guest_things import (
    test_all_of_it_becomes_the_persons_and_nobody_elses,  # noqa: F401
)
from tests.web.test_shared_chats import (
    test_a_group_reads_and_who_leaves_it_reads_no_more_within_a_second,  # noqa: F401
)
from tests.web.test_signing_in import (
    test_from_the_first_link_to_a_person_who_is_invited_disabled_and_enabled,  # noqa: F401
)


@pytest.fixture
def tmp_path(tmp_path: Path, postgres_url: str) -> Iterator[Path]:
    with beside(tmp_path, postgres_url):
        yield tmp_path
