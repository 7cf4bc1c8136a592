"""Build what serves the application over HTTP: apart from it, as most commands serve nothing and soon begin without."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace

from fastapi import FastAPI

from hubbub.answers.runner import Runner
from hubbub.app.application import Application
from hubbub.compose.application import limits_of, open_application, watched
from hubbub.compose.data_folder import prepare_folder
from hubbub.compose.front import ANY_HOST, Front, front_of
from hubbub.compose.identity import is_loopback, lets_everybody_in
from hubbub.compose.models import OnFetch
from hubbub.compose.own import wire_formats
from hubbub.compose.providers import identity_proxies
from hubbub.compose.telemetry import endpoints
from hubbub.connections.threads import in_a_thread
from hubbub.settings import Settings
from hubbub.web.address import Proxies
from hubbub.web.app import create_app
from hubbub.web.choices import Choices, ProtocolChoices, SamplePage


def web_application(settings: Settings) -> FastAPI:
    """Return the ASGI application for any server; it opens everything when it starts.

    Makes the data folder: call it before the event loop runs.

    Raises:
        SettingsError: the page of `server.frontend` can't be read, or any origin is let in.
        StoreError: the data folder can't be written.
    """
    prepare_folder(settings.server.data_folder)
    return _web(settings, front_of(settings), lambda: watched(open_application(settings)))


@asynccontextmanager
async def open_web_application(
    settings: Settings, on_fetch: OnFetch | None = None
) -> AsyncGenerator[tuple[FastAPI, Runner]]:
    """Open everything, then give the application and its runner: for a server that says itself when answers end.

    Raises:
        Conflict, SettingsError, StoreError: as `open_application` does.
    """
    front = await in_a_thread(
        lambda: front_of(settings)
    )  # before there are task groups, which would wrap what is wrong with it
    async with open_application(settings, on_fetch) as application:
        yield _web(settings, front, lambda: watched(nullcontext(application))), application.runner


def web_application_within(
    settings: Settings, opening: Callable[[], AbstractAsyncContextManager[Application]], *, has_page: bool
) -> FastAPI:
    """Return what serves an application inside another one. Which names are answered to is the outer one's to say.

    Nobody is an operator for coming from this machine: everybody does where that server stands behind another one.
    With the page it reads files: call it before the event loop runs.
    """
    names = () if ANY_HOST in settings.server.allowed_hosts else settings.server.allowed_hosts
    return create_app(
        opening,
        limits=limits_of(settings),
        choices=_choices(settings),
        allowed_hosts=names,
        has_page=has_page,
        identity_proxies=identity_proxies(settings),
        formats=wire_formats(settings),
        notes_callers=bool(endpoints(settings)),
    )


def _web(settings: Settings, front: Front, opening: Callable[[], AbstractAsyncContextManager[Application]]) -> FastAPI:
    is_local = is_loopback(settings.server.host) and lets_everybody_in(settings)
    return create_app(
        opening,
        limits=limits_of(settings),
        choices=replace(_choices(settings), has_local_operators=is_local),
        allowed_hosts=front.hosts,
        answers_addresses=front.answers_addresses,
        allowed_origins=front.origins,
        proxies=Proxies(settings.server.trusted_proxies),
        identity_proxies=identity_proxies(settings),
        foreign_page=front.page,
        formats=front.formats,
        notes_callers=bool(endpoints(settings)),
    )


def _choices(settings: Settings) -> Choices:
    page = settings.sample_page
    return Choices(
        ProtocolChoices(**settings.protocols.model_dump()),
        SamplePage(page.signs_in, page.browser_history),
        is_open_to_everybody=settings.identity.open_to_everybody and lets_everybody_in(settings),
    )
