"""Models and embedders note what they are asked, whatever becomes of it."""

from collections.abc import Sequence

import pytest

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.tracing import INTERNAL, Span, new_place
from hubbub.models.address import compatible_address
from hubbub.models.base import Completion, Limits, ModelCard, SendPiece
from hubbub.models.openai import OpenAiModel
from hubbub.models.openai_embedder import OpenAiEmbedder
from hubbub.models.own import OwnModel
from tests.servers.model_server import ModelServer, Script
from tests.telemetry.test_otlp import Kept

TURNS = [Turn("user", "Say something.")]
CARD = ModelCard("up", "here", 4096, can_ground=True)


class Own:
    """A model of somebody's own."""

    card = ModelCard("ours", "here", 4096, can_ground=True)

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        send("well")
        if how is not None and how.seed == 1:
            raise ValueError("a secret")
        return Completion("stop", 3, 1)


async def test_a_field_that_a_server_refuses_is_an_attempt_of_its_own() -> None:
    kept = Kept()
    async with ModelServer() as server, Http() as http:
        refusal = b'{"error": {"message": "Unsupported parameter: temperature", "param": "temperature"}}'
        server.scripts.append(Script(status=400, body=refusal))
        model = OpenAiModel(compatible_address(server.base_url, "scripted"), CARD, http)
        with Span(kept, "question", INTERNAL, new_place()):
            await model.complete(TURNS, lambda _: None, Generation(temperature=0.5, max_tokens=50))
        told = [seen.headers["traceparent"] for seen in server.seen]
    first, second, _ = kept.spans
    assert (first.name, first.error) == ("chat scripted", "fields_refused")
    assert (second.name, second.error) == ("chat scripted", "")
    assert second.attributes["gen_ai.request.temperature"] == 0.5
    assert second.attributes["gen_ai.request.max_tokens"] == 50
    assert told == [first.traceparent, second.traceparent]


async def test_an_attempt_that_fails_has_the_code_of_the_error() -> None:
    kept = Kept()
    async with Http() as http:
        model = OpenAiModel(compatible_address("http://127.0.0.1:9/v1", "scripted"), CARD, http)
        with pytest.raises(ModelError), Span(kept, "question", INTERNAL, new_place()):
            await model.complete(TURNS, lambda _: None)
    assert [(span.name, span.error) for span in kept.spans] == [
        ("chat scripted", "unreachable"),
        ("question", "unreachable"),
    ]


@pytest.mark.parametrize("takes_texts", [False, True])
async def test_a_model_of_somebody_s_own_is_seen_as_others_are(takes_texts: bool) -> None:
    kept = Kept()
    kept.includes_texts = takes_texts
    said: list[object] = []
    model = OwnModel(Own(), Limits(), running=1)
    with Span(kept, "question", INTERNAL, new_place()):
        await model.complete(TURNS, said.append)
        with pytest.raises(ModelError):
            await model.complete(TURNS, said.append, Generation(seed=1))
    well, failed, _ = kept.spans
    assert said == ["well", "well"]
    assert (well.name, well.error, well.attributes["gen_ai.usage.output_tokens"]) == ("chat ours", "", 1)
    assert isinstance(well.attributes["gen_ai.response.time_to_first_chunk"], float)
    assert failed.error == "broke_off"
    assert ("well" in str(well.attributes.get("gen_ai.output.messages"))) is takes_texts
    assert ("Say something." in str(well.attributes.get("gen_ai.input.messages"))) is takes_texts


async def test_a_request_for_embeddings_is_seen() -> None:
    kept = Kept()
    async with ModelServer() as server, Http() as http:
        length = 8
        embedder = OpenAiEmbedder(compatible_address(server.base_url, "small"), length, http)
        with Span(kept, "search", INTERNAL, new_place()):
            await embedder.embed(["a text"], is_urgent=True)
        [seen] = server.seen
    [embeddings, _] = kept.spans
    assert embeddings.name == "embeddings small"
    assert embeddings.attributes["gen_ai.operation.name"] == "embeddings"
    assert seen.headers["traceparent"] == embeddings.traceparent
