"""Sixty turns in English and in Chinese with servers of all kinds, on a context that they don't fit. None may fail."""

import pytest

from hubbub.connections.http import Http
from hubbub.conversation.engine import Engine
from hubbub.core.events import Done, Event, LeftOut, Text
from hubbub.core.messages import Turn
from hubbub.core.questions import Question
from hubbub.models.address import compatible_address
from hubbub.models.base import Limits, ModelCard
from hubbub.models.catalog import Catalog
from hubbub.models.openai import OpenAiModel
from tests.conversation.fixed_search import FixedSearch
from tests.conversation.test_limits import HITS
from tests.servers.vendors import VENDORS, VendorServer

CARD = ModelCard("m", "test", 8192, can_ground=True)
ENGLISH = (
    "And what of the herons that stand in the reeds at dawn? " * 6,
    "They wait, as they always do, for the fish. " * 12,
)
CHINESE = "清晨站在芦苇丛中的苍鹭又怎么样了呢？" * 6, "它们像往常一样静静地等待着鱼儿游过来。" * 12


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["English", "Chinese"])
@pytest.mark.parametrize("name", VENDORS)
async def test_sixty_turns(name: str, words: tuple[str, str]) -> None:
    async with Http() as http, VendorServer(VENDORS[name]) as server:
        server.context_tokens = CARD.context_tokens
        model = OpenAiModel(compatible_address(server.base_url, "m"), CARD, http, Limits(2, 5, 5, 10, 10))
        engine = Engine(Catalog([model]), FixedSearch(HITS))
        said: list[Turn] = []
        left_out: list[LeftOut | None] = []
        for number in range(60):
            asked, answered = f"Q{number}: {words[0]}", f"A{number}: {words[1]}"
            collections = ("c",) if number % 10 == 9 else ()
            events: list[Event] = []
            events.append(await engine.answer(Question(asked, tuple(said), "m", collections), events.append))
            assert events[-1] == Done("stop"), number
            assert "".join(event.text for event in events if isinstance(event, Text)).strip() == "Paris"
            left_out.append(next((event for event in events if isinstance(event, LeftOut)), None))
            sent = str(server.seen[-1].body["messages"])
            told = sum(turn.text.split()[0] in sent for turn in said)
            assert (told < len(said)) <= (left_out[-1] is not None), "what is left out is told"
            said += [Turn("user", asked), Turn("assistant", answered)]
        assert left_out[0] is None
        last = left_out[-2]
        assert last is not None and last.turns > 0
        refusals = server.refused
        assert refusals < 12, "what is too long is learned"
