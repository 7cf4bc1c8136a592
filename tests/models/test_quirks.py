"""Every line of the table of quirks comes to what it should: over a real socket, and in pieces of any size."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from hubbub.connections.http import Http
from hubbub.core.answer import Answer, fold
from hubbub.core.errors import ModelError
from hubbub.core.events import Event, Text
from hubbub.models.address import compatible_address
from hubbub.models.base import Limits, ModelCard, Piece
from hubbub.models.openai import OpenAiModel
from hubbub.testing.models import QUESTION
from tests.models.quirks import QUIRKS, Case, sent, told
from tests.patience import patience
from tests.servers.model_server import ModelServer, Script

CARD = ModelCard("m", "test", 8192, can_ground=True)
LIMITS = Limits(1, 2.0, 2.0, 5.0, 4.0)


@dataclass
class Outcome:
    """What became of an answer."""

    answer: Answer
    end: str
    words: str = ""


async def asked(server: ModelServer, http: Http, script: Script, limits: Limits = LIMITS) -> Outcome:
    """Ask for an answer by a script; return what came of it."""
    server.script = script
    model = OpenAiModel(compatible_address(server.base_url, "scripted"), CARD, http, limits)
    pieces: list[Piece] = []
    end, words = "", ""
    try:
        end = (await model.complete(QUESTION, pieces.append)).finish_reason
    except ModelError as error:
        end, words = error.code, error.for_operators
    return Outcome(fold("a", events_of(pieces)), end, words)


def events_of(pieces: Sequence[Piece]) -> list[Event]:
    return [Text(piece) if isinstance(piece, str) else piece for piece in pieces]


def check(case: Case, outcome: Outcome) -> None:
    answer = outcome.answer
    assert (answer.text, answer.reasoning, told(answer.calls)) == (case.text, case.thoughts, case.calls)
    assert outcome.end == case.end, outcome.words
    assert case.words in outcome.words
    if case.extra:
        assert answer.calls[0].extra == case.extra
    assert len({call.id for call in answer.calls}) == len(answer.calls)
    assert all(call.id for call in answer.calls)


@pytest.mark.parametrize("case", QUIRKS.values(), ids=QUIRKS)
async def test_a_quirk(server: ModelServer, http: Http, case: Case) -> None:
    pauses = [event for event in case.events if isinstance(event, float)]
    raw = [sent(event) for event in case.events if not isinstance(event, float)]
    script = Script(raw=raw, seconds_between=pauses[0] if pauses else 0.0)
    check(case, await asked(server, http, script))


@pytest.mark.parametrize("name", [name for name, case in QUIRKS.items() if len(case.events) < 10][::3])
async def test_it_does_not_matter_how_the_bytes_are_cut(server: ModelServer, http: Http, name: str) -> None:
    case = QUIRKS[name]
    data = b"".join(sent(event) for event in case.events if not isinstance(event, float))
    size = max(1, len(data) // 30)
    raw = [data[start : start + size] for start in range(0, len(data), size)]
    check(case, await asked(server, http, Script(raw=raw)))


async def test_what_can_not_be_read_is_noted_once(
    server: ModelServer, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = Script(
        raw=[b"data: ping\n\n"] * 5 + [sent({"choices": [{"delta": {"content": "a"}}]}), b"data: [DONE]\n\n"]
    )
    model = OpenAiModel(compatible_address(server.base_url, "scripted"), CARD, http, LIMITS)
    for _ in range(2):
        await model.complete(QUESTION, lambda piece: None)
    assert len([record for record in caplog.records if "can't be read" in record.getMessage()]) == 1


async def test_comments_are_signs_of_life_but_not_for_ever(server: ModelServer, http: Http) -> None:
    short = replace(LIMITS, first_token_seconds=0.2, silence_seconds=0.2, thinking_seconds=0.8, total_seconds=600.0)
    comments = [b": OPENROUTER PROCESSING\n\n"] * 8
    done = [sent({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}), b"data: [DONE]\n\n"]
    outcome = await asked(server, http, Script(raw=[*comments, *done], seconds_between=0.06), short)
    assert (outcome.answer.text, outcome.end) == ("a", "stop")
    async with patience():
        outcome = await asked(server, http, Script(tokens=[], endless=b": ping\n\n", seconds_between=0.05), short)
    assert outcome.end == "too_long"


async def test_after_stop_more_text_that_breaks_off_is_no_success(server: ModelServer, http: Http) -> None:
    raw = [
        sent({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}),
        sent({"choices": [{"delta": {"content": "b"}}]}),
    ]
    short = replace(LIMITS, silence_seconds=0.3)
    outcome = await asked(server, http, Script(raw=raw, seconds_between=0.1, stall_before="tokens"), short)
    assert (outcome.answer.text, outcome.end) == ("ab", "silent")
    outcome = await asked(server, http, Script(raw=raw[:1], stall_before="tokens"), short)
    assert (outcome.answer.text, outcome.end) == ("a", "stop")
