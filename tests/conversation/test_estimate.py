"""What a question will cost is estimated before it is asked: by it lines are fair, and quotas are reserved."""

import pytest
from msgspec.structs import replace

from hubbub.conversation.engine import Engine
from hubbub.conversation.estimate import PASSAGE_TOKENS
from hubbub.conversation.thorough import Budget
from hubbub.core.errors import NotFound
from hubbub.core.messages import Call, Turn
from hubbub.core.questions import Begun, Question
from hubbub.core.tokens import TOKENS_PER_GLANCE, TOKENS_PER_PICTURE
from hubbub.models.base import ModelCard
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
from tests.conversation.fixed_search import FixedSearch


class Seeing(ScriptedModel):
    """One that reads pictures."""

    @property
    def card(self) -> ModelCard:
        return replace(super().card, reads_images=True)


@pytest.fixture
def search() -> FixedSearch:
    """A search that finds nothing: nobody asks it."""
    return FixedSearch()


async def test_what_a_question_costs_is_estimated_by_who_answers_it_and_by_its_length(search: FixedSearch) -> None:
    small, big = ScriptedModel(name="small", can_ground=False), ScriptedModel(name="big", context_tokens=20_000)
    engine = Engine(Catalog([small, big]), search, hits=6, budget=Budget(tokens=9_000, rounds=2, hits=10))
    text, turns = "x" * 400, (Turn("user", "y" * 400),)
    assert engine.estimate(Question(text)) == ("small", (122, 256))
    assert engine.estimate(Question(text, turns, "big")) == ("big", (244, 256))
    assert engine.estimate(Question(text, model="small", collection_ids=("normans",))) == ("", (122, 0))  # it is quoted
    assert engine.estimate(Question("x" * 10**6)) == ("small", (8192 - 1024, 256))  # no more than is read
    assert Engine(Catalog([]), search).estimate(Question(text)) == ("", (122, 0))
    with pytest.raises(NotFound):
        engine.estimate(Question(text, model="none"))


async def test_passages_and_further_searches_are_part_of_what_a_question_is_estimated_to_cost(
    search: FixedSearch,
) -> None:
    engine = Engine(
        Catalog([ScriptedModel(name="big", context_tokens=20_000)]),
        search,
        hits=6,
        budget=Budget(tokens=9_000, rounds=2, hits=10),
    )
    question = Question("x" * 400, collection_ids=("normans",))
    assert engine.estimate(question) == ("big", (122 + 6 * PASSAGE_TOKENS, 256))
    assert engine.estimate(replace(question, hits=20))[1].read == 122 + 20 * PASSAGE_TOKENS
    thorough = engine.estimate(replace(question, is_thorough=True))[1]
    assert thorough.tokens == 122 + 10 * PASSAGE_TOKENS + 256 + 9_000
    assert thorough.written == 256 + 2 * 200  # queries, in two rounds
    begun = replace(question, is_thorough=True, continues=Begun("z" * 400))
    assert engine.estimate(begun)[1] == (2 * 122 + 6 * PASSAGE_TOKENS, 256)  # it is not searched for anew


async def test_pictures_and_calls_are_part_of_what_a_question_is_estimated_to_cost(search: FixedSearch) -> None:
    engine = Engine(Catalog([Seeing(name="sees"), ScriptedModel(name="blind")]), search)
    question = Question("x" * 400, images=("data:image/png;base64,AAAA",) * 2, model="sees")
    assert engine.estimate(question)[1].read == 122 + 2 * TOKENS_PER_PICTURE
    assert engine.estimate(replace(question, model="blind"))[1].read == 122  # it is not given them
    glance = Turn("user", "y" * 400, images=("data:image/png;base64,AAAA",), details=("low",))
    called = Turn("assistant", "", calls=(Call("1", "look", "z" * 400),))
    asked = Question("x" * 400, (glance, called), model="sees")
    assert engine.estimate(asked)[1].read == 3 * 122 + 8 + TOKENS_PER_GLANCE
