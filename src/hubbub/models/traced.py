"""Note on a step what was asked of a model and what came of it, in the words of the conventions for generative AI."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.tracing import Step, Value
from hubbub.models.address import Address
from hubbub.models.base import Completion, Piece, SendPiece

_WISHES = ("max_tokens", "temperature", "top_p", "seed", "presence_penalty", "frequency_penalty")
_PORTS = {"https": 443, "http": 80}


def facts_of(address: Address, deployment: str) -> Mapping[str, Value]:
    """Return what is known of each request to a deployment, but for what it is asked to do."""
    facts: dict[str, Value] = {
        "gen_ai.provider.name": "azure.ai.openai" if address.provider == "Azure OpenAI" else "openai",
        "gen_ai.request.model": address.model,
        "hubbub.deployment": deployment,
    }
    try:
        parts = urlsplit(address.base_url)
        if parts.hostname:
            facts["server.address"] = parts.hostname
            facts["server.port"] = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:  # no URL; who asks there is told so
        pass
    return facts


def asked(step: Step, facts: Mapping[str, Value], turns: Sequence[Turn], how: Generation | None) -> None:
    """Note what is asked of a model."""
    if not step.is_recorded:
        return
    step.set("gen_ai.operation.name", "chat")
    step.set("gen_ai.request.stream", True)
    for name, value in facts.items():
        step.set(name, value)
    if how is not None:
        for name in _WISHES:
            if (wish := getattr(how, name)) is not None:
                step.set(f"gen_ai.request.{name}", wish)
    step.text("gen_ai.input.messages", lambda: _messages([(turn.role, turn.text) for turn in turns]))


def answered(step: Step, completion: Completion, first_seconds: float | None, waited: float = 0.0) -> None:
    """Note how a model's answer ended, what it took, and after how long its first piece came.

    Of `first_seconds`, so many had gone by when this attempt began.
    """
    if not step.is_recorded:
        return
    step.set("gen_ai.response.finish_reasons", (completion.finish_reason,))
    if first_seconds is not None:
        step.set("gen_ai.response.time_to_first_chunk", max(0.0, first_seconds - waited))
    if completion.prompt_tokens or completion.completion_tokens:
        step.set("gen_ai.usage.input_tokens", completion.prompt_tokens)
        step.set("gen_ai.usage.output_tokens", completion.completion_tokens)
    if completion.cached_tokens:
        step.set("gen_ai.usage.cache_read.input_tokens", completion.cached_tokens)
    if completion.reasoning_tokens:
        step.set("gen_ai.usage.reasoning.output_tokens", completion.reasoning_tokens)


class Heard:
    """Collects what a model says, to be noted where texts are recorded. It stands before `send` only there."""

    def __init__(self, send: SendPiece) -> None:
        self._send = send
        self._texts: list[str] = []

    def __call__(self, piece: Piece) -> None:
        if isinstance(piece, str):
            self._texts.append(piece)
        self._send(piece)

    def note(self, step: Step) -> None:
        """Note what was said."""
        step.text("gen_ai.output.messages", lambda: _messages([("assistant", "".join(self._texts))]))


def _messages(said: Sequence[tuple[str, str]]) -> str:
    return msgspec.json.encode(
        [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in said]
    ).decode()
