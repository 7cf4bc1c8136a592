"""Serve the whole application, made of the twins that live in memory, on a real port in this process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import uvicorn
from fastapi import FastAPI

from hubbub.answers.admission import AdmissionControl
from hubbub.answers.cluster import Membership
from hubbub.answers.log import Log
from hubbub.answers.memory import MemoryAnswers
from hubbub.answers.runner import Runner
from hubbub.app.application import Application
from hubbub.app.by_url import ByUrl
from hubbub.app.limits import RequestLimits
from hubbub.app.rights_watch import RightsWatch
from hubbub.connections.sandbox import Sandbox, SandboxLimits, Setup
from hubbub.connections.watchdog import Watchdog
from hubbub.conversation.again import Again
from hubbub.conversation.engine import Engine
from hubbub.core.embedding import Embedder
from hubbub.identity.base import Identity
from hubbub.identity.grants import Grants
from hubbub.identity.keys import Keyring, digest_of, new_key
from hubbub.identity.keys_memory import MemoryKeys
from hubbub.identity.open import OpenIdentity
from hubbub.ingest.ocr.base import Plan
from hubbub.ingest.ocr.tesseract import data_folders
from hubbub.ingest.pipeline import Pipeline
from hubbub.models.base import Model
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
from hubbub.usage.meter import Meter
from hubbub.web.app import create_app
from hubbub.web.choices import Choices, ProtocolChoices, SamplePage
from hubbub.web.clients import Clients
from hubbub.web.page import ForeignPage
from hubbub.web.protocol import protocol_for
from tests.web.stores import beside_files, in_postgres

LIMITS = RequestLimits(question_characters=1000, document_bytes=2 * 1024 * 1024, body_bytes=10_000, chat_messages=20)

OCR = Plan(folders=data_folders())


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # they are the test runner's

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ending.wait()  # at once; uvicorn's own looks ten times a second


@dataclass
class Hubbub:
    """A running application: what it is made of, and its address."""

    url: str
    port: int
    app: FastAPI
    services: Application
    answers: MemoryAnswers
    stack: AsyncExitStack
    keys: MemoryKeys

    async def person(self) -> aiohttp.ClientSession:
        """Return a browser of its own: somebody whom the server has not seen before."""
        http = await self.guest()
        async with http.get("/api/me") as response:
            assert response.status == 200
        return http

    async def program(self, name: str) -> aiohttp.ClientSession:
        """Return a program with an API key of its own."""
        key, text = new_key(name)
        await self.keys.add(key, digest_of(text))
        http = await self.guest()
        http.headers["Authorization"] = f"Bearer {text}"
        return http

    async def guest(self) -> aiohttp.ClientSession:
        """Return a program that keeps no cookies until it asks who it is."""
        jar = aiohttp.CookieJar(unsafe=True)
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        return await self.stack.enter_async_context(
            aiohttp.ClientSession(self.url, cookie_jar=jar, connector=connector)
        )


@asynccontextmanager
async def hubbub_running(
    folder: Path,
    *models: Model,
    limits: RequestLimits = LIMITS,
    allowed_hosts: Sequence[str] = ("127.0.0.1",),
    allowed_origins: Sequence[str] = (),
    page_folder: Path | None = None,
    foreign_page: Path | None = None,
    trusts_page: bool = False,
    sample_page: SamplePage = SamplePage(),  # noqa: B008 (frozen)
    control: AdmissionControl | None = None,
    clients: Clients | None = None,
    has_local_operators: bool = False,
    needs_key: bool = False,
    protocols: ProtocolChoices = ProtocolChoices(),  # noqa: B008 # frozen
    embedder: Embedder | None = None,
    around: Callable[[Identity], Identity] = lambda identity: identity,
    meter: Meter | None = None,
    database: str | None = None,
    by_url: ByUrl | None = None,
    models_shared_with: Mapping[str, Sequence[str]] | None = None,
) -> AsyncIterator[Hubbub]:
    """Serve on a free port until left: as `hubbub serve` does where clients are given, else as any server would.

    A database is the address of a PostgreSQL that keeps its things.
    """
    async with AsyncExitStack() as stack:
        if database is None:
            stores = await beside_files(stack, folder, limits.document_bytes)
        else:
            stores = await in_postgres(stack, folder, limits.document_bytes, database)
        answers, library, search, files = stores.answers, stores.library, stores.search, stores.files
        meter = meter or Meter()
        if meter.is_on:
            answers.beside_endings = meter.settling
        ocr = OCR
        sandbox = Sandbox(limits=SandboxLimits(wall_seconds=20), setup=Setup(folders=ocr.folders))
        pipeline = Pipeline(library, search, None, files, sandbox, lock_path=folder / "ingest.lock", ocr=ocr)
        log = await stack.enter_async_context(Log(answers))
        runner = await stack.enter_async_context(Runner(log, answers, control))
        await stack.enter_async_context(Membership(answers, log, runner))
        catalog = Catalog(models or [ScriptedModel()])
        keys = stores.keys
        keyring = await stack.enter_async_context(Keyring(keys))
        identity = around(OpenIdentity(keyring, needs_key=needs_key))
        services = Application(
            identity=identity,
            grants=await stack.enter_async_context(Grants(identity)),
            rights=await stack.enter_async_context(RightsWatch(library, runner.stop_here, log.is_here, log.hits)),
            runner=runner,
            log=log,
            history=stores.history,
            links=stores.links,
            records=stores.records,
            sessions=stores.sessions,
            engine=Engine(catalog, search, again=Again(5), library=library),
            catalog=catalog,
            models_shared_with=models_shared_with or {},
            search=search,
            library=library,
            files=files,
            pipeline=pipeline,
            pictures=Sandbox(),
            by_url=by_url,
            embedder=embedder,
            limits=limits,
            meter=meter,
            watchdog=await stack.enter_async_context(Watchdog()),
        )
        make = partial(
            create_app,
            limits=limits,
            choices=Choices(protocols, sample_page, has_local_operators),
            allowed_hosts=allowed_hosts,
            allowed_origins=allowed_origins,
            page_folder=page_folder,
        )
        # It reads the page's files, which a server does before it serves: not on the loop's thread.
        run = asyncio.get_running_loop().run_in_executor
        page = await run(None, lambda: ForeignPage(foreign_page, is_trusted=trusts_page)) if foreign_page else None
        app = await run(None, lambda: make(lambda: nullcontext(services), foreign_page=page))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        working = group.create_task(pipeline.run())
        stack.callback(working.cancel)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=protocol_for(clients) if clients else "httptools",
            proxy_headers=not clients,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        server = _Server(config)
        serving = group.create_task(server.serve([listener]))
        stack.push_async_callback(_end, server, runner, serving)
        while not server.started:
            assert not serving.done()
            await asyncio.sleep(0.005)
        clients = await stack.enter_async_context(AsyncExitStack())
        yield Hubbub(f"http://127.0.0.1:{port}", port, app, services, answers, clients, keys)


async def _end(server: _Server, runner: Runner, serving: asyncio.Task[None]) -> None:
    await runner.close_answers()
    for _ in range(50):  # the clients have left; where uvicorn has not seen it yet, it waits for a tenth of a second
        if not server.server_state.connections:
            break
        await asyncio.sleep(0.002)
    server.ending.set()
    await serving
