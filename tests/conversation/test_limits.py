"""How long a prompt and an answer may get, whose limit that is, and what becomes of what does not fit."""

from collections.abc import Sequence
from typing import Any

import pytest

from hubbub.conversation.engine import Engine
from hubbub.conversation.tokens import estimate_tokens
from hubbub.core.documents import Hit
from hubbub.core.errors import ModelError, ModelTooLong
from hubbub.core.events import Cited, Done, Event, LeftOut, Text
from hubbub.core.messages import Turn
from hubbub.core.questions import Begun, Generation, Question
from hubbub.models.base import Completion, ModelCard, SendPiece
from hubbub.models.catalog import Catalog
from tests.conversation.fixed_search import FixedSearch
from tests.conversation.test_engine import text_of

HITS = tuple(Hit(f"p{n}", "d", "c", "a.md", "A", f"Herons wait {n}. " * 40, None, "", 1.0) for n in range(1, 9))


class Strict:
    """A model that refuses what is too long for it, as it counts, and tells how it was asked."""

    def __init__(
        self,
        pieces: Sequence[str] = ("Yes.",),
        *,
        context_tokens: int = 8192,
        tokens_per_character: float = 0.25,
        finish_reason: str = "stop",
        **card: Any,
    ) -> None:
        self.card = ModelCard("strict", "test", context_tokens, True, **card)
        self.pieces = pieces
        self.finish_reason = finish_reason
        self.heard: list[tuple[Turn, ...]] = []
        self.hows: list[Generation] = []
        self._tokens_per_character = tokens_per_character

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        self.heard.append(tuple(turns))
        self.hows.append(how or Generation())
        tokens = int(sum(len(turn.text) for turn in turns) * self._tokens_per_character)
        if tokens > self.card.context_tokens:
            raise ModelTooLong("Too long.", limit_tokens=self.card.context_tokens, sent_tokens=tokens)
        for piece in self.pieces:
            send(piece)
        return Completion(self.finish_reason, tokens, len(self.pieces))


async def run(engine: Engine, question: Question) -> list[Event]:
    events: list[Event] = []
    events.append(await engine.answer(question, events.append))
    return events


def engine_of(model: Strict, hits: Sequence[Hit] = HITS) -> Engine:
    return Engine(Catalog([model]), FixedSearch(hits))


@pytest.mark.parametrize("over", [(), ("c",)])
async def test_nobodys_wish_is_sent(over: tuple[str, ...]) -> None:
    model = Strict()
    await run(engine_of(model), Question("Hi", collection_ids=over))
    assert model.hows[0].max_tokens is None


@pytest.mark.parametrize("over", [(), ("c",)])
@pytest.mark.parametrize(
    ("of_question", "of_setting", "sent", "limited_by"),
    [(None, None, None, "model"), (None, 50, 50, "setting"), (70, 50, 70, "question"), (9000, None, 4096, "model")],
)
async def test_the_ending_says_whose_limit_it_was(
    over: tuple[str, ...], of_question: int | None, of_setting: int | None, sent: int | None, limited_by: str
) -> None:
    model = Strict(finish_reason="length", max_tokens=of_setting)
    question = Question("Hi", collection_ids=over, generation=Generation(max_tokens=of_question))
    events = await run(engine_of(model), question)
    assert model.hows[0].max_tokens == sent
    assert events[-1] == Done("length", limited_by)  # type: ignore[arg-type]


async def test_a_turn_that_is_too_long_is_given_in_part_and_that_is_said() -> None:
    model = Strict()
    long = "Begin " + "word " * 6000 + "end"
    turns = (Turn("user", "First?"), Turn("assistant", "One."), Turn("user", long), Turn("assistant", "Two."))
    events = await run(engine_of(model), Question("And now?", turns))
    assert LeftOut(0, 1) in events
    _, first, _, cut, *_ = model.heard[0]
    assert first.text == "First?"
    assert cut.text.startswith("Begin word") and cut.text.endswith("word end")
    assert "characters are left out here" in cut.text


async def test_a_question_that_is_too_long_is_given_in_part() -> None:
    for over in ((), ("c",)):
        model = Strict(context_tokens=4096)
        events = await run(engine_of(model), Question("Begin " + "word " * 6000 + "end?", collection_ids=over))
        assert any(isinstance(event, LeftOut) and event.shortened == 1 for event in events)
        assert model.heard[0][-1].text.endswith("word end?")
        assert sum(estimate_tokens(turn.text) for turn in model.heard[0]) <= 4096


