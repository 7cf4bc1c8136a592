"""One version follows the other under load: one server on SQLite, machine after machine on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench.attack.base import HERE, Seen, Target
from bench.attack.rows.drain import BETWEEN_TOKENS_SECONDS, Size, Strict, end_and_start, judged
from tests.chaos.crowd import new_connections
from tests.servers.hubbub_server import HubbubServer, through
from tests.servers.model_server import ModelServer, Script
from tests.servers.postgres_server import new_database, postgres_running

DRAIN_SECONDS = 60.0


@dataclass
class Machine:
    """One server on its folder and port, of the version that it was started with last."""

    stack: AsyncExitStack
    variables: dict[str, str]
    folder: Path
    server: HubbubServer | None = None

    async def start(self, target: Target) -> HubbubServer:
        """Start a server, on the port that this machine has."""
        self.server = await self.stack.enter_async_context(target.serving(self.variables, folder=self.folder))
        self.variables["HUBBUB_SERVER__PORT"] = self.server.url.rsplit(":", 1)[1]
        return self.server

    async def upgrade(self, target: Target) -> None:
        """Tell the server to end and start the other version, which takes its port and lets it drain."""
        assert self.server is not None
        await end_and_start(self.server, lambda: self.start(target))


@asynccontextmanager
async def _database(kind: str) -> AsyncIterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    with postgres_running() as address:
        async with new_database(address) as url:
            yield url


async def upgraded(kind: str, old: Path, people: int, seconds: float, tell: Callable[[str], None]) -> Seen:
    """Upgrade one machine on SQLite, or both on one PostgreSQL, while so many read answers that take so long."""
    count = 1 if kind == "sqlite" else 2
    size = Size(restarts=count, people=people, answer_seconds=seconds, come_in_seconds=seconds / 3, pauses_seconds=())
    words = [f"word{number} " for number in range(int(seconds / BETWEEN_TOKENS_SECONDS))]
    script = Script(tokens=words, seconds_between=BETWEEN_TOKENS_SECONDS)
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(ModelServer(script))
        http = await stack.enter_async_context(new_connections())
        url = await stack.enter_async_context(_database(kind))
        variables = through(model.base_url) | {"HUBBUB_SERVER__DRAIN_SECONDS": str(DRAIN_SECONDS + seconds)}
        machines: list[Machine] = []
        for _ in range(count):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="upgraded-", ignore_cleanup_errors=True)))
            machine = Machine(stack, variables | ({} if url is None else {"HUBBUB_DATABASE__URL": url}), folder)
            await machine.start(Target(old))
            machines.append(machine)
        tell(f"{kind}: {count} of {old.name} serve")
        crowd = _Around(http, machines)
        async with (
            crowd.talking(people, come_in_seconds=size.come_in_seconds) as talking,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(crowd.probe())
            await asyncio.sleep(size.come_in_seconds + 1)
            for machine in machines:
                await machine.upgrade(Target(HERE))
                tell(f"{kind}: one is upgraded")
            crowd.is_over = True
            await asyncio.wait({talking}, timeout=2 * seconds + DRAIN_SECONDS)
        return await judged(crowd, "".join(words), model, count, size)


class _Around(Strict):
    """People whose every connection reaches any of the machines."""

    def __init__(self, http: aiohttp.ClientSession, machines: list[Machine]) -> None:
        self._machines = machines
        self._turn = 0
        super().__init__(http, "")

    @property
    def url(self) -> str:
        self._turn += 1
        server = self._machines[self._turn % len(self._machines)].server
        assert server is not None
        return server.url

    @url.setter
    def url(self, url: str) -> None:
        """It is one of several."""


async def run(kinds: list[str], old: Path, people: int, seconds: float, times: int) -> bool:
    """Run so many of each kind, and print each; returns whether all hold."""
    held: list[bool] = []
    for kind in kinds:
        for number in range(1, times + 1):
            seen = await upgraded(kind, old, people, seconds, lambda said: print(said, flush=True))
            print(f"{kind} {number} of {times}: {'holds' if seen.holds else 'FALLS'}  {seen.words}", flush=True)
            held.append(seen.holds)
    print(f"{sum(held)} of {len(held)} held")
    return all(held)
