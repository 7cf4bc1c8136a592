"""Build the application. What serves it over HTTP is built in `web`."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from hubbub.answers.admission import AdmissionControl, AdmissionLimits
from hubbub.answers.base import Capacity, Fixed, SharedStore
from hubbub.answers.cluster import Membership
from hubbub.answers.log import Log
from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.runner import Runner
from hubbub.app.application import Application
from hubbub.app.leftovers import keep_sweeping
from hubbub.app.limits import RequestLimits
from hubbub.app.readings import Readings
from hubbub.app.rights_watch import RightsWatch
from hubbub.compose.backends import load_backends, name_of, open_backend
from hubbub.compose.beside_chats import audit_in, links_in, readings_in
from hubbub.compose.claims import settle_claims
from hubbub.compose.data_folder import prepare_folder
from hubbub.compose.databases import chats_of
from hubbub.compose.directory import directory_of, was_known
from hubbub.compose.documents import DocumentStore, going_on, keep_guide, open_document_store, sandbox_of
from hubbub.compose.fetching import open_by_url
from hubbub.compose.guests import open_guests
from hubbub.compose.identity import open_doors, open_recorded_keys
from hubbub.compose.metering import check_over, open_meter, store_with_endings
from hubbub.compose.model_rights import shared_with, tell_unknown_groups
from hubbub.compose.models import OnFetch, open_catalog
from hubbub.compose.one_folder import keep_to_one_folder
from hubbub.compose.personal import open_personal, work_on_people
from hubbub.compose.providers import provider_names
from hubbub.compose.provisioning import open_provisioners
from hubbub.compose.rated import records_of
from hubbub.compose.syncing import keep_synced
from hubbub.compose.telemetry import open_tracing, tell_figures
from hubbub.connections.http import Http
from hubbub.connections.sqlite import Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.connections.watchdog import Watchdog
from hubbub.conversation.again import Again
from hubbub.conversation.coalescing import Coalescing
from hubbub.conversation.engine import Engine
from hubbub.conversation.summaries import Summaries
from hubbub.conversation.thorough import Budget
from hubbub.core.tracing import NoTracing, Tracing
from hubbub.identity.base import Identity, Keys
from hubbub.identity.deeds import COMMAND_LINE, Acting, Deeds
from hubbub.identity.grants import Grants
from hubbub.identity.oidc import Providers
from hubbub.models.catalog import Catalog
from hubbub.search.base import Library
from hubbub.settings import Settings
from hubbub.settings.shown import shown
from hubbub.settings.tree import Embeddings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

QUOTED_AT_ONCE = 32
"""A plain limit for answers that no model makes: they are soon made, and more at once would not be made sooner."""


@asynccontextmanager
async def open_application_within(settings: Settings, identity: Identity | None = None) -> AsyncGenerator[Application]:
    """Open an application that somebody else serves; the data folder is made.

    Raises:
        Conflict, SettingsError, StoreError: as `open_application` does, and where the folder can't be written.
    """
    await in_a_thread(lambda: prepare_folder(settings.server.data_folder))
    await in_a_thread(lambda: load_backends(settings))
    async with watched(open_application(settings, identity=identity, is_within=True)) as application:
        yield application


@runtime_checkable
class Paced(Protocol):
    """A model that says how many answers it can make at once."""

    @property
    def pace(self) -> Capacity: ...


@asynccontextmanager
async def open_application(
    settings: Settings,
    on_fetch: OnFetch | None = None,
    *,
    identity: Identity | None = None,
    is_within: bool = False,
) -> AsyncGenerator[Application]:
    """Open the application as one of the workers on its data folder, and the work that goes on in the background.

    An identity that is given says who asks, in place of the one that the settings name. An application that it is
    within may know people whom nobody knows here.

    Raises:
        Conflict: another server works on this data folder.
        SettingsError, StoreError: something can't be opened; the message says what to do.
    """
    memberships: list[Membership] = []

    def share() -> int:
        """Say how many workers there are: each lets in its part of the answers."""
        return memberships[0].size if memberships else 1

    async with AsyncExitStack() as stack:
        tracing = await stack.enter_async_context(open_tracing(settings))
        parts = await _open_parts(stack, settings, on_fetch, share=share)
        answers = await open_backend(stack, settings, "answers", name_of(settings, "answers"), database=parts.database)
        application = await _assembled(
            stack, settings, parts, answers, identity, share, tracing=tracing, knows_all=not is_within
        )
        tell_figures(application)
        await settle_claims(parts.store.library, settings)
        await tell_unknown_groups(settings, parts.store.library.groups)
        if application.guests is not None:
            await application.guests.resume()
        await keep_guide(parts.store, is_enabled=settings.guide.is_enabled)
        await stack.enter_async_context(going_on(application.pipeline.run()))
        await stack.enter_async_context(going_on(work_on_people(application, answers, settings, parts.database)))
        await stack.enter_async_context(going_on(keep_synced(parts.store, settings, application.deeds)))
        await stack.enter_async_context(going_on(keep_sweeping(application)))
        memberships.append(await stack.enter_async_context(Membership(answers, application.log, application.runner)))
        yield application


@asynccontextmanager
async def open_asking(
    settings: Settings, on_fetch: OnFetch | None = None, *, needs_model: bool = True
) -> AsyncGenerator[Application]:
    """Open an application that only asks, beside a server that may run: its answers are kept nowhere.

    Nothing is ingested. Without need the embedded model sleeps. The data folder has to be there: see `prepare_folder`.

    Raises:
        SettingsError, StoreError: something can't be opened; the message says what to do.
    """
    async with AsyncExitStack() as stack:
        parts = await _open_parts(stack, settings, on_fetch, starts_embedded=needs_model)
        answers: SharedStore = await stack.enter_async_context(MemoryAnswers())
        yield await _assembled(stack, settings, parts, answers, None, lambda: 1)


@asynccontextmanager
async def open_people_work(settings: Settings) -> AsyncGenerator[Application]:
    """Open an application that works on people's things, beside a server that may run: who has the lock does so.

    Nothing is asked or ingested. The data folder has to be there.

    Raises:
        SettingsError, StoreError: something can't be opened; the message says what to do.
    """
    async with AsyncExitStack() as stack:
        application, answers, database = await _open_operated(stack, settings)
        await stack.enter_async_context(going_on(work_on_people(application, answers, settings, database)))
        yield application


@asynccontextmanager
async def open_operated(settings: Settings) -> AsyncGenerator[Application]:
    """Open an application that operators look after at the command line, beside a server that may run.

    Nothing is asked or ingested, and nothing goes on by itself. The data folder has to be there.

    Raises:
        SettingsError, StoreError: something can't be opened; the message says what to do.
    """
    async with AsyncExitStack() as stack:
        yield (await _open_operated(stack, settings))[0]


async def _open_operated(
    stack: AsyncExitStack, settings: Settings
) -> tuple[Application, SharedStore, "Sqlite | Postgres"]:
    without = settings.model_copy(update={"embeddings": Embeddings(provider="none")})
    parts = await _open_parts(stack, without, None, starts_embedded=False)
    answers = await open_backend(stack, settings, "answers", name_of(settings, "answers"), database=parts.database)
    application = await _assembled(stack, without, parts, answers, None, lambda: 1, default=COMMAND_LINE)
    return application, answers, parts.database


@dataclass(frozen=True)
class _Parts:
    """What is opened first."""

    http: Http
    store: DocumentStore
    catalog: Catalog
    database: "Sqlite | Postgres"


async def _open_parts(
    stack: AsyncExitStack,
    settings: Settings,
    on_fetch: OnFetch | None,
    *,
    starts_embedded: bool = True,
    share: Callable[[], int] = lambda: 1,
) -> _Parts:
    http = await stack.enter_async_context(Http())
    database = await stack.enter_async_context(chats_of(settings))
    await keep_to_one_folder(settings, database)
    store = await stack.enter_async_context(open_document_store(settings, http, on_fetch, chats=database))
    opening = open_catalog(settings, http, on_fetch, starts_embedded=starts_embedded, share=share)
    catalog = await stack.enter_async_context(opening)
    return _Parts(http, store, catalog, database)


async def _assembled(
    stack: AsyncExitStack,
    settings: Settings,
    parts: _Parts,
    answers: SharedStore,
    identity: Identity | None,
    share: Callable[[], int],
    *,
    default: Acting | None = None,
    tracing: Tracing | None = None,
    knows_all: bool = False,
) -> Application:
    """Put the application together from its parts."""
    store, catalog, database = parts.store, parts.catalog, parts.database
    history = await open_backend(stack, settings, "history", name_of(settings, "history"), database=database)
    sessions = await open_backend(stack, settings, "sessions", name_of(settings, "sessions"), database=database)
    check_over(settings, catalog)
    meter = await stack.enter_async_context(open_meter(settings, database, embedder=store.embedder))
    store_with_endings(answers, history, meter)
    kept = partial(was_known, history, sessions, store.library)
    audit = await stack.enter_async_context(audit_in(database, store.outbox))
    deeds = Deeds(audit, default=default)
    settings_shown = shown(settings)
    if default is None:
        await audit.note_settings(settings_shown)
    doors = await open_doors(stack, settings, database, identity, kept, parts.http, deeds)
    directory = directory_of(settings, doors.people, doors.keys, kept, knows_all=knows_all)
    log = await stack.enter_async_context(Log(answers, [parts.http.streams]))
    coalescing = await stack.enter_async_context(Coalescing()) if settings.answers.shares_identical else None
    tracing = tracing or NoTracing()
    control = _admission_control(settings, catalog, share)
    runner = await stack.enter_async_context(Runner(log, answers, control, tracing))

    def delayed() -> dict[str, int]:
        return {"open answers": runner.open_count, "readers": log.reader_count}

    application = Application(
        identity=doors.identity,
        grants=await stack.enter_async_context(Grants(doors.identity)),
        directory=directory,
        keys=doors.keys,
        people=doors.people,
        sign_ins=doors.sign_ins,
        accounts=doors.accounts,
        passkeys=doors.passkeys,
        provisioners=await open_provisioners(settings, database, store, doors.accounts, meter),
        providers=doors.providers,
        claim_scopes=() if identity else provider_names(settings),
        links=await stack.enter_async_context(links_in(database)),
        shares_with_everybody=settings.sharing.chats_with_everybody,
        guests=await open_guests(stack, settings, database, store.library, doors.cookies, deeds),
        sign_in_addresses=_sign_in_addresses(doors.providers),
        rights=await stack.enter_async_context(RightsWatch(store.library, runner.stop_here, log.is_here, log.hits)),
        runner=runner,
        log=log,
        history=history,
        sessions=sessions,
        records=records_of(history),
        engine=_engine(settings, catalog, store, coalescing),
        catalog=catalog,
        models_shared_with=shared_with(settings, catalog),
        search=store.search,
        library=store.library,
        files=store.files,
        pipeline=store.pipeline,
        pictures=await in_a_thread(partial(sandbox_of, settings)),
        by_url=await open_by_url(stack, settings),
        embedder=store.embedder,
        limits=limits_of(settings),
        audit=audit,
        deeds=deeds,
        readings=Readings(readings_in(database), deeds, directory),
        personal=await open_personal(stack, settings, database, deeds, doors.people, directory),
        settings_shown=settings_shown,
        meter=meter,
        watchdog=Watchdog(late_seconds=settings.server.late_seconds, delayed=delayed),
        tracing=tracing,
    )
    runner.rework = application.questions.take_over
    runner.on_taken_over = application.questions.hold_again
    return application


@asynccontextmanager
async def watched(opening: AbstractAsyncContextManager[Application]) -> AsyncGenerator[Application]:
    """Watch the event loop while an application is used: who would wait for it before that is not there yet."""
    async with opening as application, application.watchdog:
        yield application


@asynccontextmanager
async def open_engine(
    settings: Settings, on_fetch: OnFetch | None = None, *, needs_model: bool = True
) -> AsyncGenerator[tuple[Engine, Library]]:
    """Open what a single answer needs, beside a server that may run. Without need the embedded model sleeps.

    The data folder has to be there: see `prepare_folder`.
    """
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(Http())
        store = await stack.enter_async_context(open_document_store(settings, http, on_fetch))
        catalog = await stack.enter_async_context(open_catalog(settings, http, on_fetch, starts_embedded=needs_model))
        yield _engine(settings, catalog, store), store.library


@asynccontextmanager
async def open_keys(settings: Settings) -> AsyncGenerator[Keys]:
    """Open what keeps the API keys, beside a server that may run. The data folder has to be there.

    What is done with them is recorded as done at the command line.

    Raises:
        SettingsError: there is no such back end, or it can't be imported.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(chats_of(settings))
        deeds = Deeds(await stack.enter_async_context(audit_in(database)), default=COMMAND_LINE)
        yield await open_recorded_keys(stack, settings, database, deeds)


