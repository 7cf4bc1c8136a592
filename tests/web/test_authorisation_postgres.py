"""Who may see and change what is the same on PostgreSQL, route by route."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.conftest import WORDS
from tests.web.test_authorisation import (
    _site,  # noqa: F401 (a fixture)
    program,  # noqa: F401 (a fixture)
    test_a_programs_things_exist_for_it_alone,  # noqa: F401
    test_ids_that_are_none,  # noqa: F401
    test_lists_show_own_things_only,  # noqa: F401
    test_other_peoples_ids_in_bodies_do_not_exist,  # noqa: F401
    test_other_peoples_things_do_not_exist,  # noqa: F401
    test_what_is_shared_can_be_read_and_not_written,  # noqa: F401
    things,  # noqa: F401 (a fixture)
)


@pytest.fixture
async def hubbub(tmp_path: Path, quick: ScriptedModel, postgres_url: str) -> AsyncIterator[Hubbub]:
    slow = ScriptedModel(WORDS, name="slow", seconds_between=0.02)
    silent = ScriptedModel(name="silent", seconds_before_first=60)
    async with hubbub_running(tmp_path, quick, slow, silent, database=postgres_url) as hubbub:
        yield hubbub
