"""Read what was said so far, in the forms in which OpenAI's clients send it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

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
_IMAGES = ("image_url", "input_image")
SHOWN_CHARACTERS = 40
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


def able_of(name: str, card: ModelCard | None, image_hosts: Collection[str] = ()) -> Able:
    """Return what can be sent to a model; without a card, as over documents: neither images nor tools."""
    if card is None:
        return Able(name)
    return Able(name, card.reads_images, card.calls_tools, frozenset(image_hosts))


def read_messages(messages: Sequence[object], able: Able, *, where: str = "messages") -> tuple[Turn, ...]:
    """Return what was said, in order, each message as one turn.

    Raises:
        BadParam: one of them can't be used; `param` says which, and which part of it.
    """
    return tuple(_turn(message, f"{where}[{number}]", able) for number, message in enumerate(messages))


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


def read_content(content: object, where: str, role: Role, able: Able) -> tuple[str, tuple[str, ...]]:
    """Return the text of a message and its images. Texts of more than one part are put below each other.

    Raises:
        BadParam: it is neither a string nor a list of parts that can be read; `where` is the beginning of its `param`.
    """
    if isinstance(content, str):
        return content, ()
    if not isinstance(content, list):
        raise BadParam(f"{where} has to be a string or a list of parts.", where, code="invalid_type")
    texts: list[str] = []
    images: list[str] = []
    for number, part in enumerate(cast(list[object], content)):
        place = f"{where}[{number}]"
        fields = mapping_at(part, place)
        kind = fields.get("type")
        if isinstance(kind, str) and kind in _TEXTS:
            texts.append(string_at(fields, _TEXTS[kind], place))
        elif kind in _IMAGES:
            images.append(_image(fields, place, role, able))
        else:
            raise BadParam(f"{place} is a part of the type {shown(kind)}; {_READ[able.reads_images]}.", place)
    return "\n".join(texts), tuple(images)


_READ = {True: "text and image_url can be read here", False: "only text can be read here"}


def read_tools(tools: Sequence[object], able: Able, *, where: str = "tools") -> tuple[dict[str, object], ...]:
    """Return tools as they are given, in the form of chat completions.

    Raises:
        BadParam: there are tools, and they are not for this model; or one is no function.
    """
    if tools and not able.calls_tools:
        raise BadParam(f"{able.name} calls no tools. Leave {where} out, or ask another model.", where)
    found: list[dict[str, object]] = []
    for number, tool in enumerate(tools):
        place = f"{where}[{number}]"
        fields = mapping_at(tool, place)
        if fields.get("type") != "function":
            raise BadParam(f"{place} is a tool of the type {shown(fields.get('type'))}; only functions can be.", place)
        string_at(mapping_at(fields.get("function"), f"{place}.function"), "name", f"{place}.function")
        found.append(dict(fields))
    return tuple(found)


def over_documents(
    turns: Sequence[Turn],
    question: Question,
    place_of: Callable[[int], str],
    *,
    most_characters: int,
    told: Sequence[str] = (),
) -> Question:
    """Return a question over documents: its text is what was said last by a user, and what was said before goes along.

    What the system says follows what is `told`, as instructions. `place_of` says where a turn was sent; -1 is for none.

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
    said = [turn for turn in turns[:last] if turn.role in ("user", "assistant") and turn.text]
    instructions = [*told, *(turn.text for turn in turns if turn.role == "system" and turn.text)]
    return replace(
        question,
        text=text,
        turns=tuple(Turn(turn.role, turn.text) for turn in said),
        instructions=Instructions("\n\n".join(instructions)) if instructions else None,
    )


def without_idle_thought(turn: Turn) -> Turn:
    """Return a turn without what was thought, unless it calls tools: the thought goes on with their results."""
    if turn.calls or THOUGHT not in turn.extra:
        return turn
    return replace(turn, extra={name: value for name, value in turn.extra.items() if name != THOUGHT})


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
    calls = _calls(fields.get("tool_calls"), f"{where}.tool_calls", role, able)
    content = fields.get("content")
    if content is None and role == "assistant":
        content = fields.get("refusal") or ""
    text, images = read_content(content, f"{where}.content", role, able)
    if role != "tool":
        return Turn(role, text, images, calls, extra=_attached(fields) if role == "assistant" else {})
    if not able.calls_tools:
        raise BadParam(f"{able.name} calls no tools, so that it reads no results of them.", f"{where}.role")
    return Turn(role, text, call_id=string_at(fields, "tool_call_id", where))


def _attached(message: Mapping[str, object]) -> JsonObject:
    """Return what a model's server sent beside a text, and gets back with it."""
    return {name: value for name in (*ATTACHMENTS, THOUGHT) if (value := message.get(name))}


def _extra(call: Mapping[str, object], function: Mapping[str, object]) -> JsonObject:
    """Return what a model's server sent beside a call, and gets back with it."""
    extra = {name: value for name, value in call.items() if name not in ("id", "type", "function", "index")}
    within = {name: value for name, value in function.items() if name not in ("name", "arguments")}
    return {**extra, "function": within} if within else extra


def _image(fields: Mapping[str, object], where: str, role: Role, able: Able) -> str:
    if not able.reads_images:
        raise BadParam(f"{where} is an image, and {able.name} reads none.", where)
    if role != "user":
        raise BadParam(f"{where} is an image; only messages of the role user can hold some.", where)
    address = fields.get("image_url")
    if not isinstance(address, str):
        place = f"{where}.image_url"
        address = string_at(mapping_at(address, place), "url", place)
    if (fault := fault_of_image(address, able.image_hosts)) is not None:
        raise BadParam(f"{where} {fault}", where)
    return address


def _calls(given: object, where: str, role: Role, able: Able) -> tuple[Call, ...]:
    if given is None or given == []:
        return ()
    if role != "assistant" or not isinstance(given, list):
        raise BadParam(f"{where} has to be a list, and is for messages of the role assistant alone.", where)
    if not able.calls_tools:
        raise BadParam(f"{able.name} calls no tools. Ask another model.", where)
    calls: list[Call] = []
    for number, one in enumerate(cast(list[object], given)):
        place = f"{where}[{number}]"
        fields = mapping_at(one, place)
        if fields.get("type", "function") != "function":
            raise BadParam(f"{place} is a call of the type {shown(fields.get('type'))}; only functions can be.", place)
        function = mapping_at(fields.get("function"), f"{place}.function")
        name = string_at(function, "name", f"{place}.function")
        arguments = string_at(function, "arguments", f"{place}.function")
        calls.append(Call(string_at(fields, "id", place), name, arguments, _extra(fields, function)))
    return tuple(calls)
