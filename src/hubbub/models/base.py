"""The door of the models: what goes on with a conversation."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from hubbub.core.events import Attached, Declined, Reasoning, Reclassified, ToolCall
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation

Piece: TypeAlias = str | Reasoning | Reclassified | Declined | ToolCall | Attached
"""Text, never empty; or what is no text."""
ATTACHMENTS = (
    "reasoning_details",  # OpenRouter
    "extra_content",  # Gemini
    "thinking_blocks",  # LiteLLM
    "reasoning_opaque",  # Copilot
    "provider_specific_fields",
)
"""What servers send beside a text and want back with it."""
SendPiece: TypeAlias = Callable[[Piece], None]
"""Takes the next piece, in order, and returns at once."""


PASSED_FIELDS = (
    *("top_k", "min_p", "top_a", "typical_p", "tfs_z", "repetition_penalty", "repeat_penalty", "length_penalty"),
    *("mirostat", "mirostat_tau", "mirostat_eta", "min_tokens", "stop_token_ids", "bad_words", "ignore_eos"),
    *("chat_template_kwargs", "thinking", "enable_thinking", "thinking_budget", "reasoning", "include_reasoning"),
    *("reasoning_format", "think", "verbosity", "prediction", "service_tier", "structured_outputs", "grammar"),
    *("guided_json", "guided_regex", "guided_choice", "guided_grammar", "safe_prompt", "random_seed"),
)
"""Fields of a request that only shape an answer. What may say where it goes or at whose cost is not among them."""


class ModelCard(msgspec.Struct, frozen=True):
    """What a person may know of a model."""

    name: str
    """Its name here, unique; what a question asks for."""
    provider: str
    """Where it runs, fit for a person: "embedded", "OpenAI", "Azure OpenAI", "http://127.0.0.1:11434/v1" …"""
    context_tokens: int
    can_ground: bool
    """Whether it can be trusted to write answers over passages; if not, passages are quoted instead."""
    reason: str = ""
    """Why it is here: the setting or the discovery that brought it."""
    prompt_tokens: int | None = None
    """How long a prompt it reads without keeping people waiting; None: as long as its context allows."""
    reads_images: bool = False
    """Whether it can be shown pictures."""
    calls_tools: bool = False
    """Whether it can be given tools to call."""
    reasoning_effort: str = ""
    """How hard it thinks where a question doesn't say; empty where it is not asked to think."""
    max_tokens: int | None = None
    """How long an answer may get where a question doesn't say; None: as long as the model makes it."""
    passes_fields: tuple[str, ...] = PASSED_FIELDS
    """The fields of a request that go on to its server besides those that are known here; "*" is any."""


class Completion(msgspec.Struct, frozen=True):
    """How a model's text ended. Token counts are 0 where the server did not say."""

    finish_reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """How many of the completion's were spent on reasoning."""
    cached_tokens: int = 0
    """How many of the prompt's the server had read before."""


class Limits(msgspec.Struct, frozen=True):
    """How long a model server may take, in seconds, and how much it may say."""

    connect_seconds: float = 5.0
    first_token_seconds: float = 60.0
    silence_seconds: float = 30.0
    thinking_seconds: float = 300.0
    """How long it may say nothing while it shows that it is alive."""
    total_seconds: float = 600.0
    event_bytes: int = 1024 * 1024
    answer_bytes: int = 4 * 1024 * 1024


class Deployed(msgspec.Struct, frozen=True):
    """How a deployment does, as the pool that it is in sees it."""

    name: str
    state: Literal["well", "busy", "ill"]
    """busy: it said for how long to leave it alone · ill: it fails; one attempt at a time finds out when it is back."""
    opens_in_seconds: float
    """How long nothing is asked of it; 0 where something may be."""
    under_way: int
    attempts: int
    failures: int


@runtime_checkable
class Pooled(Protocol):
    """A model of many deployments, which tells how they do."""

    @property
    def deployments(self) -> Sequence[Deployed]: ...


@runtime_checkable
class Started(Protocol):
    """A model that is started here, and tells how far that is."""

    @property
    def state(self) -> Literal["asleep", "fetching", "loading", "ready", "failed"]: ...


class Model(Protocol):
    """Something that goes on with a conversation. An async context manager where it holds a connection."""

    @property
    def card(self) -> ModelCard: ...

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        """Send the reply piece by piece and return how it ended.

        Of `how` a model does what it can, and leaves out the rest. Pieces come in order and none is
        lost. On cancellation the upstream connection is closed before the cancellation goes on.

        Raises:
            ModelError: the server refused, could not be reached, fell silent, broke off or said too
                much; what was sent before stands.
        """
        ...
