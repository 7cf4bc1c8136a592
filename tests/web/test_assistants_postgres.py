"""Assistants are the same on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_assistants import (
    VAULT,
    models,  # noqa: F401 (a fixture)
    test_a_chat_outlives_its_assistant,  # noqa: F401
    test_a_question_is_asked_as_its_assistant_says,  # noqa: F401
    test_each_right_lets_do_what_it_says,  # noqa: F401
    test_nobody_sees_more_by_an_assistant_than_without,  # noqa: F401
    test_nothing_is_left_of_an_assistant_or_a_person_that_is_gone,  # noqa: F401
    test_own_and_shared_assistants_are_one_list_of_pages,  # noqa: F401
    test_what_is_not_shared_is_left_out_and_said,  # noqa: F401
)


@pytest.fixture
async def hubbub(
    tmp_path: Path,
    postgres_url: str,
    models: dict[str, ScriptedModel],  # noqa: F811
) -> AsyncIterator[Hubbub]:
    shared = {VAULT: ["group:Keepers"]}
    async with hubbub_running(tmp_path, *models.values(), models_shared_with=shared, database=postgres_url) as hubbub:
        yield hubbub
