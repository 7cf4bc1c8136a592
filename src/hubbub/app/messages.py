"""Read what was said so far, in the forms in which OpenAI's clients send it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, cast

import msgspec
from msgspec.structs import replace

from hubbub.app.images import fault_of_image
from hubbub.core.errors import BadParam, TooLarge
from hubbub.core.messages import Call, JsonObject, Role, Turn
from hubbub.core.questions import Instructions, Question
from hubbub.models.base import ATTACHMENTS, ModelCard

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
IMAGES = ("image_url", "input_image")
SHOWN_CHARACTERS = 40
NAME = "name"
"""Who of several people, or agents, has said it."""
CUSTOM = "custom"
"""The type of a tool that takes a text of any form; models get it as a function of one text."""
INPUT = "input"
"""What that function calls its text."""
THOUGHT = "reasoning_content"
"""What a model thought goes back to its server where a client sends it: some want it with the calls of a turn."""


class Able(msgspec.Struct, frozen=True):
    """What can be sent to whatever a program asks."""

    name: str
    """What the program calls it."""
    reads_images: bool = False
    calls_tools: bool = False
    image_hosts: frozenset[str] = frozenset()
    """Where images may be that a model server is to fetch."""


def able_of(
    name: str, card: ModelCard | None, image_hosts: Collection[str] = (), *, is_over_documents: bool = False
) -> Able:
    """Return what can be sent to a model, or to what writes over documents: no images there, and tools if it writes."""
    if card is None:
        return Able(name)
    if is_over_documents:
        return Able(name, calls_tools=card.calls_tools and card.can_ground)
    return Able(name, card.reads_images, card.calls_tools, frozenset(image_hosts))


def read_messages(messages: Sequence[object], able: Able, *, where: str = "messages") -> tuple[Turn, ...]:
    """Return what was said, in order, each message as one turn.

    Raises:
        BadParam: one of them can't be used; `param` says which, and which part of it.
    """
    return tuple(_turn(message, f"{where}[{number}]", able) for number, message in enumerate(messages))


def readable(turns: Sequence[Turn], able: Able) -> tuple[Turn, ...]:
    """Return turns as they can be sent: calls that were made before are told in words to who can call nothing."""
    if able.calls_tools or not any(turn.calls or turn.call_id is not None for turn in turns):
        return tuple(turns)
    names = {call.id: call.name for turn in turns for call in turn.calls}
    told: list[Turn] = []
    for turn in turns:
        if turn.call_id is not None:
            text = f"[{names.get(turn.call_id, 'A tool')} returned: {turn.text}]"
            last = told[-1] if told else None
            if last is not None and last.role == "user" and last.text.startswith("["):
                told[-1] = Turn("user", f"{last.text}\n{text}", last.images + turn.images)
            else:
                told.append(Turn("user", text, turn.images))
        elif turn.calls:
            calls = [f"[Called {call.name} with {call.arguments}]" for call in turn.calls]
            told.append(replace(turn, text="\n".join([*([turn.text] if turn.text else []), *calls]), calls=()))
        else:
            told.append(turn)
    return tuple(told)


def check_sizes(turns: Sequence[Turn], *, body_bytes: int, picture_bytes: int) -> None:
    """Check that a conversation is not too long, texts and pictures apart.

    Raises:
        TooLarge: it is.
    """
    texts = sum(len(turn.text) for turn in turns)
    if texts >= body_bytes:  # it came in a body with something around it
        raise TooLarge(f"This conversation has {texts:,} characters; {body_bytes:,} is the limit.")
    pictures = sum(len(image) for turn in turns for image in turn.images)
    if pictures > picture_bytes:
        raise TooLarge(f"The pictures of this conversation have {pictures:,} bytes; {picture_bytes:,} is the limit.")


class Content(NamedTuple):
    """What a message says: its text, its pictures, and where in the text they stand."""

    text: str
    images: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    details: tuple[str, ...] = ()


def read_content(content: object, where: str, role: Role, able: Able) -> Content:
    """Return the text of a message and its images. Texts of more than one part are put below each other.

    Raises:
        BadParam: it is neither a string nor a list of parts that can be read; `where` is the beginning of its `param`.
    """
    if isinstance(content, str):
        return Content(content)
    if not isinstance(content, list):
        raise BadParam(f"{where} has to be a string or a list of parts.", where, code="invalid_type")
    texts: list[str] = []
    images: list[str] = []
    places: list[int] = []
    details: list[str] = []
    length = -1
    for number, part in enumerate(cast(list[object], content)):
        place = f"{where}[{number}]"
        fields = mapping_at(part, place)
        kind = fields.get("type")
        if isinstance(kind, str) and kind in _TEXTS:
            texts.append(string_at(fields, _TEXTS[kind], place))
            length += len(texts[-1]) + 1
        elif kind in IMAGES:
            images.append(_image(fields, place, role, able))
            places.append(max(length, 0))
            details.append(_detail(fields, place))
        else:
            raise BadParam(f"{place} is a part of the type {shown(kind)}; {_READ[able.reads_images]}.", place)
    text = "\n".join(texts)
    in_order = tuple(places) if any(place < len(text) for place in places) else ()
    return Content(text, tuple(images), in_order, tuple(details) if any(details) else ())


def _detail(fields: Mapping[str, object], where: str) -> str:
    """Return how closely an image is to be looked at; empty where nothing is said of that."""
    address = fields.get("image_url")
    within = cast(Mapping[str, object], address) if isinstance(address, dict) else fields
    detail = within.get("detail")
    if detail is None:
        return ""
    if detail not in _DETAILS:
        raise BadParam(f"{where}: detail is {shown(detail)}; there are {', '.join(_DETAILS)}.", where)
    return "" if detail == "auto" else str(detail)


_DETAILS = ("auto", "low", "high", "original")
_READ = {True: "text and image_url can be read here", False: "only text can be read here"}


def over_documents(
    turns: Sequence[Turn],
    question: Question,
    able: Able,
    place_of: Callable[[int], str],
    *,
    most_characters: int,
    told: Sequence[str] = (),
) -> Question:
    """Return a question over documents: its text is what was said last by a user, and what was said before goes along.

    So does what was called since, with its results. What the system says follows what is `told`, as instructions.
    `place_of` says where a turn was sent; -1 is for none.

    Raises:
        BadParam: nothing was asked, or too much.
    """
    last = max((number for number, turn in enumerate(turns) if turn.role == "user"), default=-1)
    text = turns[last].text if last >= 0 else ""
    if not text.strip():
        message = "Documents are searched for what the last message of the role user asks; it is empty."
        raise BadParam(message, place_of(last))
    if len(text) > most_characters:
        message = f"The question has {len(text):,} characters; over documents {most_characters:,} is the limit."
        raise BadParam(message, place_of(last), code="string_above_max_length")
    said = [turn for turn in turns[:last] if turn.role != "system"]
    since = [turn for turn in turns[last + 1 :] if turn.role != "system"]
    has_called = any(turn.calls for turn in since)
    instructions = [*told, *(turn.text for turn in turns if turn.role == "system" and turn.text)]
    return replace(
        question,
        text=text,
        is_plain=True,
        turns=readable([_without_pictures(turn) for turn in said], able),
        since=readable([_without_pictures(turn) for turn in since], able) if has_called else (),
        instructions=Instructions("\n\n".join(instructions)) if instructions else None,
    )


def check_thorough(is_thorough: bool | None, *, is_over_documents: bool) -> None:
    """Refuse to search several times where nothing is searched at all.

    Raises:
        BadParam: that is asked for.
    """
    if is_thorough and not is_over_documents:
        message = "thorough needs documents to search: name them with the model, or as vector stores of file_search."
        raise BadParam(message, "thorough")


def _without_pictures(turn: Turn) -> Turn:
    return replace(turn, images=(), places=(), details=())


def mapping_at(value: object, where: str) -> Mapping[str, object]:
    """Return a value that has to be an object.

    Raises:
        BadParam: it is none.
    """
    if not isinstance(value, dict):
        raise BadParam(f"{where} has to be an object.", where, code="invalid_type")
    return cast(dict[str, object], value)


def string_at(fields: Mapping[str, object], name: str, where: str) -> str:
    """Return a field that has to be a string.

    Raises:
        BadParam: it is missing, or none.
    """
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadParam(f"{where}.{name} has to be a string.", f"{where}.{name}", code="invalid_type")
    return value


def shown(value: object) -> str:
    """Return what was sent in a form that fits into a message."""
    text = repr(value) if isinstance(value, str) else "null" if value is None else "something else than a string"
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _turn(message: object, where: str, able: Able) -> Turn:
    fields = mapping_at(message, where)
    given = fields.get("role")
    role = _ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        roles = ", ".join(_ROLES)
        raise BadParam(f"{where}.role is {shown(given)}; there are the roles {roles}.", f"{where}.role")
    if fields.get("audio") is not None or fields.get("function_call") is not None:
        name = "audio" if fields.get("audio") is not None else "function_call"
        raise BadParam(f"{where}.{name} can't be read here.", f"{where}.{name}")
    calls = _calls(fields.get("tool_calls"), f"{where}.tool_calls", role)
    content = fields.get("content")
    if content is None and role == "assistant":
        content = fields.get("refusal") or ""
    said = read_content(content, f"{where}.content", role, able)
    extra = _attached(fields) if role == "assistant" else {}
    if (name := fields.get("name")) is not None and role != "tool":
        extra = {**extra, NAME: string_at(fields, NAME, where)} if name else extra
    call_id = string_at(fields, "tool_call_id", where) if role == "tool" else None
    return turn_of(role, said, calls=calls, extra=extra, call_id=call_id)


def turn_of(
    role: Role,
    said: Content,
    *,
    calls: tuple[Call, ...] = (),
    extra: JsonObject | None = None,
    call_id: str | None = None,
) -> Turn:
    """Return what was said as a turn."""
    return Turn(
        role,
        said.text,
        said.images,
        calls=calls,
        call_id=call_id,
        extra=extra or {},
        places=said.places,
        details=said.details,
    )


def _attached(message: Mapping[str, object]) -> JsonObject:
    """Return what a model's server sent beside a text, and gets back with it."""
    return {name: value for name in (*ATTACHMENTS, THOUGHT) if (value := message.get(name))}


