"""Make a question of a request for a response, going on with the one before it."""

import msgspec
from msgspec.structs import replace

from hubbub.app.application import Application
from hubbub.app.messages import able_of, over_documents
from hubbub.app.model_names import ModelNames
from hubbub.app.responses import shortened
from hubbub.core.errors import BadParam, Conflict, NotFound
from hubbub.core.events import Asked
from hubbub.core.identifiers import is_id
from hubbub.core.messages import Turn
from hubbub.core.people import Person
from hubbub.core.questions import Question
from hubbub.web.dialects.openai import further_fields
from hubbub.web.dialects.responses import PREFIX
from hubbub.web.dialects.responses_request import (
    NewResponse,
    check,
    check_calls,
    echo_to,
    generation_of,
    read_input,
    read_searches,
    read_tools,
)

PREVIOUS = "previous_response_id"


async def respond(app: Application, person: Person, new: NewResponse, sent: bytes) -> str:
    """Start a response and return the id of its answer; `sent` is the body that the request was read from.

    Raises:
        BadParam: something in the request can't be used.
        NotFound: there is no such model for this person.
        TooLarge: what was said by now is more than may be sent.
        TooBusy, Overloaded, StoreError: as `Responses.ask` does.
    """
    check(new)
    stores = [f"+{store}" for _, search in read_searches(new.tools or ()) for store in search.vector_store_ids]
    names = await app.model_names(person, *([new.model] if new.model else []), *stores)
    question, model = _question(app, names, new, await _before(app, person, new.previous_response_id))
    question = _with_further_fields(app, question, new, sent)
    return await app.responses.ask(
        person,
        question,
        is_kept=new.store is not False,
        is_told=bool(new.stream or new.background),
        echo=msgspec.to_builtins(echo_to(new, model)),
    )


async def find(app: Application, person: Person, response_id: str) -> tuple[str, Asked]:
    """Return the id of a response's answer, and what was asked.

    Raises:
        NotFound: there is none for this person, or it is not kept.
    """
    answer_id = _answer_id(response_id)
    try:
        return answer_id, await app.responses.find(person, answer_id)
    except NotFound as error:
        raise _unknown(response_id) from error


async def _before(app: Application, person: Person, response_id: str | None) -> tuple[Turn, ...]:
    """Return what was said up to a response, and in it."""
    if response_id is None:
        return ()
    try:
        return await app.responses.said_until(person, _answer_id(response_id))
    except NotFound as error:
        message = f"Previous response with id '{response_id[:64]}' not found."
        raise BadParam(message, PREVIOUS, code="previous_response_not_found") from error
    except Conflict as error:
        message = f"The response '{response_id}' is not complete yet. Go on when it is."
        raise BadParam(message, PREVIOUS, code="previous_response_in_progress") from error


def _answer_id(response_id: str) -> str:
    answer_id = response_id.removeprefix(PREFIX)
    if not (response_id.startswith(PREFIX) and is_id(answer_id)):
        raise _unknown(response_id)
    return answer_id


def _unknown(response_id: str) -> NotFound:
    return NotFound(f"Response with id '{response_id[:64]}' not found.")


def _question(app: Application, names: ModelNames, new: NewResponse, before: tuple[Turn, ...]) -> tuple[Question, str]:
    """Return the question, and the name of what is asked, as the response is to tell it."""
    named = names.read(new.model) if new.model else None
    model = named.model if named else None
    collection_ids, hits = _searched(names, new, named.collection_ids if named else ())
    chosen = app.catalog.get(model) if model else app.catalog.default
    card = chosen.card if chosen else None
    name = new.model or (card.name if card else "")
    able = able_of(name or "The model", None if collection_ids else card, app.limits.image_hosts)
    tools = () if new.tool_choice == "none" and not able.calls_tools else read_tools(new.tools or (), able)
    how = generation_of(new, tools)
    said = (*before, *read_input(new.input or "", able))
    check_calls(said)
    app.responses.check_length(said)
    if new.truncation == "auto" and card is not None and not collection_ids:
        said = shortened(said, card, how, new.instructions or "")
    if not collection_ids:
        system = (Turn("system", new.instructions),) if new.instructions else ()
        text = next((turn.text for turn in reversed(said) if turn.role == "user"), "")
        return Question(text, (*system, *said), model, is_verbatim=True, generation=how), name
    question = Question("", (), model, collection_ids, generation=how, hits=hits)
    most, told = app.limits.question_characters, [new.instructions] if new.instructions else []
    return over_documents(said, question, lambda _: "input", most_characters=most, told=told), name


def _with_further_fields(app: Application, question: Question, new: NewResponse, sent: bytes) -> Question:
    """Return the question with the wishes that go on to the model's server as they are.

    Raises:
        BadParam: one of them does not go there.
    """
    catalog = app.catalog
    if question.model:
        writer = catalog.get(question.model)
    else:
        writer = catalog.writer() if question.collection_ids else catalog.default
    card = writer.card if writer else None
    extra = further_fields(sent, NewResponse, card)
    verbosity = new.text.verbosity if new.text else None
    if verbosity and card is not None and "verbosity" in card.passes_fields:
        extra["verbosity"] = verbosity
    return replace(question, generation=replace(question.generation, extra=extra)) if extra else question


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
