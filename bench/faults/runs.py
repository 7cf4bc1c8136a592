"""Ask a question of a pool whose first deployment fails, and judge what a person sees of it."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import aiohttp
import trustme

from bench.faults.faults import WELL, WELL_TEXT, Certificate, Outcome, Variant
from hubbub.answers.commit_loop import CommitLoop
from hubbub.connections.http import Http
from hubbub.connections.sqlite import Sqlite
from hubbub.conversation.again import Again
from hubbub.conversation.engine import Engine
from hubbub.core.documents import Document, Passage
from hubbub.core.errors import HubbubError, ModelError
from hubbub.core.events import Cited, Done, Event, Text
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation, Question
from hubbub.models.address import compatible_address
from hubbub.models.base import Completion, Limits, ModelCard, SendPiece
from hubbub.models.catalog import Catalog
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import Pace
from hubbub.models.pool import Member, PooledModel
from hubbub.search.sqlite import SqliteSearch
from tests.servers.fault_proxy import Fate, FaultProxy
from tests.servers.model_server import ModelServer, Script
from tests.servers.name_server import NameServer

LIMITS = Limits(connect_seconds=0.5, first_token_seconds=1.0, silence_seconds=1.0, total_seconds=3.0)
"""Shorter than in earnest, so that the lab comes to an end."""
WITHIN_SECONDS = 8.0
GRACE_SECONDS = 1.0
"""What is later than its time and so much more is late; and so long a connection may take to be closed."""
DOCUMENT_ID = "light"
QUESTION = "When was the lighthouse built?"
PASSAGES = ("The lighthouse was built in 1871. It is made of granite.", "The harbour has room for forty boats.")
COLLECTION_ID = "harbour"
AT_ONCE = 20
DOCUMENTS_EACH = 4
"""Each so-manieth question is asked over documents."""
WELL_SCRIPT = Script(tokens=WELL)


@dataclass(frozen=True)
class Ran:
    """What became of a question."""

    variant: Variant
    outcome: Outcome
    is_as_meant: bool
    has_met: bool
    """Whether the fault has really happened."""
    seconds: float
    is_late: bool
    attempts: int
    left_open: int
    """Connections that were still open a second later."""
    said: str = ""
    """The error, or how it ended."""
    text: str = ""
    seed: int | None = None
    """Of the proxy, where there was one by chance."""
    fates: Sequence[Fate] = ()


class Counted:
    """A model that notes when it was asked."""

    def __init__(self, model: OpenAiModel) -> None:
        self._model = model
        self.asked: list[float] = []

    @property
    def card(self) -> ModelCard:
        return self._model.card

    @property
    def pace(self) -> Pace:
        return self._model.pace

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        self.asked.append(time.monotonic())
        return await self._model.complete(turns, send, how)


class Lab:
    """All that questions are asked with. An async context manager.

    With `hedge_seconds` the pools ask a second deployment where the first has not spoken for so long.
    """

    def __init__(self, hedge_seconds: float | None = None) -> None:
        self._hedge_seconds = hedge_seconds
        self._stack = AsyncExitStack()
        self.names = NameServer()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.names)
        self._servers_tls, client_tls = certificates()
        resolver = aiohttp.AsyncResolver(nameservers=[self.names.address])
        self._stack.push_async_callback(resolver.close)
        self.http = await self._stack.enter_async_context(Http(tls=client_tls, resolver=resolver))
        commit_loop = CommitLoop(
            _nothing, [self.http.streams]
        )  # replies are read by the commit loop, as they are where people are served
        committing = asyncio.create_task(commit_loop.run())
        self._stack.push_async_callback(_ended, committing)
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        database = await self._stack.enter_async_context(Sqlite(folder / "library.db"))
        self.search = await self._stack.enter_async_context(SqliteSearch(database, None))
        passages = [Passage(str(number), DOCUMENT_ID, number, text) for number, text in enumerate(PASSAGES, start=1)]
        await self.search.put(Document(DOCUMENT_ID, COLLECTION_ID, "light.md", "", 1), passages)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def deployment(self, base_url: str, name: str) -> Counted:
        """Return a deployment at an address."""
        card = ModelCard(name, "lab", 8192, can_ground=True)
        return Counted(OpenAiModel(compatible_address(base_url, "scripted"), card, self.http, LIMITS, Pace()))

    def engine(self, models: Sequence[Counted]) -> Engine:
        """Return an engine whose model is a fresh pool of these, the first one being asked first."""
        members = [Member(model, priority=place, pace=model.pace) for place, model in enumerate(models)]
        return Engine(
            Catalog([PooledModel("pool", members, hedge_seconds=self._hedge_seconds)]), self.search, again=Again(0)
        )

    async def run(self, variant: Variant, *, seed: int | None = None, has_documents: bool = False) -> Ran:
        """Ask a question while this goes wrong. With a seed, a proxy stands before the faulty deployment, too."""
        has_documents = variant.has_documents if variant.is_all else has_documents
        async with AsyncExitStack() as stack:
            tls = self._servers_tls.get(variant.certificate) if variant.certificate else None
            faulty = await stack.enter_async_context(ModelServer(variant.script, tls=tls))
            other = ModelServer(variant.script if variant.is_all else WELL_SCRIPT)
            await stack.enter_async_context(other)
            proxy: FaultProxy | None = None
            if seed is not None or variant.plan is not None:
                proxy = FaultProxy(faulty.port, seed=seed or 0, plan=variant.plan)
                await stack.enter_async_context(proxy)
            models = [
                self.deployment(_base_url(variant, proxy.port if proxy else faulty.port), "faulty"),
                self.deployment(other.base_url, "well"),
            ]
            engine = self.engine(models)
            is_by_chance = seed is not None or self._hedge_seconds is not None
            within = variant.within_seconds or WITHIN_SECONDS
            question = Question(
                QUESTION, collection_ids=(COLLECTION_ID,) if has_documents else (), within_seconds=within
            )
            if variant.is_all:
                await self._bring_down(engine, models, variant)
            asked_before = sum(len(model.asked) for model in models)
            events: list[Event] = []
            ending: Done | HubbubError
            began = time.monotonic()
            try:
                ending = await engine.answer(question, events.append)
            except HubbubError as error:
                ending = error
            seconds = time.monotonic() - began
            open_ends = [faulty, other] if proxy is None else [faulty, other, proxy]
            return Ran(
                variant=variant,
                outcome=(outcome := _outcome(variant, events, ending)),
                is_as_meant=_is_as_meant(variant, outcome, events, ending, is_by_chance=is_by_chance),
                has_met=_has_met(variant, models[0], faulty, proxy, self.names),
                seconds=seconds,
                is_late=seconds > within + GRACE_SECONDS,
                attempts=sum(len(model.asked) for model in models) - asked_before,
                left_open=await _left_open(self.http, open_ends),
                said=ending.finish_reason if isinstance(ending, Done) else f"{ending.code}: {ending.message}",
                text=_text(events),
                seed=seed,
                fates=proxy.log if proxy else (),
            )

    async def run_all(self, variants: Sequence[Variant], seeds: Sequence[int] | None = None) -> list[Ran]:
        """Run these, twenty at once; with seeds, one each, each with a proxy of its own."""
        places = asyncio.Semaphore(AT_ONCE)

        async def run(number: int, variant: Variant) -> Ran:
            async with places:
                seed = seeds[number] if seeds else None
                return await self.run(variant, seed=seed, has_documents=number % DOCUMENTS_EACH == 0)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(number, variant)) for number, variant in enumerate(variants)]
        return [task.result() for task in tasks]

    async def _bring_down(self, engine: Engine, models: Sequence[Counted], variant: Variant) -> None:
        """Ask until nobody is asked any more."""
        for _ in range(20):
            asked_before = sum(len(model.asked) for model in models)
            with contextlib.suppress(ModelError):
                await engine.answer(Question(QUESTION), lambda event: None)
            if sum(len(model.asked) for model in models) == asked_before:
                return
        raise RuntimeError(f"{variant.name}: they are asked again and again")


def certificates() -> tuple[Mapping[Certificate, ssl.SSLContext], ssl.SSLContext]:
    """Return what servers show, by kind, and a client that knows one authority."""
    known, unknown = trustme.CA(), trustme.CA()
    over = datetime(2020, 1, 1, tzinfo=UTC)
    shown: dict[Certificate, trustme.LeafCert] = {
        "good": known.issue_cert("127.0.0.1"),
        "expired": known.issue_cert("127.0.0.1", not_before=over, not_after=over.replace(month=2)),
        "stranger": known.issue_cert("elsewhere.test"),
        "unknown": unknown.issue_cert("127.0.0.1"),
    }
    servers: dict[Certificate, ssl.SSLContext] = {}
    for kind, certificate in shown.items():
        servers[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(servers[kind])
    client = ssl.create_default_context()
    known.configure_trust(client)
    return servers, client


def _base_url(variant: Variant, port: int) -> str:
    scheme = "https" if variant.certificate or variant.is_secure else "http"
    return f"{scheme}://{variant.host or '127.0.0.1'}:{1 if variant.is_closed else port}/v1"


def _text(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def _outcome(variant: Variant, events: Sequence[Event], ending: Done | HubbubError) -> Outcome:
    text = _text(events)
    if any(isinstance(event, Cited) for event in events):
        return "quoted"
    if not (variant.says.startswith(text) or WELL_TEXT.startswith(text)):
        return "spliced"
    if isinstance(ending, HubbubError):
        return "told" if text else "refused"
    return "unseen" if ending.finish_reason == "stop" and text and text in (variant.says, WELL_TEXT) else "ended"


def _is_as_meant(
    variant: Variant, outcome: Outcome, events: Sequence[Event], ending: Done | HubbubError, *, is_by_chance: bool
) -> bool:
    # A proxy's fault may have come first, or the other deployment have been asked as well.
    if is_by_chance and outcome in ("unseen", "told"):
        return True
    if outcome != variant.meant:
        return False
    if is_by_chance and outcome == "refused":  # the server's words may not have come through
        return True
    if isinstance(ending, HubbubError):
        return outcome == "told" or ending.code == variant.code
    if outcome == "ended":
        is_whole = variant.finish_reason == "deadline" or _text(events) == variant.says
        return ending.finish_reason == variant.finish_reason and is_whole
    return True


def _has_met(
    variant: Variant, model: Counted, faulty: ModelServer, proxy: FaultProxy | None, names: NameServer
) -> bool:
    if proxy is not None and proxy.log and proxy.log[0].plan.kind == "pass":
        return bool(proxy.log)
    if proxy is not None:
        return proxy.has_struck
    if variant.host in names.asked:
        return True
    # Of some names nobody need be asked, and where nobody listens there is nobody to note it.
    return bool(model.asked) if variant.host or variant.is_closed else faulty.connections > 0


async def _left_open(http: Http, ends: Sequence[ModelServer | FaultProxy]) -> int:
    """Return how many connections are open after a moment, but for those that were kept on purpose."""
    until = time.monotonic() + GRACE_SECONDS
    while (count := sum(end.open_connections for end in ends)) and time.monotonic() < until:
        http.streams.close_idle()
        await asyncio.sleep(0.01)  # there is no one event that all of them set
    return count


async def _nothing() -> None:
    """Commit nothing: here no answer is stored."""


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