def _admission_control(settings: Settings, catalog: Catalog, share: Callable[[], int]) -> AdmissionControl:
    usual = Fixed(settings.admission.running_per_model)
    capacities = {model.card.name: model.pace if isinstance(model, Paced) else usual for model in catalog}
    limits = settings.admission.model_dump(exclude={"running_per_model"})
    return AdmissionControl({**capacities, "": Fixed(QUOTED_AT_ONCE)}, AdmissionLimits(**limits), share=share)


def _engine(settings: Settings, catalog: Catalog, store: DocumentStore, coalescing: Coalescing | None = None) -> Engine:
    return Engine(
        catalog,
        store.search,
        embedder=store.embedder,
        hits=settings.search.hits,
        coalescing=coalescing,
        library=store.library,
        again=Again(settings.answers.busy_seconds),
        summaries=Summaries() if settings.answers.summarizes else None,
        budget=Budget(**settings.search.thorough.model_dump()),
    )


def limits_of(settings: Settings) -> RequestLimits:
    """Return what the settings let a request be."""
    limits = settings.limits
    return RequestLimits(
        question_characters=limits.question_characters,
        document_bytes=limits.document_bytes,
        body_bytes=limits.body_bytes,
        picture_bytes=limits.picture_bytes,
        person_bytes=limits.person_bytes,
        chat_messages=limits.chat_messages,
        image_hosts=tuple(host.lower() for host in limits.image_hosts),
        is_stopped_unwatched=settings.answers.unwatched == "stop",
        grace_seconds=settings.answers.grace_seconds,
        body_seconds=settings.clients.body_seconds,
        kept_seconds=settings.answers.kept_days * 86400,
    )


def _sign_in_addresses(providers: Providers | None) -> tuple[tuple[str, str], ...]:
    if providers is None:
        return ()
    return tuple((one.client.label, f"/api/sign-in/oidc/{name}") for name, one in providers.by_name.items())
