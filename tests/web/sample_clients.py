"""Read streams as the pages and clients of the chat samples do: line by line, each parsed and applied by itself."""

import codecs
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

JSON_HEADERS = {"Content-Type": "application/json"}


class ClientError(Exception):
    """What a page would show in place of the answer."""


async def events_in(response: aiohttp.ClientResponse, chunk_bytes: int = 0) -> AsyncIterator[dict[str, Any]]:
    """Yield what the lines of a stream hold, taken in small pieces where wanted; a line that is no JSON fails."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    held = ""
    while chunk := await (response.content.read(chunk_bytes) if chunk_bytes else response.content.readany()):
        *lines, held = (held + decoder.decode(chunk)).split("\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)
    assert not held, "a line without an end"


@dataclass
class SearchPage:
    """The page of the chat and search sample since April 2026."""

    text: str = ""
    deltas: int = 0
    context: dict[str, Any] = field(default_factory=dict)
    session_state: Any = None

    def apply(self, event: dict[str, Any]) -> None:
        if event.get("type") == "response.context" and event.get("context", {}).get("data_points"):
            self.context, self.session_state = event["context"], event["session_state"]
        elif event.get("type") == "response.output_text.delta" and event.get("delta"):
            assert self.context, "a text before the context: the page has nothing to add it to"
            self.text += event["delta"]
            self.deltas += 1
        elif event.get("error"):
            raise ClientError(event["error"])

    @property
    def links(self) -> list[str]:
        """What is shown as a citation: what stands in brackets and ends one of the citations that are possible."""
        parts = self.text.replace("]", "[").split("[")[1::2]
        return [part for part in parts if any(one.endswith(part) for one in self.context["data_points"]["citations"])]


class OldSearchPage(SearchPage):
    """The same page before."""

    def apply(self, event: dict[str, Any]) -> None:
        if event.get("context") and event["context"].get("data_points"):
            assert event["delta"]["role"] == "assistant"
            self.context, self.session_state = event["context"], event["session_state"]
        elif event.get("delta") and event["delta"].get("content"):
            assert self.context
            self.text += event["delta"]["content"]
            self.deltas += 1
        elif event.get("error"):
            raise ClientError(event["error"])


class LibraryClient(SearchPage):
    """A program on the AI Chat Protocol's client library."""

    def apply(self, event: dict[str, Any]) -> None:
        if "error" in event:
            raise ClientError(event["error"])
        self.text += event["delta"].get("content") or ""
        self.context = event.get("context", self.context)
        self.session_state = event.get("sessionState", self.session_state)


class SimplePage(SearchPage):
    """The page of the Quart sample since April 2026."""

    def apply(self, event: dict[str, Any]) -> None:
        if event.get("error"):
            raise ClientError(event["error"])
        if event.get("type") == "response.output_text.delta" and event.get("delta"):
            self.text += event["delta"]


class OldSimplePage(SearchPage):
    """The page of the Quart sample before, and of its port to FastAPI."""

    def apply(self, event: dict[str, Any]) -> None:
        if event.get("error"):
            raise ClientError(event["error"])
        if event["delta"].get("content"):
            self.text += event["delta"]["content"]


async def asked(
    http: aiohttp.ClientSession, path: str, body: dict[str, Any], page: SearchPage, chunk_bytes: int = 0
) -> SearchPage:
    """Ask as a page does, and return it with all of the answer."""
    async with http.post(path, data=json.dumps(body), headers=JSON_HEADERS) as response:
        if response.status > 299:
            raise ClientError((await response.json(content_type=None))["error"])
        async for event in events_in(response, chunk_bytes):
            page.apply(event)
    return page


def question(text: str = "How many days of leave?", *before: str, **more: Any) -> dict[str, Any]:
    """Return what the page of the chat and search sample sends: with all the overrides that its settings have."""
    overrides = {
        "prompt_template": None,
        "include_category": "",
        "exclude_category": "",
        "top": 3,
        "temperature": 0.3,
        "minimum_reranker_score": 0,
        "minimum_search_score": 0,
        "retrieval_mode": "hybrid",
        "semantic_ranker": False,
        "semantic_captions": False,
        "query_rewriting": False,
        "reasoning_effort": "",
        "suggest_followup_questions": False,
        "search_text_embeddings": True,
        "search_image_embeddings": False,
        "send_text_sources": True,
        "send_image_sources": False,
        "language": "en",
        "use_agentic_knowledgebase": False,
        "use_web_source": False,
        "use_sharepoint_source": False,
        **more,
    }
    said = [{"content": one, "role": ("user", "assistant")[number % 2]} for number, one in enumerate(before)]
    messages = [*said, {"content": text, "role": "user"}]
    return {"messages": messages, "context": {"overrides": overrides}, "session_state": None}


def simple_question(text: str = "Hello", *before: str, system: str = "You are brief.") -> dict[str, Any]:
    """Return what the page of the Quart sample sends since April 2026."""

    def message(role: str, text: str) -> dict[str, Any]:
        kind = "output_text" if role == "assistant" else "input_text"
        return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}

    said = [message(("user", "assistant")[number % 2], one) for number, one in enumerate(before)]
    return {"input": [message("system", system), *said, message("user", text)]}
