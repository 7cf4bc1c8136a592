"""Put together what a model is given to read."""

import importlib.resources
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from hubbub.conversation.tokens import USUAL, Rates
from hubbub.conversation.turns import well_formed
from hubbub.core.documents import Hit
from hubbub.core.events import LeftOut
from hubbub.core.messages import Turn
from hubbub.core.questions import Instructions, Question

SHARE_OF_ONE = 0.4
"""How much of a prompt a single earlier turn may take, so that others have room beside it."""
LEAST_TOKENS = 64
"""With less room than this nothing of a turn is given: it would say nothing."""


UNSEEN = "[Pictures were sent here, which you can't see.]"
"""What a model that reads no pictures is told in their place."""


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


class Fitted(NamedTuple):
    """A prompt, and what of the conversation is not in it."""

    turns: list[Turn]
    left_out: LeftOut | None = None


def fit(
    system: str, turns: Sequence[Turn], question: str, *, budget_tokens: int, rates: Rates = USUAL, asked: str = ""
) -> Fitted:
    """Return the prompt with as many of the last turns as fit the budget; system and question are always in it.

    A turn that would take more than its share is given in part, with a note; where the question itself is so long, it
    is as well. The history begins with a question, never with an answer to one that was left out. `asked` is what
    stands in the question's place in the prompt, where that holds more than the question.
    """
    left = budget_tokens - rates.tokens(system)
    given = asked or shortened(question, max(LEAST_TOKENS, left), rates)
    in_part = int(given not in (asked, question))
    left -= rates.tokens(given)
    said = well_formed(turns)
    most = int(SHARE_OF_ONE * budget_tokens)
    kept: list[Turn] = []
    for turn in reversed(said):
        if rates.tokens(turn.text) > most and (part := shortened(turn.text, min(left, most), rates)):
            turn = replace(turn, text=part)
            in_part += 1
        left -= rates.of_turn(turn)
        if left < 0:
            break
        kept.append(turn)
    kept.reverse()
    while kept and kept[0].role != "user":
        kept.pop(0)
    if kept and kept[-1].role == "user":  # it was never answered: two turns of a person in a row are one
        unanswered = kept.pop().text
        given = given if unanswered == question else f"{unanswered}\n\n{given}"
        said = said[:-1]
    missing = len(said) - len(kept)
    left_out = LeftOut(missing, in_part) if missing or in_part else None
    return Fitted([Turn("system", system), *kept, Turn("user", given)], left_out)


def with_pictures(fitted: Fitted, question: Question, *, reads_images: bool) -> Fitted:
    """Return a prompt whose last question has its pictures; a model that reads none is told where some were sent."""
    if question.is_verbatim or not (question.images or any(turn.images for turn in fitted.turns)):
        return fitted
    turns = list(fitted.turns)
    place = max(place for place, turn in enumerate(turns) if turn.role == "user")
    turns[place] = replace(turns[place], images=question.images)
    if not reads_images:
        turns = [replace(turn, text=f"{turn.text}\n\n{UNSEEN}", images=()) if turn.images else turn for turn in turns]
    return fitted._replace(turns=turns)


def shortened(text: str, tokens: int, rates: Rates = USUAL) -> str:
    """Return a text as far as it fits so many tokens: its beginning and its end, with a note between them.

    Empty where there is no room for either.
    """
    if rates.tokens(text) <= tokens:
        return text
    room = rates.characters(text, tokens - LEAST_TOKENS // 2)
    if tokens < LEAST_TOKENS or room <= 0:
        return ""
    end = room // 3
    note = f"\n\n[… {len(text) - room:,} characters are left out here …]\n\n"
    return text[: room - end] + note + text[len(text) - end :]


def fit_sources(hits: Sequence[Hit], *, budget_tokens: int, rates: Rates = USUAL) -> Sequence[Hit]:
    """Return as many of the first hits as fit the budget, but at least one where there is one."""
    left = budget_tokens
    for count, hit in enumerate(hits):
        left -= rates.tokens(_source(count + 1, hit))
        if left < 0:
            return hits[: max(count, 1)]
    return hits


def fit_since(turns: Sequence[Turn], *, budget_tokens: int, rates: Rates = USUAL) -> list[Turn]:
    """Return the calls that were made for a question, each with its result, in part where they are too long."""
    since = well_formed([Turn("user", "…"), *turns])[1:] if turns else []
    if sum(map(rates.of_turn, since)) <= budget_tokens:
        return since
    each = budget_tokens // len(since)
    return [replace(turn, text=shortened(turn.text, max(each, LEAST_TOKENS), rates)) for turn in since]


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
