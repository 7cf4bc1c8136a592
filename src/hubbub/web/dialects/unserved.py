"""Refuse by name what would change an answer and can't be done here, in the same words in all of OpenAI's dialects."""

from collections.abc import Collection

import msgspec

from hubbub.core.errors import BadParam

_ONE_CHOICE = "Only one choice is made; leave it out, or set it to 1."
_PROBABILITIES = "Probabilities of tokens are not told here."
_FUNCTIONS = "Functions are given as tools here"

_REASONS = {
    "n": _ONE_CHOICE,
    "best_of": _ONE_CHOICE,
    "logprobs": _PROBABILITIES,
    "top_logprobs": _PROBABILITIES,
    "logit_bias": "Single tokens can't be weighed here. A model whose server can has it in its pass_fields.",
    "modalities": "Only text is made here.",
    "audio": "Only text is made here.",
    "functions": f"{_FUNCTIONS}.",
    "function_call": f"{_FUNCTIONS}; tool_choice says which one to call.",
    "web_search_options": "The web is not searched here. MODEL+search searches documents.",
    "suffix": "Texts are only gone on with at their end here.",
    "echo": "The prompt is not told again here.",
}
_HARMLESS = {
    "n": (b"1",),
    "best_of": (b"1",),
    "logprobs": (b"false",),
    "top_logprobs": (b"0",),
    "logit_bias": (b"{}",),
    "modalities": (b'["text"]',),
    "functions": (b"[]",),
    "suffix": (b'""',),
    "echo": (b"false",),
    "service_tier": (b'"auto"', b'"default"'),
}
"""Values that ask for nothing but what is done anyway."""
_OF_VALUES = ("n", "best_of", "modalities")
"""Where the field is known, and only its value can't be had."""
_PASSED_WHERE_NAMED = ("logit_bias",)
"""What changes an answer, but not its form: a model's server may do it, where the settings say so."""


def is_served(name: str, value: msgspec.Raw, passed: Collection[str]) -> bool:
    """Tell whether a field is none of those that can't be done. False: it asks for nothing, and can be left out.

    Raises:
        BadParam: it asks for something that can't be done.
    """
    reason = _REASONS.get(name)
    if reason is None and name not in _HARMLESS:
        return True
    if name in passed and (reason is None or name in _PASSED_WHERE_NAMED):
        return True
    if msgspec.json.encode(msgspec.json.decode(value)) in _HARMLESS.get(name, ()):
        return False
    if reason is None:
        return True
    code = "invalid_value" if name in _OF_VALUES else "unsupported_parameter"
    raise BadParam(f"{name}: {reason}", name, code=code)
