"""OpenAI's own client for a running application, and models for it to talk to."""

import ssl
from collections.abc import Sequence

import openai
from msgspec.structs import replace

from hubbub.core.events import Reasoning, ToolCall
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Completion, ModelCard, SendPiece
from hubbub.models.scripted import ScriptedModel
from tests.web.application import Hubbub


class Caller(ScriptedModel):
    """Thinks, and calls the first tool that it is given; once it has the output it says that. `how` was it asked."""

    how: Generation | None = None

    @property
    def card(self) -> ModelCard:
        return replace(super().card, calls_tools=True, reads_images=True)

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        self.heard.append(tuple(turns))
        self.how = how
        if turns[-1].role == "tool":
            send("It is ")
            send(f"{turns[-1].text}.")
            return Completion("stop", 9, 2)
        send(Reasoning("I need "))
        send(Reasoning("the tool."))
        if how is None or not how.tools:
            send("I have no tool.")
            return Completion("stop", 7, 3, 1)
        function = how.tools[0]["function"]
        assert isinstance(function, dict)
        send(ToolCall(0, "", "call_1", str(function["name"])))
        send(ToolCall(0, '{"city":'))
        send(ToolCall(0, ' "Köln"}'))
        return Completion("tool_calls", 7, 3, 1)


async def sdk(hubbub: Hubbub, name: str = "sdk") -> openai.AsyncOpenAI:
    """Return the client of a program with a key of its own, which asks each time but once."""
    key = (await hubbub.program(name)).headers["Authorization"].removeprefix("Bearer ")
    return await hubbub.stack.enter_async_context(client_of(f"{hubbub.url}/v1", key))


def client_of(base_url: str, key: str) -> openai.AsyncOpenAI:
    """Return the client for an address, which asks each time but once.

    It has no certificates to check any by: to read those of the machine takes each client 20 ms (measured 2026-11).
    """
    http = openai.DefaultAsyncHttpxClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, http_client=http)
