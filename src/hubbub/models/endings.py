"""Say what a finish reason means. What is not known is never taken for a success."""

from collections.abc import Mapping
from functools import lru_cache
from typing import cast

STOP, LENGTH, TOOL_CALLS, CONTENT_FILTER, REFUSAL = "stop", "length", "tool_calls", "content_filter", "refusal"

_MEANINGS = {
    STOP: (
        "stop",
        "end_turn",
        "eos",
        "eos_token",
        "end_of_text",
        "stop_sequence",
        "stop_token",
        "end",
        "complete",
        "completed",
        "done",
        "finished",
        "finish_reason_stop",
        "normal",
        "stop_str",
        "eos_token_id",
        "finish",
        "success",
    ),
    LENGTH: (
        "length",
        "max_tokens",
        "max_output_tokens",
        "max_length",
        "max_new_tokens",
        "model_length",
        "token_limit",
        "model_context_window_exceeded",
        "finish_reason_max_tokens",
        "max_completion_tokens",
        "max_tokens_reached",
        "context_length",
        "context_length_exceeded",
    ),
    TOOL_CALLS: ("tool_calls", "tool_call", "function_call", "tool_use", "tool"),
    CONTENT_FILTER: (
        "content_filter",
        "content_filtered",
        "safety",
        "sensitive",
        "recitation",
        "blocklist",
        "prohibited_content",
        "spii",
        "guardrail_intervened",
        "finish_reason_safety",
        "moderation",
        "content_policy_violation",
        "image_safety",
    ),
    REFUSAL: ("refusal",),
}
_BY_WORD = {word: meaning for meaning, words in _MEANINGS.items() for word in words}
_NONE = ("", "null", "none")
"""What some servers write into every chunk."""


def read_reason(value: object) -> str | None:
    """Return the reason that a server gives, in its own words; None where it gives none."""
    if isinstance(value, dict):
        fields = cast(Mapping[str, object], value)
        return next((word for name in ("type", "reason", "value") if (word := read_reason(fields.get(name)))), None)
    if value is None or value is False:
        return None
    word = value if isinstance(value, str) else repr(value)
    return None if word.strip().lower() in _NONE else word


@lru_cache(maxsize=64)
def meaning_of(reason: str) -> str | None:
    """Return one of OpenAI's reasons for a server's own; None where nobody knows what it means."""
    word, _, _ = reason.partition(":")  # Gemini's "content_filter: PROHIBITED_CONTENT"
    return _BY_WORD.get(word.strip().lower().replace("-", "_").replace(" ", "_"))


def weight_of(reason: str) -> int:
    """Return which of two reasons counts, where nothing of the answer came between: the one that weighs more."""
    meaning = meaning_of(reason)
    return _WEIGHTS.index(meaning) if meaning in _WEIGHTS else len(_WEIGHTS)


_WEIGHTS = (STOP, TOOL_CALLS, LENGTH, REFUSAL, CONTENT_FILTER)
