"""Make a question of a request for a response, going on with the one before it."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from hubbub.app.application import Application
from hubbub.app.assistants_asked import with_assistant
from hubbub.app.conversations import Standing, place_of_next, text_of
from hubbub.app.files_sent import with_files_read
from hubbub.app.found_pages import Narrow
from hubbub.app.messages import able_of, check_thorough, over_documents, readable
from hubbub.app.model_names import Asked as NamedModel
from hubbub.app.model_names import ModelNames
from hubbub.app.model_rights import Models
from hubbub.app.responses import shortened
from hubbub.core.errors import BadParam, Conflict, NotFound
from hubbub.core.messages import Turn
from hubbub.core.people import Person
from hubbub.core.questions import Question
from hubbub.web.conversing import chat_id_of, standing_of
from hubbub.web.dialects.openai import further_fields
from hubbub.web.dialects.responses_request import (
    FileSearch,
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
from hubbub.web.dialects.vector_filters import attributes_of, holds_of
from hubbub.web.recalled import answer_id_of, recalled

PREVIOUS = "previous_response_id"
_Stores: TypeAlias = Sequence[tuple[FileSearch, tuple[str, ...]]]
"""Searches of files, each with its collections."""


async def respond(app: Application, person: Person, new: NewResponse, sent: bytes) -> tuple[str, str]:
    """Start a response; return the id of its answer, and which part of an assistant is not asked, if any.

    `sent` is the body that the request was read from.

    Raises:
        BadParam: something in the request can't be used.
        NotFound: there is no such model for this person.
        TooLarge: what was said by now is more than may be sent.
        TooBusy, Overloaded, StoreError: as `Responses.ask` does.
    """
    check(new)
    if new.conversation is not None:
        chat_id = chat_id_of(new.conversation)
        async with app.locks.of(chat_id):
            return await _respond(app, person, new, sent, await standing_of(app, person, chat_id, "conversation"))
    return await _respond(app, person, new, sent, None)


async def count(app: Application, person: Person, new: NewResponse, sent: bytes) -> int:
    """Return about how many tokens the model would be given to read for a response, which is not started.

    Raises:
        HubbubError: as `respond` does, for what was sent.
    """
    check(new)
    at = None
    if new.conversation is not None:
        at = await standing_of(app, person, chat_id_of(new.conversation), "conversation")
    return await app.questions.count(person, (await _made(app, person, new, sent, at)).question)


class _Made(NamedTuple):
    """What a request becomes."""

    question: Question
    told: NewResponse
    """The request, with what an assistant adds to it."""
    model: str
    """The name of what is asked, as the response is to tell it."""
    new_turns: int
    left_out: str
    """Which part of an assistant is not asked."""


async def _respond(
    app: Application, person: Person, new: NewResponse, sent: bytes, at: Standing | None
) -> tuple[str, str]:
    made = await _made(app, person, new, sent, at)
    within = None
    if at is not None:
        within = await place_of_next(app, at.chat, at.last_id, _asked(made.question))
    answer_id = await app.responses.ask(
        person,
        made.question,
        is_kept=new.store is not False,
        is_told=bool(new.stream or new.background),
        echo=msgspec.to_builtins(echo_to(made.told, made.model, made.new_turns)),
        within=within,
    )
    return answer_id, made.left_out


async def _made(app: Application, person: Person, new: NewResponse, sent: bytes, at: Standing | None) -> _Made:
    wanted = [f"+{store}" for _, search in read_searches(new.tools or ()) for store in search.vector_store_ids]
    names = await app.model_names(person, *([new.model] if new.model else []), *wanted)
    before = await _before(app, person, new.previous_response_id) if at is None else at.turns
    if isinstance(new.input, list):
        items = await recalled(app, person, new.input)
        new = replace(new, input=await with_files_read(app, person, items, where="input"))
    catalog = await app.models_of(person)
    named = names.read(new.model) if new.model else None
    assistant = None
    if named is not None and named.assistant_id:
        assistant = await app.asking_assistants.settle(person, named.assistant_id)
        named = replace(named, model=assistant.model, collection_ids=assistant.collection_ids)
        told = "\n\n".join(text for text in (assistant.instructions, new.instructions or "") if text)
        new = replace(new, instructions=told or None)
    stores = _stores(names, new)
    question, model, new_turns = _question(app, catalog, stores, named, new, before)
    if assistant is not None:
        question = with_assistant(question, assistant)
    question = _with_further_fields(catalog, await _narrowed(app, question, stores), sent)
    return _Made(question, new, model, new_turns, assistant.left_out if assistant is not None else "")


def _asked(question: Question) -> str:
    """Return what stands for a question in a chat: what came since the model spoke last."""
    if question.collection_ids:
        return text_of(question.since) or question.text
    last = max((place for place, turn in enumerate(question.turns) if turn.role == "assistant"), default=-1)
    return text_of(question.turns[last + 1 :])


async def _before(app: Application, person: Person, response_id: str | None) -> tuple[Turn, ...]:
    """Return what was said up to a response, and in it."""
    if response_id is None:
        return ()
    try:
        return await app.responses.said_until(person, answer_id_of(response_id))
    except NotFound as error:
        message = f"Previous response with id '{response_id[:64]}' not found."
        raise BadParam(message, PREVIOUS, code="previous_response_not_found") from error
    except Conflict as error:
        message = f"The response '{response_id}' is not complete yet. Go on when it is."
        raise BadParam(message, PREVIOUS, code="previous_response_in_progress") from error


def _question(
    app: Application,
    catalog: Models,
    stores: _Stores,
    named: NamedModel | None,
    new: NewResponse,
    before: tuple[Turn, ...],
) -> tuple[Question, str, int]:
    """Return the question, the name of what is asked, as the response is to tell it, and how many turns are new."""
    model = named.model if named else None
    collection_ids, hits = _searched(stores, named.collection_ids if named else ())
    chosen = catalog.get(model) if model else catalog.default
    card = chosen.card if chosen else None
    name = new.model or (card.name if card else "")
    if collection_ids and not model:
        writer = catalog.writer()
        card = writer.card if writer else None
    able = able_of(name or "The model", card, app.limits.image_hosts, is_over_documents=bool(collection_ids))
    tools = () if new.tool_choice == "none" and not able.calls_tools else read_tools(new.tools or (), able)
    how = generation_of(new, tools, card.passes_fields if card else ())
    said = without_old_thoughts((*before, *read_input(new.input or "", able)))
    check_calls(said)
    kept = [turn for turn in said if turn.role != "system"] if collection_ids else said
    known = [turn for turn in before if turn.role != "system"] if collection_ids else before
    new_turns = len(readable(kept, able)) - len(readable(known, able))
    said = said if collection_ids else readable(said, able)
    app.responses.check_length(said)
    if new.truncation == "auto" and card is not None and not collection_ids:
        said = shortened(said, card, how, new.instructions or "")
    check_thorough(new.thorough, is_over_documents=bool(collection_ids))
    if not collection_ids:
        system = (Turn("system", new.instructions),) if new.instructions else ()
        text = next((turn.text for turn in reversed(said) if turn.role == "user"), "")
        return Question(text, (*system, *said), model, is_verbatim=True, generation=how), name, new_turns
    is_thorough = bool(new.thorough)
    question = Question("", (), model, collection_ids, generation=how, hits=hits, is_thorough=is_thorough)
    most, told = app.limits.question_characters, [new.instructions] if new.instructions else []
    return over_documents(said, question, able, lambda _: "input", most_characters=most, told=told), name, new_turns


def _with_further_fields(catalog: Models, question: Question, sent: bytes) -> Question:
    """Return the question with the wishes that go on to the model's server as they are.

    Raises:
        BadParam: one of them does not go there.
    """
    if question.model:
        writer = catalog.get(question.model)
    else:
        writer = catalog.writer() if question.collection_ids else catalog.default
    card = writer.card if writer else None
    extra = further_fields(sent, NewResponse, card)
    how = question.generation
    return replace(question, generation=replace(how, extra={**how.extra, **extra})) if extra else question


def _searched(stores: _Stores, collection_ids: tuple[str, ...]) -> tuple[tuple[str, ...], int | None]:
    """Return the collections that are asked, by the model's name or by a tool, and for how many passages."""
    found = dict.fromkeys(collection_ids)
    most: list[int] = []
    for search, ids in stores:
        found |= dict.fromkeys(ids)
        most += [search.max_num_results] if search.max_num_results else []
    return tuple(found), max(most, default=None)


