"""Read what the clients of the chat samples send, and tell their formats apart."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from starlette.requests import Request

from hubbub.app.model_names import is_assistant
from hubbub.core.errors import Malformed, TooLarge, Unsupported
from hubbub.core.messages import Role, Turn
from hubbub.web.choices import ProtocolChoices
from hubbub.web.dialects.chat_protocol_old import SESSION, SESSION_IN_LIBRARY

Format: TypeAlias = Literal["new", "old", "simple", "responses"]
"""The AI Chat Protocol since April 2026 and before; the simple chat samples before April 2026 and since."""
Version: TypeAlias = Literal["new", "old", "simple"]

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_TEXTS = ("text", "input_text", "output_text")
_IMAGES = ("image_url", "input_image")
_VERSIONS: tuple[Version, ...] = ("new", "old", "simple")


class ImageAddress(msgspec.Struct, frozen=True):
    """Where an image is."""

    url: str


class Part(msgspec.Struct, frozen=True):
    """A part of a message: a text or an image."""

    type: str
    text: str | None = None
    image_url: str | ImageAddress | None = None


class SentMessage(msgspec.Struct, frozen=True):
    """A message of the history, or the question."""

    content: str | list[Part] | None
    role: str = "user"
    files: list[Any] = []


class SentContext(msgspec.Struct, frozen=True):
    """What stands beside a question."""

    overrides: dict[str, Any] | None = None
    file: str | UnsetType | None = UNSET
    """A picture that belongs to the question, as a data URL. The vision sample always has this field."""


class ChatBody(msgspec.Struct, frozen=True):
    """A question with all that was said before, in any of the formats; the last message is the question."""

    messages: list[SentMessage] | UnsetType = UNSET
    input: str | list[SentMessage] | UnsetType = UNSET
    context: SentContext | UnsetType | None = UNSET
    session_state: Any = UNSET
    session_in_library: Any = msgspec.field(default=UNSET, name=SESSION_IN_LIBRARY)
    stream: bool | UnsetType | None = UNSET
    model: Any = UNSET
    """`assistant:NAME` asks that assistant; these protocols name no models, so anything else is passed over."""

    @property
    def assistant(self) -> str:
        """The name of the assistant that is asked, as programs have it; empty: none."""
        return self.model if isinstance(self.model, str) and is_assistant(self.model) else ""

    @property
    def session(self) -> object:
        """The session's state, however it was spelled; None where there was none."""
        states = [one for one in (self.session_state, self.session_in_library) if one is not UNSET]
        return states[0] if states else None

    @property
    def session_names(self) -> tuple[str, ...]:
        """How its client spells the session's state; both ways where it has not shown."""
        spelled = ((SESSION, self.session_state), (SESSION_IN_LIBRARY, self.session_in_library))
        return tuple(name for name, value in spelled if value is not UNSET) or (SESSION, SESSION_IN_LIBRARY)

    @property
    def overrides(self) -> dict[str, Any]:
        """The overrides."""
        return self.context.overrides or {} if isinstance(self.context, SentContext) else {}

    @property
    def is_of_vision_sample(self) -> bool:
        """Whether its client is the vision sample's page, which reads the lines of the simple samples."""
        return isinstance(self.context, SentContext) and self.context.file is not UNSET


async def read_body(request: Request) -> ChatBody:
    """Return what was sent.

    Raises:
        Unsupported: it does not say that it is JSON.
        Malformed: it has another form; the message says where.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Unsupported("The body has to be JSON, with the header Content-Type: application/json.")
    try:
        return msgspec.json.decode(await request.body() or b"null", type=ChatBody)
    except msgspec.ValidationError as error:
        raise Malformed(f"{error}.") from error


def version_of(request: Request) -> Version | None:
    """Return the version that a request names: by a query parameter, or a parameter of its Accept header.

    Raises:
        Malformed: it names one that there is not.
    """
    named = request.query_params.get("version")
    if named is None:
        parameters = request.headers.get("accept", "").replace(",", ";").split(";")
        named = next((one.strip()[8:].strip('"') for one in parameters if one.strip().startswith("version=")), None)
    if named is None:
        return None
    for version in _VERSIONS:
        if named == version:
            return version
    raise Malformed(f"There is no version {named[:20]!r}; there is: {', '.join(_VERSIONS)}.")


def format_of(body: ChatBody, version: Version | None, choices: ProtocolChoices, *, is_ask: bool) -> Format:
    """Return the format that a body is in, and that its answer has to be in.

    Raises:
        Malformed: it holds both questions or none.
    """
    if (body.input is UNSET) == (body.messages is UNSET):
        raise Malformed("Send either `messages` or `input`, and not both.")
    if body.input is not UNSET:
        return "responses"
    if version is not None:
        return version
    if is_ask:
        return "old"  # the newer one has no single questions
    if body.is_of_vision_sample:
        return "simple"
    if body.session_in_library is not UNSET:
        return "old"  # the client library knows no other
    if body.context is not UNSET or body.session_state is not UNSET:
        return choices.default if body.stream is UNSET else "old"  # the newer one has a path for streams instead
    return "simple" if choices.bare == "chat" else "old"


def turns_of(body: ChatBody, *, most_characters: int) -> tuple[Turn, ...]:
    """Return what was sent as turns; the last one is the question, and it is a person's.

    Raises:
        Malformed: a message can't be read, or there is no question; the message says which.
        TooLarge: the question is too long.
    """
    name, sent = ("input", body.input) if body.messages is UNSET else ("messages", body.messages)
    messages = [SentMessage(sent)] if isinstance(sent, str) else sent or []
    turns = [_turn(message, f"{name}[{number}]") for number, message in enumerate(messages)]
    if turns and isinstance(body.context, SentContext) and body.context.file:
        turns[-1] = replace(turns[-1], images=(*turns[-1].images, body.context.file))
    if not turns or turns[-1].role != "user" or not (turns[-1].text.strip() or turns[-1].images):
        raise Malformed(f"The last of the {name} has to be a question: of the role user, and not empty.")
    if len(turns[-1].text) > most_characters:
        raise TooLarge(
            f"The question has {len(turns[-1].text):,} characters; {most_characters:,} is the limit. Shorten it."
        )
    return tuple(turn for turn in turns if turn.text or turn.images)


def _turn(message: SentMessage, where: str) -> Turn:
    role = _ROLES.get(message.role)
    if role is None:
        raise Malformed(f"{where}: the role has to be system, user or assistant, not {message.role[:20]!r}.")
    if message.files:
        raise Malformed(f"{where}: files can't be sent with a message. Add them to a collection.")
    if not isinstance(message.content, list):
        return Turn(role, message.content or "")
    texts: list[str] = []
    images: list[str] = []
    for number, part in enumerate(message.content):
        if part.type in _TEXTS and part.text is not None:
            texts.append(part.text)
        elif part.type in _IMAGES and (address := _address(part)):
            images.append(address)
        else:
            raise Malformed(f"{where}.content[{number}]: there has to be a text, or an image by its address.")
    return Turn(role, "\n".join(texts), tuple(images))


def _address(part: Part) -> str:
    return part.image_url.url if isinstance(part.image_url, ImageAddress) else part.image_url or ""


def systems_of(turns: Sequence[Turn]) -> list[str]:
    """Return the texts that are for the model, whoever asks."""
    return [turn.text for turn in turns if turn.role == "system"]


def said_in(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return what person and model have said."""
    return tuple(turn for turn in turns if turn.role != "system")
