"""What of a long chat a model can't read any more is summed up, where that is wished."""

import re
from collections.abc import Sequence

import pytest

from hubbub.conversation.engine import Engine
from hubbub.conversation.summaries import MOST_PIECES, Summaries
from hubbub.conversation.tokens import estimate_tokens
from hubbub.core.errors import ModelError
from hubbub.core.events import Done, Event, LeftOut, Prompted
from hubbub.core.messages import Turn
from hubbub.core.questions import Begun, Generation, Question
from hubbub.models.base import Completion, ModelCard, SendPiece
from hubbub.models.catalog import Catalog
from tests.conversation.fixed_search import FixedSearch
from tests.conversation.test_limits import HITS

FACT = re.compile(r"fact-\d+")


class Clerk:
    """A model that sums up by repeating the facts that it was given; it refuses what is too long."""

    def __init__(self, *, context_tokens: int = 4096, fails_to_sum_up: bool = False) -> None:
        self.card = ModelCard("clerk", "test", context_tokens, True)
        self.summaries: list[str] = []
        self.heard: list[tuple[Turn, ...]] = []
        self.fails_to_sum_up = fails_to_sum_up

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        text = "\n".join(turn.text for turn in turns)
        assert estimate_tokens(text) <= self.card.context_tokens
        if "Conversation:" not in text:
            self.heard.append(tuple(turns))
            send("Yes.")
        else:
            self.summaries.append(text)
            if self.fails_to_sum_up:
                raise ModelError("No.", code="down")
            so_far = re.findall(r"Summary so far:\n(.*)\n\nConversation:", text)
            send(" ".join([*so_far, *(fact.removeprefix("fact-") for fact in FACT.findall(text))]))
        return Completion("stop", 1, 1)

    @property
    def told(self) -> str:
        return "\n".join(turn.text for turn in self.heard[-1])


def talk(turns: int, characters: int = 300, word: str = "fact") -> tuple[Turn, ...]:
    return tuple(Turn("user" if n % 2 == 0 else "assistant", f"{word}-{n} " + "x" * characters) for n in range(turns))


async def ask(engine: Engine, question: Question) -> list[Event]:
    events: list[Event] = []
    events.append(await engine.answer(question, events.append))
    return events


def left_out_of(events: Sequence[Event]) -> LeftOut:
    return next((event for event in events if isinstance(event, LeftOut)), LeftOut())


@pytest.mark.parametrize("over", [(), ("c",)])
async def test_the_earliest_turns_are_told_in_a_summary(over: tuple[str, ...]) -> None:
    clerk = Clerk()
    engine = Engine(Catalog([clerk]), FixedSearch(HITS[:2]), summaries=Summaries())
    for said in range(40, 60, 2):
        past = talk(said)
        events = await ask(engine, Question("And now?", past, collection_ids=over))
        left_out = left_out_of(events)
        prompt = clerk.heard[-1]
        assert events[-1] == Done("stop")
        assert left_out.turns == 0 < left_out.summarized
        # Nothing is told twice and nothing is missing: what follows the summary begins where it ends.
        kept = [int(fact[5:]) for fact in FACT.findall(clerk.told)]
        assert kept == list(range(left_out.summarized, said))
        assert prompt[0].role == "system" and "in short" not in prompt[0].text
        assert prompt[1].role == "user" and prompt[1].text.startswith("[What was said before, in short:]\n")
        assert [turn.role for turn in prompt[1:]] == ["user", "assistant"] * (len(prompt) // 2 - 1) + ["user"]
    assert len(clerk.summaries) <= 5  # not one for each question


async def test_a_summary_goes_on_from_the_one_before_and_a_fork_has_its_own() -> None:
    clerk = Clerk()
    engine = Engine(Catalog([clerk]), FixedSearch(), summaries=Summaries())
    await ask(engine, Question("And now?", talk(60)))
    first = len(clerk.summaries)
    await ask(engine, Question("And now?", talk(90)))
    assert "Summary so far:\n0 1 2 " in clerk.summaries[first]
    assert "fact-0 " not in "".join(clerk.summaries[first:])
    other = (Turn("user", "fact-777 " + "x" * 300), *talk(60)[1:])
    await ask(engine, Question("And now?", other))
    assert "\n777 1 2" in clerk.told and "\n0 1 2" not in clerk.told


async def test_nothing_is_summed_up_unwished_or_where_all_fits() -> None:
    clerk = Clerk()
    await ask(Engine(Catalog([clerk]), FixedSearch(), summaries=Summaries()), Question("And now?", talk(6)))
    assert left_out_of(await ask(Engine(Catalog([clerk]), FixedSearch()), Question("And now?", talk(60)))).turns > 0
    assert clerk.summaries == []


async def test_a_model_that_can_not_sum_up_answers_all_the_same() -> None:
    clerk = Clerk(fails_to_sum_up=True)
    engine = Engine(Catalog([clerk]), FixedSearch(), summaries=Summaries())
    events = await ask(engine, Question("And now?", talk(60)))
    assert events[-1] == Done("stop")
    assert left_out_of(events).turns > 0 == left_out_of(events).summarized
    clerk.fails_to_sum_up = False
    assert left_out_of(await ask(engine, Question("And now?", talk(60)))).summarized > 0


async def test_of_a_past_without_end_the_earliest_is_left_out_and_that_is_said() -> None:
    clerk = Clerk()
    engine = Engine(Catalog([clerk]), FixedSearch(), summaries=Summaries())
    left_out = left_out_of(await ask(engine, Question("And now?", talk(2000))))
    assert len(clerk.summaries) == MOST_PIECES
    assert left_out.turns > 1000 and left_out.summarized > 50
    assert FACT.findall(clerk.told)[0] == f"fact-{left_out.turns + left_out.summarized}"


async def test_a_turn_longer_than_a_prompt_is_summed_up_in_part() -> None:
    clerk = Clerk()
    engine = Engine(Catalog([clerk]), FixedSearch(), summaries=Summaries())
    past = (*talk(2, 100_000), *talk(30))
    assert left_out_of(await ask(engine, Question("And now?", past))).summarized > 0
    assert "are left out here" in clerk.summaries[0]


async def test_an_answer_that_is_continued_has_the_summary_too() -> None:
    clerk = Clerk()
    engine = Engine(Catalog([clerk]), FixedSearch(), summaries=Summaries())
    question = Question("And now?", talk(60), continues=Begun("It began"), tells_prompts=True)
    events = await ask(engine, question)
    assert "[What was said before, in short:]" in clerk.told and "It began" in clerk.told
    assert [event.purpose for event in events if isinstance(event, Prompted)] == [
        *["summary"] * len(clerk.summaries),
        "answer",
    ]
