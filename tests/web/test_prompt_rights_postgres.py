"""Rights to prompts, and to models by groups, are the same on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub, hubbub_running
from tests.web.test_model_rights import (
    SHARED,
    VAULT,
    VAULT_WORDS,
    keepers,  # noqa: F401 (a fixture)
    test_a_model_is_listed_for_its_group_alone,  # noqa: F401
    test_what_is_open_ends_with_the_right_and_is_not_asked_for_again,  # noqa: F401
)
from tests.web.test_prompt_rights import (
    test_a_group_has_a_right_as_long_as_somebody_is_in_it,  # noqa: F401
    test_each_right_lets_do_what_it_says,  # noqa: F401
    test_nothing_is_left_of_a_prompt_or_a_person_that_is_gone,  # noqa: F401
    test_own_and_shared_prompts_are_one_list_of_pages,  # noqa: F401
)


@pytest.fixture
async def hubbub(tmp_path: Path, postgres_url: str) -> AsyncIterator[Hubbub]:
    vault = ScriptedModel(VAULT_WORDS, name=VAULT, seconds_between=0.01)
    running = hubbub_running(tmp_path, vault, ScriptedModel(), models_shared_with=SHARED, database=postgres_url)
    async with running as hubbub:
        yield hubbub
