"""Make a question of a request for a response, going on with the one before it."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from hubbub.conversation.tokens import estimate_tokens
from hubbub.core.errors import NotFound, TooLarge
from hubbub.core.messages import Turn
from hubbub.core.people import Person
from hubbub.core.questions import Generation, Question
from hubbub.models.base import ModelCard
from hubbub.web.apart import ask_apart
from hubbub.web.dialects.openai import BadParam
from hubbub.web.dialects.openai_messages import able_of, check_sizes, over_documents, readable
from hubbub.web.dialects.responses_request import (
    NewResponse,
    check,
    check_calls,
    echo_to,
    generation_of,
    read_input,
    read_searches,
    read_tools,
    without_old_thoughts,
)
from hubbub.web.model_names import ModelNames, names_for
from hubbub.web.recalled import recalled, said_before
from hubbub.web.services import Services

UNKEPT_SECONDS = 600.0
"""How long a response is kept that is not to be stored: as long as somebody may still be reading it."""


async def respond(services: Services, person: Person, new: NewResponse) -> str:
    """Start a response and return the id of its answer.

    It stops when its reader leaves, unless it is stored and the reader was told its id, to come again.

    Raises:
        BadParam: something in the request can't be used.
        NotFound: there is no such model for this person.
        TooLarge: what was said by now is more than may be sent.
        TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
        StoreError: it could not be stored, so it was not begun.
    """
    check(new)
    names = await names_for(services, person)
    before = await said_before(services, person, new.previous_response_id)
    if isinstance(new.input, list):
        new = replace(new, input=await recalled(services, person, new.input))
    question, model = _question(services, names, new, before)
    is_kept = new.store is not False
    return await ask_apart(
        services,
        person,
        question,
        grace_seconds=None if is_kept and (new.stream or new.background) else 0.0,
        keep_seconds=services.limits.kept_seconds if is_kept else UNKEPT_SECONDS,
        echo=msgspec.to_builtins(echo_to(new, model)),
    )


def _question(
    services: Services, names: ModelNames, new: NewResponse, before: tuple[Turn, ...]
) -> tuple[Question, str]:
    """Return the question, and the name of what is asked, as the response is to tell it."""
    named = names.read(new.model) if new.model else None
    model = named.model if named else None
    collection_ids, hits = _searched(names, new, named.collection_ids if named else ())
    chosen = services.catalog.get(model) if model else services.catalog.default
    card = chosen.card if chosen else None
    name = new.model or (card.name if card else "")
    if collection_ids and not model:
        chosen = services.catalog.writer()
        card = chosen.card if chosen else None
    is_over = bool(collection_ids)
    able = able_of(name or "The model", card, services.limits.image_hosts, is_over_documents=is_over)
    tools = () if new.tool_choice == "none" and not able.calls_tools else read_tools(new.tools or (), able)
    how = generation_of(new, tools)
    said = without_old_thoughts((*before, *read_input(new.input or "", able)))
    check_calls(said)
    said = said if collection_ids else readable(said, able)
    _check_length(services, said)
    if new.truncation == "auto" and card is not None and not collection_ids:
        said = _shortened(said, card, how, new.instructions or "")
    if not collection_ids:
        system = (Turn("system", new.instructions),) if new.instructions else ()
        text = next((turn.text for turn in reversed(said) if turn.role == "user"), "")
        return Question(text, (*system, *said), model, is_verbatim=True, generation=how), name
    question = Question("", (), model, collection_ids, generation=how, hits=hits)
    most, told = services.limits.question_characters, [new.instructions] if new.instructions else []
    return over_documents(said, question, able, lambda _: "input", most_characters=most, told=told), name


def _searched(
    names: ModelNames, new: NewResponse, collection_ids: tuple[str, ...]
) -> tuple[tuple[str, ...], int | None]:
    """Return the collections that are asked, by the model's name or by a tool, and for how many passages."""
    found = dict.fromkeys(collection_ids)
    most: list[int] = []
    for where, search in read_searches(new.tools or ()):
        for number, store in enumerate(search.vector_store_ids):
            try:
                found |= dict.fromkeys(names.read(f"+{store}").collection_ids)
            except NotFound as error:
                place = f"{where}.vector_store_ids[{number}]"
                raise BadParam(f"There is no collection '{store[:64]}' here.", place, code="not_found") from error
        most += [search.max_num_results] if search.max_num_results else []
    return tuple(found), max(most, default=None)


def _check_length(services: Services, turns: Sequence[Turn]) -> None:
    limits = services.limits
    if len(turns) > limits.chat_messages:
        raise TooLarge(f"This conversation has {len(turns):,} turns; {limits.chat_messages:,} is the limit.")
    check_sizes(turns, body_bytes=limits.body_bytes, picture_bytes=limits.picture_bytes)


def _shortened(turns: tuple[Turn, ...], card: ModelCard, how: Generation, instructions: str) -> tuple[Turn, ...]:
    """Return as many of the last turns as the model can read, from a user's on; the system's all stay."""
    expected = min(how.max_tokens or card.context_tokens // 4, card.context_tokens // 2)
    left = card.context_tokens - expected - estimate_tokens(instructions)
    left -= sum(estimate_tokens(turn.text) for turn in turns if turn.role == "system")
    begin = len(turns)
    for place in range(len(turns) - 1, -1, -1):
        if left < 0 and begin < len(turns):
            break
        turn = turns[place]
        if turn.role != "system":
            left -= estimate_tokens(turn.text) + sum(estimate_tokens(call.arguments) for call in turn.calls)
        if turn.role == "user" and (left >= 0 or begin == len(turns)):
            begin = place
    if begin == len(turns):
        return turns
    return (*(turn for turn in turns[:begin] if turn.role == "system"), *turns[begin:])
