"""Put together what a model is given to read."""

import importlib.resources
from collections.abc import Sequence

from hubbub.core.documents import Hit
from hubbub.core.messages import Turn
from hubbub.core.questions import Instructions

CHARACTERS_PER_TOKEN = 3.5
TOKENS_PER_TURN = 8


def _read() -> dict[str, str]:
    folder = importlib.resources.files("hubbub.conversation").joinpath("prompts")
    return {file.name.removesuffix(".txt"): file.read_text(encoding="utf-8").strip() for file in folder.iterdir()}


_TEXTS = _read()  # with the module, as code is: read with the first answer, they would hold up the event loop


def prompt_text(name: str) -> str:
    """Return the text of a prompt, from its file in `prompts/`."""
    return _TEXTS[name]


def instructed(name: str, instructions: Instructions | None) -> str:
    """Return the text of a prompt with these instructions after it, or in its place."""
    if instructions is None:
        return prompt_text(name)
    return instructions.text if instructions.replaces else f"{prompt_text(name)}\n\n{instructions.text}"


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few (English: 4 characters a token)."""
    return int(len(text) / CHARACTERS_PER_TOKEN) + TOKENS_PER_TURN


def fit(system: str, turns: Sequence[Turn], question: str, *, budget_tokens: int) -> list[Turn]:
    """Return the prompt with as many of the last turns as fit the budget; system and question are always in it.

    The history begins with a question, never with an answer to one that was left out.
    """
    left = budget_tokens - estimate_tokens(system) - estimate_tokens(question)
    kept: list[Turn] = []
    for turn in reversed(turns):
        left -= estimate_tokens(turn.text)
        if left < 0:
            break
        kept.append(turn)
    kept.reverse()
    while kept and kept[0].role != "user":
        kept.pop(0)
    return [Turn("system", system), *kept, Turn("user", question)]


def fit_sources(hits: Sequence[Hit], *, budget_tokens: int) -> Sequence[Hit]:
    """Return as many of the first hits as fit the budget, but at least one where there is one."""
    left = budget_tokens
    for count, hit in enumerate(hits):
        left -= estimate_tokens(_source(count + 1, hit))
        if left < 0:
            return hits[: max(count, 1)]
    return hits


def with_sources(question: str, hits: Sequence[Hit]) -> str:
    """Return the question below the passages it is to be answered from, each with its number."""
    sources = "\n\n".join(_source(number, hit) for number, hit in enumerate(hits, start=1))
    return f"Sources:\n\n{sources}\n\nQuestion: {question}"


def _source(number: int, hit: Hit) -> str:
    page = f", page {hit.page}" if hit.page is not None else ""
    heading = f" › {hit.heading}" if hit.heading else ""
    # A line for its name and one for its text, whatever line breaks they hold: a document can't begin another source.
    return f"[{number}] {_line(f'{hit.title or hit.name}{heading}{page}')}\n{_line(hit.text)}"


def _line(text: str) -> str:
    return " ".join(text.split())