def _extra(call: Mapping[str, object], function: Mapping[str, object]) -> JsonObject:
    """Return what a model's server sent beside a call, and gets back with it."""
    extra = {name: value for name, value in call.items() if name not in ("id", "type", "function", CUSTOM, "index")}
    within = {name: value for name, value in function.items() if name not in ("name", "arguments", INPUT)}
    return {**extra, "function": within} if within else extra


def _image(fields: Mapping[str, object], where: str, role: Role, able: Able) -> str:
    if not able.reads_images:
        raise BadParam(f"{where} is an image, and {able.name} reads none.", where)
    if role not in ("user", "tool"):
        raise BadParam(f"{where} is an image; only messages of the roles user and tool can hold some.", where)
    address = fields.get("image_url")
    if not isinstance(address, str):
        place = f"{where}.image_url"
        address = string_at(mapping_at(address, place), "url", place)
    if (fault := fault_of_image(address, able.image_hosts)) is not None:
        raise BadParam(f"{where} {fault}", where)
    return address


def _calls(given: object, where: str, role: Role) -> tuple[Call, ...]:
    if given is None or given == []:
        return ()
    if role != "assistant" or not isinstance(given, list):
        raise BadParam(f"{where} has to be a list, and is for messages of the role assistant alone.", where)
    calls: list[Call] = []
    for number, one in enumerate(cast(list[object], given)):
        place = f"{where}[{number}]"
        fields = mapping_at(one, place)
        kind = fields.get("type", "function")
        if kind not in ("function", CUSTOM):
            message = f"{place} is a call of the type {shown(kind)}; there are functions and custom tools."
            raise BadParam(message, place)
        function = mapping_at(fields.get(kind), f"{place}.{kind}")
        name = string_at(function, "name", f"{place}.{kind}")
        if kind == CUSTOM:
            arguments = msgspec.json.encode({INPUT: string_at(function, INPUT, f"{place}.{kind}")}).decode()
        else:
            arguments = string_at(function, "arguments", f"{place}.{kind}")
        calls.append(Call(string_at(fields, "id", place), name, arguments, _extra(fields, function)))
    return tuple(calls)
