"""An error is found in any of the shapes that servers use, and what is too long is told apart with its figures."""

# ruff: noqa: E501 # tables: a case is a line

import json
from typing import Any

import pytest

from hubbub.core.errors import ModelTooLong
from hubbub.models.address import compatible_address
from hubbub.models.faults import failure, is_context_fault, read_fault

ADDRESS = compatible_address("http://127.0.0.1:1/v1", "m")

SHAPES: dict[str, tuple[Any, str]] = {
    "OpenAI": ({"error": {"message": "bad key", "code": "invalid_api_key"}}, "bad key"),
    "openclaude 67": ([{"error": {"message": "API key not valid"}}], "API key not valid"),
    "a string": ({"error": "bad key"}, "bad key"),
    "in a string": ({"error": 'upstream said: {"error": {"message": "bad key"}}'}, "upstream said: bad key"),
    "nested": ({"error": {"error": {"message": {"text": 1, "error": "bad key"}}}}, "bad key"),
    "errors": ({"errors": [{"message": "one"}, {"message": "two"}]}, "one; two"),
    "FastAPI": ({"detail": [{"loc": ["body", "n"], "msg": "too many", "type": "x"}]}, "n: too many"),
    "detail": ({"detail": "bad key"}, "bad key"),
    "a problem": ({"type": "about:blank", "title": "Bad", "detail": "bad key"}, "bad key"),
    "Mistral": ({"object": "error", "message": {"detail": [{"loc": ["body", "x"], "msg": "extra"}]}}, "x: extra"),
    "message": ({"message": "bad key", "request_id": "7"}, "bad key"),
    "AWS": ({"Message": "bad key"}, "bad key"),
    "Baidu": ({"error_code": 17, "error_msg": "bad key"}, "bad key"),
    "HTML": ("<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
    "words": ("bad key", "bad key"),
    "nothing": ({}, None),
    "JSON that is cut": ('{"error": {"mess', None),
}


@pytest.mark.parametrize(("body", "message"), SHAPES.values(), ids=SHAPES)
def test_the_words_are_found(body: object, message: str | None) -> None:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    assert read_fault(data).message == message


TOO_LONG: dict[str, tuple[Any, int | None, int | None]] = {
    "OpenAI": (
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 10000 tokens.",
        8192,
        10000,
    ),
    "vLLM": (
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, "
        "100 in the completion). Please reduce the length of the messages or completion.",
        4096,
        5000,
    ),
    "llama.cpp": ("the request exceeds the available context size, try increasing it", None, None),
    "llama.cpp's figures": (
        {"message": "request (5000 tokens) exceeds the available context size (4096 tokens)", "n_ctx": 4096, "n_prompt_tokens": 5000},
        4096,
        5000,
    ),
    "Anthropic": ("prompt is too long: 210000 tokens > 200000 maximum", 200_000, 210_000),
    "Gemini": (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        1_048_576,
        1_200_000,
    ),
    "Mistral": (
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        32_768,
        40_000,
    ),
    "SGLang": ("The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096, 5000),
    "Moonshot": ("Your request exceeded model token limit: 131072 (requested: 140000)", 131_072, 140_000),
    "xAI": ("This model's maximum prompt length is 131072 but the request contains 140000 tokens.", 131_072, 140_000),
    "Qwen": ("Range of input length should be [1, 30720]", 30_720, None),
    "Bedrock": ("Input is too long for requested model.", None, None),
    "Zhipu": ("Prompt exceeds max length", None, None),
    "a code": ({"message": "x", "code": "context_length_exceeded"}, None, None),
}  # fmt: skip


@pytest.mark.parametrize(("error", "limit", "sent"), TOO_LONG.values(), ids=TOO_LONG)
def test_what_is_too_long_is_told_with_its_figures(error: object, limit: int | None, sent: int | None) -> None:
    body = {"error": error if isinstance(error, dict) else {"message": error}}
    found = failure(ADDRESS, read_fault(json.dumps(body).encode()), 400)
    assert isinstance(found, ModelTooLong)
    assert (found.code, found.retryable, found.is_of_deployment) == ("context_too_long", False, False)
    assert (found.limit_tokens, found.sent_tokens) == (limit, sent)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("Request too large for model m on tokens per minute (TPM): Limit 6000, Requested 8000", 413),
        ("Rate limit reached: too many tokens", 429),
        ("Invalid 'temperature': expected a value <= 2", 400),
        ("The server exceeded its time limit", 500),
    ],
)
def test_other_limits_are_not_the_contexts(message: str, status: int) -> None:
    assert not is_context_fault(read_fault(json.dumps({"error": {"message": message}}).encode()), status)


CREDIT: dict[str, tuple[int | None, Any]] = {
    "OpenAI": (
        429,
        {
            "error": {
                "message": "You exceeded your current quota, please check your plan and billing details.",
                "type": "insufficient_quota",
                "code": "insufficient_quota",
            }
        },
    ),
    "DeepSeek": (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}),
    "Anthropic": (
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the API."},
        },
    ),
    "Moonshot": (
        429,
        {
            "error": {
                "message": "Your account is suspended, please check your plan and billing details",
                "type": "exceeded_current_quota_error",
            }
        },
    ),
    "OpenRouter": (
        402,
        {"error": {"message": "This request requires more credits, or fewer max_tokens.", "code": 402}},
    ),
    "xAI": (
        403,
        {
            "code": "The caller does not have permission",
            "error": "Your team has either used all available credits or reached its monthly spending limit.",
        },
    ),
    "Alibaba": (
        400,
        {
            "error": {
                "code": "Arrearage",
                "message": "Access denied, please make sure your account is in good standing.",
            }
        },
    ),
    "in a stream": (None, {"error": {"message": "insufficient balance"}}),
}


@pytest.mark.parametrize(("status", "body"), CREDIT.values(), ids=CREDIT)
def test_a_lack_of_credit_is_not_a_moment_of_much_to_do(status: int | None, body: object) -> None:
    error = failure(ADDRESS, read_fault(json.dumps(body).encode()), status, retry_after_seconds=1.0)
    assert (error.code, error.retryable, error.retry_after_seconds, error.is_of_deployment) == (
        "no_credit",
        False,
        None,
        True,
    )
    assert "billing" not in error.message
    assert "billing" in error.for_operators


@pytest.mark.parametrize(
    "message",
    [
        "You exceeded your current quota, please check your plan and billing details. Please retry in 23.4s.",
        "Rate limit reached for requests per minute. Limit: 3.",
        "Quota exceeded for requests per minute. Check your plan and billing.",
        "The engine is overloaded.",
    ],
)
def test_a_limit_of_a_minute_is_no_lack_of_credit(message: str) -> None:
    error = failure(
        ADDRESS, read_fault(json.dumps({"error": {"message": message}}).encode()), 429, retry_after_seconds=2.0
    )
    assert (error.code, error.retryable, error.retry_after_seconds) == ("model_busy", True, 2.0)
