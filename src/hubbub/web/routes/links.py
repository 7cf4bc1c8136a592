"""Links by which others read a chat."""

from typing import Annotated, Literal, cast

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import Response

from hubbub.app.application import Application
from hubbub.app.shared_chats import NO_LINK, NewShare, SharedChat, SharedChats
from hubbub.core.errors import Invalid, NotFound, NotSignedIn
from hubbub.core.people import Person
from hubbub.history.base import ChatLink, ListedLink
from hubbub.web.asker import App, Asker, person_of
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.cursors import MOST, After, Limit, page_of
from hubbub.web.dialects.hubbub import MEDIA_TYPE
from hubbub.web.link_stream import LinkStream, LinkStreams
from hubbub.web.quick import body_as

router = APIRouter(prefix="/api", tags=["shared chats"])
_HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}

AudienceName = Literal["everybody", "signed-in", "some"]


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link to be made: for everybody who has it, whoever is signed in, or `some` subjects."""

    audience: AudienceName = "signed-in"
    subjects: Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=100)] = []
    """person:ID, group:ID or claim:PROVIDER/NAME."""
    follows: bool = False
    """Whether it shows what comes to the chat from now on."""
    shows_name: bool = False
    expires_at: float | None = None
    """Seconds of the epoch; null: it holds until it is ended."""
    leaf_id: str | None = None
    """The last message of the branch to be shown; null: the newest."""


class LinkView(msgspec.Struct):
    """A link of yours. Times are seconds of the epoch."""

    id: str
    chat_id: str
    title: str
    audience: AudienceName
    subjects: tuple[str, ...]
    follows: bool
    owner_name: str
    created_at: float
    expires_at: float | None


class LinkList(msgspec.Struct):
    """Your links that hold, the newest first."""

    links: list[LinkView]
    may_share_with_everybody: bool
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


class MadeChatLink(msgspec.Struct):
    """A new link. Its secret is shown this once: `/shared#SECRET` on the page shows the chat."""

    link: LinkView
    secret: str


class SharedSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands after the # in a link."""

    link: Annotated[str, Meta(max_length=200)]


@router.post(
    "/chats/{chat_id}/links", status_code=201, responses=sends(MadeChatLink, 201), openapi_extra=takes(NewLink)
)
async def share_chat(chat_id: str, request: Request, app: App, person: Asker) -> Response:
    """Make a link by which others read a chat of yours."""
    new = await body_as(request, NewLink)
    wanted = NewShare(new.audience, tuple(new.subjects), new.follows, new.shows_name, new.expires_at, new.leaf_id)
    listed, secret = await _shared(app).share(person, chat_id, wanted)
    return Json(MadeChatLink(_view(listed), secret), status_code=201, headers=_HEADERS)


@router.get("/links", responses=sends(LinkList))
async def list_links(app: App, person: Asker, limit: Limit = MOST, after: After = None) -> Response:
    """List your links to chats, without their secrets."""
    shared = _shared(app)
    views = [_view(one) for one in await shared.list(person)]
    page, following = page_of(views, lambda one: (-one.created_at, one.id), after, limit)
    return Json(LinkList(page, shared.with_everybody, following))


@router.delete("/links/{link_id}", status_code=204)
async def end_link(link_id: str, app: App, person: Asker) -> Response:
    """End a link of yours. Who has the chat open by it can read it no more within a second."""
    await _shared(app).end(person, link_id)
    return Response(status_code=204)


@router.post("/shared", responses=sends(SharedChat), openapi_extra=takes(SharedSecret))
async def show_shared(request: Request, app: App) -> Response:
    """Show the chat that a link opens."""
    reading = _Reading(request, app, await _secret(request))
    link = await reading.check()
    return Json(await _shared(app).show(link), headers=_HEADERS)


@router.post(
    "/shared/events",
    response_class=Response,
    openapi_extra=takes(SharedSecret),
    responses={200: {"description": "Events: `chat` whenever it has changed, `ended`", "content": {MEDIA_TYPE: {}}}},
)
async def follow_shared(request: Request, app: App) -> Response:
    """Show the chat that a link opens, and show it again whenever it changes."""
    reading = _Reading(request, app, await _secret(request))
    await reading.check()
    return LinkStream(_streams_of(request), reading.look, lambda: app.runner.is_draining)


class _Reading:
    """Somebody who reads a chat by a link: who it is and what they may is looked at each time."""

    def __init__(self, request: Request, app: Application, secret: str) -> None:
        self._request = request
        self._app = app
        self._secret = secret
        self._seen: tuple[object, ...] | None = None

    async def check(self) -> ChatLink:
        """Return the link."""
        person, refusal = await _asker(self._request)
        try:
            return await _shared(self._app).find(person, self._secret)
        except NotFound:
            if refusal is not None:  # who signs in may be somebody that it is for
                raise refusal from None
            raise

    async def look(self) -> SharedChat | None:
        """Return the chat, or None where it is as it was before."""
        link = await self.check()
        if not link.follows:
            seen: tuple[object, ...] = (link.id,)
            if seen == self._seen:
                return None
            self._seen = seen
            return await _shared(self._app).show(link)
        chat = await self._app.history.chat(link.chat_id)
        if chat is None:
            raise NotFound(NO_LINK)
        if self._seen == (chat.updated_at, chat.title):
            return None
        shown = await _shared(self._app).show(link)
        is_growing = any(one.state == "open" for one in shown.messages)
        self._seen = None if is_growing else (chat.updated_at, chat.title)
        return shown


async def _asker(request: Request) -> tuple[Person | None, NotSignedIn | None]:
    """Return who asks, or why they are not let in."""
    try:
        return await person_of(request), None
    except NotSignedIn as error:
        return None, error


async def _secret(request: Request) -> str:
    """Return the secret that the body holds; who is let in nowhere is told no more than that."""
    _, refusal = await _asker(request)
    try:
        return (await body_as(request, SharedSecret)).link
    except Invalid:
        if refusal is not None:
            raise refusal from None
        raise


def _shared(app: Application) -> SharedChats:
    if app.shared_chats is None:
        raise NotFound("There is nothing at this address.")
    return app.shared_chats


def _streams_of(request: Request) -> LinkStreams:
    state = request.app.state
    if not hasattr(state, "link_streams"):
        state.link_streams = LinkStreams()
    return cast(LinkStreams, state.link_streams)


def _view(listed: ListedLink) -> LinkView:
    link, title = listed
    return LinkView(
        link.id,
        link.chat_id,
        title,
        link.audience,
        link.subjects,
        link.follows,
        link.owner_name,
        link.created_at,
        link.expires_at,
    )