async def test_turns_that_are_left_out_are_told() -> None:
    model = Strict(context_tokens=1024)
    turns = tuple(Turn(role, f"{n} " + "word " * 60) for n in range(20) for role in ("user", "assistant"))
    events = await run(engine_of(model), Question("And now?", turns))
    (left_out,) = [event for event in events if isinstance(event, LeftOut)]
    assert left_out == LeftOut(40 - (len(model.heard[0]) - 2))


async def test_a_long_chat_in_chinese_goes_on_on_a_small_model() -> None:
    model = Strict(tokens_per_character=2.27)
    engine = engine_of(model)
    turns: tuple[Turn, ...] = ()
    for number in range(30):
        text = f"{number} " + "苍鹭在芦苇丛中等待着鲈鱼。" * 20
        assert (await run(engine, Question(text, turns)))[-1] == Done("stop")
        turns = (*turns, Turn("user", text), Turn("assistant", "好的，它在等待。" * 10))
    assert len(model.heard) == 30, "nothing had to be refused first"


@pytest.mark.parametrize("over", [(), ("c",)])
async def test_what_is_refused_as_too_long_is_sent_once_more_with_less(over: tuple[str, ...]) -> None:
    model = Strict(["So [1]."], context_tokens=2048, tokens_per_character=0.6)
    turns = tuple(Turn(role, f"{n} " + "word " * 60) for n in range(9) for role in ("user", "assistant"))
    engine = engine_of(model)
    # What is written before an answer over documents is the query: that is short, and counts as well.
    events = await run(engine, Question("And now?", turns, collection_ids=over, within_seconds=30))
    assert events[-1] == Done("stop")
    first, second = model.heard[-2:]
    assert sum(len(turn.text) for turn in second) < sum(len(turn.text) for turn in first)
    assert [event.citation.marker for event in events if isinstance(event, Cited)] == [1] * len(over)
    hopeless = Strict(context_tokens=2048, tokens_per_character=50)
    with pytest.raises(ModelError, match="Too long"):
        await run(engine_of(hopeless), Question("And now?"))
    assert len(hopeless.heard) == 2


async def test_an_answer_that_failed_does_not_spoil_the_chat() -> None:
    model = Strict()
    turns = (Turn("user", "One?"), Turn("user", "Two?"), Turn("assistant", ""), Turn("assistant", "2."))
    await run(engine_of(model), Question("Three?", turns))
    assert [(turn.role, turn.text) for turn in model.heard[0][1:]] == [
        ("user", "One?\n\nTwo?"),
        ("assistant", "2."),
        ("user", "Three?"),
    ]
    await run(engine_of(model), Question("Two?", (Turn("user", "One?"),)))
    assert [(turn.role, turn.text) for turn in model.heard[1][1:]] == [("user", "One?\n\nTwo?")]


@pytest.mark.parametrize("over", [(), ("c",)])
async def test_an_answer_that_was_cut_off_goes_on_with_the_same_text_and_sources(over: tuple[str, ...]) -> None:
    model = Strict(["so for", " ever [2]."])
    begun = Begun("Herons wait [1], and", "herons", HITS[:2] if over else ())
    engine = Engine(Catalog([model]), FixedSearch())  # nothing is searched again
    events = await run(engine, Question("Do herons wait?", (), None, over, continues=begun))
    assert text_of(events) == "Herons wait [1], and so for ever [2]."
    assert [event.citation.marker for event in events if isinstance(event, Cited)] == [1, 2] * len(over)
    asked, said, go_on = model.heard[0][1:]
    assert "Do herons wait?" in asked.text
    assert said == Turn("assistant", begun.text)
    assert "cut off" in go_on.text


async def test_what_was_held_back_is_said_when_the_model_fails() -> None:
    class Failing(Strict):
        async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
            send("A stray ` and so [1]")
            raise ModelError("It broke off.", code="broke_off")

    events: list[Event] = []
    with pytest.raises(ModelError, match="broke off"):
        await engine_of(Failing()).answer(Question("Herons?", collection_ids=("c",)), events.append)
    assert text_of(events) == "A stray ` and so [1]"
    assert [type(event) for event in events[-3:]] == [Text, Cited, Text]
