"""Use Hubbub inside an application of one's own: ask from its code, and serve the API under one of its paths."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from msgspec.structs import replace
from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub.app.application import Application
from hubbub.app.assistants_asked import told_by
from hubbub.app.collections import Collections
from hubbub.app.documents import Documents
from hubbub.app.messages import Able, able_of, read_messages
from hubbub.compose import open_application_within
from hubbub.compose.web import web_application_within
from hubbub.core.documents import Hit
from hubbub.core.events import Event, Failed, Text, error_of
from hubbub.core.messages import Turn
from hubbub.core.people import GUEST, Person
from hubbub.core.questions import Generation, Question
from hubbub.identity.base import Identity
from hubbub.identity.host import HostIdentity, Who
from hubbub.settings import Settings, load_settings
from hubbub.web.protocol import EXTENSION

logger = logging.getLogger(__name__)

KEEP_SECONDS = 3600.0
"""How long an answer can be followed again, unless it is said."""
NOT_OPEN = (
    "The hub is not open. Open it when your application starts: FastAPI(lifespan=hub.lifespan), "
    "or `async with hub:` in whatever your framework runs then."
)


class Hub:
    """Hubbub, for an application of one's own. An async context manager: open it once, when the application starts.

    Start and end may be in different tasks. It can be opened again once it is closed.
    """

    def __init__(
        self,
        settings: Settings | str | PathLike[str] | None = None,
        *,
        who: Identity | Who | None = None,
        has_page: bool = False,
        **tables: Any,
    ) -> None:
        """Take the settings: those of `hubbub serve` unless some are given, or another file is named.

        Tables given by name win: `Hub(models={"house": {…}}, default_model="house")`. What settings say of serving is
        not used. `who` says who sends a request: an `Identity`, or an async function from its headers to a person; it
        may be given as `identity`, too. `has_page` adds the page, which works at the root of a host only.

        Reads files: make it before the event loop runs.

        Raises:
            SettingsError: one line a fault.
        """
        given = tables.get("identity")
        if given is not None and not isinstance(given, Mapping):
            who = tables.pop("identity")
        if isinstance(settings, Settings):
            if tables:
                raise TypeError("Give either ready settings, or tables of them by name.")
            self._settings = settings
        else:
            config = None if settings is None else Path(settings)
            self._settings = load_settings(tables, config=config, flags_are="argument")
        self._identity = _identity(who)
        self._web = web_application_within(self._settings, self._opened, has_page=has_page)
        self.asgi: ASGIApp = _Within(self._web, self._open)
        """The whole application, to be mounted under any path: `app.mount("/hub", hub.asgi)`."""
        self._application: Application | None = None
        self._life: asyncio.Task[None] | None = None
        self._is_ending = asyncio.Event()

    async def __aenter__(self) -> Self:
        if self._life is not None:
            raise RuntimeError("The hub is open already. Open it once, where your application starts.")
        is_open = asyncio.Event()
        self._is_ending = asyncio.Event()
        self._life = asyncio.create_task(self._live(is_open, self._is_ending), name="hub")
        opening = asyncio.create_task(is_open.wait())
        try:
            await asyncio.wait({self._life, opening}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._life.cancel()
            await asyncio.wait({self._life})
            self._life = None
            raise
        finally:
            opening.cancel()
        if not is_open.is_set():
            life, self._life = self._life, None
            await life  # raises what went wrong
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        life = self._life
        if life is not None:
            self._is_ending.set()
            try:
                await life
            finally:
                self._life = None

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:
        """Open for as long as an application runs, as FastAPI and Starlette want it: `FastAPI(lifespan=hub.lifespan)`.

        Few servers and frameworks start the applications that are mounted in another one: the outer one does this.
        """
        async with self:
            yield

    async def start(
        self,
        question: str | Question,
        *,
        person: Person = GUEST,
        model: str | None = None,
        assistant: str = "",
        collections: Sequence[str] = (),
        turns: Sequence[Turn] | Sequence[Mapping[str, Any]] = (),
        grace_seconds: float | None = None,
        keep_seconds: float = KEEP_SECONDS,
    ) -> str:
        """Start an answer, and return the id that it can be followed and stopped by; its question is stored.

        With collections (ids or names) it is over their documents. `turns` is what was said before, also as messages
        in OpenAI's form. It is worked on for `grace_seconds` while nobody follows it (None: to its end), and forgotten
        `keep_seconds` from now. A `Question` can say more; what is given beside it wins. An assistant, by name or id,
        answers with the person's rights, and brings its instructions, model and collections.

        Raises:
            NotFound: there is no such model, assistant or collection for this person.
            NotAllowed: they may not ask the assistant, or none of its collections.
            TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
            StoreError: it could not be stored, so it was not begun.
        """
        app = self._open()
        asked = Question(question) if isinstance(question, str) else question
        asked = replace(
            asked,
            turns=_turns(turns, Able("Hubbub")) or asked.turns,
            model=model or asked.model,
            collection_ids=await app.collections.ids(person, collections or asked.collection_ids),
        )
        if assistant:
            settled = await app.assistant_named(
                person, assistant, model=asked.model, collection_ids=asked.collection_ids
            )
            asked = replace(asked, model=settled.model, collection_ids=settled.collection_ids)
            asked = told_by(asked, settled)
        return await app.questions.ask(person, asked, grace_seconds=grace_seconds, keep_seconds=keep_seconds)

    async def follow(self, answer_id: str, *, after: int = 0, person: Person | None = None) -> AsyncGenerator[Event]:
        """Yield an answer's events after the first so many, until it has ended. Whoever leaves stops reading only.

        Raises:
            NotFound: there is no such answer; with a person, none that is theirs.
            StoreError: its ending can't be stored now.
        """
        async with aclosing(self._open().answers.follow(person, answer_id, after)) as events:
            async for event in events:
                yield event

    async def stop(self, answer_id: str, *, person: Person | None = None) -> None:
        """Stop an answer; what it said so far stays. Nothing happens to one that has ended.

        Raises:
            NotFound: with a person, where there is no such answer that is theirs.
        """
        await self._open().answers.stop(person, answer_id)

    async def ask(
        self,
        question: str | Question,
        *,
        person: Person = GUEST,
        model: str | None = None,
        assistant: str = "",
        collections: Sequence[str] = (),
        turns: Sequence[Turn] | Sequence[Mapping[str, Any]] = (),
        grace_seconds: float | None = 0.0,
        keep_seconds: float = KEEP_SECONDS,
    ) -> AsyncGenerator[Event]:
        """Start an answer as `start` does, and yield its events; the last is `Done`, `Failed` or `Stopped`.

        Whoever leaves the loop early is a reader who left: the answer is worked on for `grace_seconds` more. That
        counts from when this generator is closed, which `contextlib.aclosing` does at once.

        Raises:
            NotFound, TooBusy, Overloaded, StoreError: as `start` and `follow` do.
        """
        answer_id = await self.start(
            question,
            person=person,
            model=model,
            assistant=assistant,
            collections=collections,
            turns=turns,
            grace_seconds=grace_seconds,
            keep_seconds=keep_seconds,
        )
        async with aclosing(self.follow(answer_id)) as events:
            async for event in events:
                yield event

    @property
    def collections(self) -> Collections:
        """People's collections: list, make and delete them. What needs a person takes it first."""
        return self._open().collections

    @property
    def documents(self) -> Documents:
        """The documents in them: add, list, show and delete them; `hubbub.OPERATOR` may do all."""
        return self._open().documents

    async def search(
        self,
        query: str,
        *,
        person: Person = GUEST,
        collections: Sequence[str] = (),
        limit: int = 8,
    ) -> Sequence[Hit]:
        """Return the best passages for a query, best first: of these collections (ids or names), else of all.

        Raises:
            NotFound: there is no such collection for this person.
            SearchError: the search could not answer.
        """
        app = self._open()
        ids = await app.collections.ids(person, collections)
        return await app.documents.find(person, query, ids, limit=limit)

    async def chat(
        self,
        messages: Sequence[Turn] | Sequence[Mapping[str, Any]],
        *,
        person: Person = GUEST,
        model: str | None = None,
        generation: Generation = Generation(),  # noqa: B008 # frozen
        grace_seconds: float | None = 0.0,
    ) -> AsyncGenerator[str]:
        """Yield what a model says to messages, in the form of OpenAI's chat completions, piece by piece.

        The model reads these messages and nothing else. Leaving early is as with `ask`.

        Raises:
            Malformed: a message can't be read, or not by this model.
            HubbubError: the answer failed; what was yielded before stands. Else as `ask` does.
        """
        app = self._open()
        catalog = await app.models_of(person)
        answering = catalog.get(model) if model else catalog.default
        card = answering.card if answering else None
        said = _turns(messages, able_of(model or "The model", card, app.limits.image_hosts))
        text = next((turn.text for turn in reversed(said) if turn.role == "user"), "")
        question = Question(text, said, model, is_verbatim=True, generation=generation)
        async with aclosing(self.ask(question, person=person, grace_seconds=grace_seconds)) as events:
            async for event in events:
                if isinstance(event, Text):
                    yield event.text
                elif isinstance(event, Failed):
                    raise error_of(event)

    async def _live(self, is_open: asyncio.Event, is_ending: asyncio.Event) -> None:
        """Be open, from beginning to end in one task: whatever holds tasks has to be left by the one that entered."""
        try:
            async with open_application_within(self._settings, self._identity) as application:
                self._application = self._web.state.application = application
                is_open.set()
                await is_ending.wait()
        except Exception:
            if is_open.is_set():  # nobody may be waiting for this task for long
                logger.exception("The hub has broken down; nothing is answered any more.")
            raise
        finally:
            self._application = None

    def _open(self) -> Application:
        if self._application is None:
            raise RuntimeError(NOT_OPEN)
        return self._application

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[Application]:
        """Open for a server that runs this application alone."""
        async with self:
            yield self._open()


class _Within:
    """The application as it stands in another one, which may put anything between it and the server."""

    def __init__(self, app: ASGIApp, check_open: Callable[[], object]) -> None:
        self._web = app
        self._check_open = check_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":  # a server that runs it alone opens it by that
            self._check_open()
            # What is written past `send` would pass by whatever the outer application does to responses.
            extensions = {name: one for name, one in scope.get("extensions", {}).items() if name != EXTENSION}
            scope = {**scope, "extensions": extensions, "path_params": {}}
        await self._web(scope, receive, send)


def _identity(given: Identity | Who | None) -> Identity | None:
    if given is None or hasattr(given, "person"):
        return cast(Identity | None, given)
    return HostIdentity(cast(Who, given))


def _turns(said: Sequence[Turn] | Sequence[Mapping[str, Any]], able: Able) -> tuple[Turn, ...]:
    turns = tuple(one for one in said if isinstance(one, Turn))
    return turns if len(turns) == len(said) else read_messages(said, able)