def _stores(names: ModelNames, new: NewResponse) -> _Stores:
    """Return the searches of files, each with its collections.

    Raises:
        BadParam: there is no collection of that name for whoever asks.
    """
    found: list[tuple[FileSearch, tuple[str, ...]]] = []
    for where, search in read_searches(new.tools or ()):
        ids: dict[str, None] = {}
        for number, store in enumerate(search.vector_store_ids):
            try:
                ids |= dict.fromkeys(names.read(f"+{store}").collection_ids)
            except NotFound as error:
                place = f"{where}.vector_store_ids[{number}]"
                raise BadParam(f"There is no collection '{store[:64]}' here.", place, code="not_found") from error
        found.append((search, tuple(ids)))
    return found


async def _narrowed(app: Application, question: Question, stores: _Stores) -> Question:
    """Return the question within the documents that the searches' filters leave, and for passages that are good enough.

    All searches of files are one here: a document is searched that any of them leaves, or that the model's name means.
    """
    if not stores:
        return question
    question = replace(question, least_share=min(search.least_share for search, _ in stores))
    if not any(search.filters for search, _ in stores):
        return question
    others = set(question.collection_ids).difference(*(ids for _, ids in stores))
    left = dict.fromkeys(await app.documents.left_of(sorted(others), Narrow()))
    for search, ids in stores:
        left |= dict.fromkeys(await app.documents.left_of(ids, _narrow_of(search)))
    return replace(question, document_ids=tuple(left))


def _narrow_of(search: FileSearch) -> Narrow:
    if search.filters is None:
        return Narrow()
    holds = holds_of(search.filters)
    return Narrow(also=lambda document: holds(attributes_of(document)))
