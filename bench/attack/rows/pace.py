"""Refusals of a model server in a quiet moment, and one stranger with many cookies."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

import aiohttp

from bench.attack.base import Attack, Seen, Target
from tests.servers.hubbub_server import HubbubServer
from tests.servers.model_server import ModelServer, Script

PEOPLE = 40
LONGEST_SECONDS = 100.0


def _client(address: str = "127.0.0.1") -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(local_addr=(address, 0), limit=0)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


@asynccontextmanager
async def _serving(target: Target, model: ModelServer) -> AsyncIterator[HubbubServer]:
    variables = {"PROVIDER": "compatible", "BASE_URL": model.base_url, "MODEL": "scripted", "API_KEY": "key"}
    named = {f"HUBBUB_MODELS__UP__{name}": value for name, value in variables.items()}
    async with target.serving({**named, "HUBBUB_DEFAULT_MODEL": "up"}) as server:
        yield server


def _cookie(number: int) -> dict[str, str]:
    return {"Cookie": f"hubbub_browser={number:043d}"}


async def _cookies(http: aiohttp.ClientSession, server: HubbubServer, count: int) -> list[dict[str, str]]:
    """Get so many cookies as browsers get them: by opening the page's own address; else make them up."""
    found: list[dict[str, str]] = []
    for number in range(count):
        async with http.get(f"{server.url}/api/me") as response:
            pairs = "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())
        found.append({"Cookie": pairs} if pairs else _cookie(number))
    return found


async def _ask(
    http: aiohttp.ClientSession, server: HubbubServer, headers: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    async with http.post(f"{server.url}/api/questions", json={"text": "Hello?"}, headers=headers) as response:
        return response.status, await response.json()


async def _first_text(
    http: aiohttp.ClientSession, server: HubbubServer, headers: dict[str, str]
) -> tuple[float, Sequence[str]]:
    """Ask, and return after how long the first text came, and the kinds of events until then."""
    began, kinds = time.monotonic(), list[str]()
    status, asked = await _ask(http, server, headers)
    if status != 202:
        return LONGEST_SECONDS, [f"status {status}"]
    url = f"{server.url}/api/answers/{asked['answer']['id']}/events"
    async with http.get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=LONGEST_SECONDS)) as response:
        async for line in response.content:
            if line.startswith(b"event: "):
                kinds.append(line[7:].decode().strip())
                if kinds[-1] == "text":
                    return time.monotonic() - began, kinds
    return LONGEST_SECONDS, kinds


async def _one_stray(target: Target) -> Seen:
    script = Script(tokens=["word "] * 10, seconds_before_first=0.1, seconds_between=0.05)
    async with ModelServer(script) as model, _serving(target, model) as server, _client() as http:
        people = await _cookies(http, server, PEOPLE + 1)
        model.scripts.append(Script(status=503, body=b""))
        await _first_text(http, server, people[-1])
        async with asyncio.timeout(LONGEST_SECONDS):
            found = await asyncio.gather(*(_first_text(http, server, one) for one in people[:-1]))
    waits = sorted(seconds for seconds, _ in found)
    return Seen(f"wait p50 {median(waits):.2f} s, longest {waits[-1]:.2f} s", median(waits) <= 1 and waits[-1] <= 2)


async def _silent_one(target: Target) -> Seen:
    async with ModelServer(Script()) as model, _serving(target, model) as server, _client() as http:
        people = await _cookies(http, server, 7)
        model.scripts.append(Script(status=503, body=b""))
        await _first_text(http, server, people[0])
        await asyncio.sleep(1.2)  # as long as a model that refused may be closed
        model.scripts.append(Script(stall_before="first_token"))
        silent = asyncio.create_task(_first_text(http, server, people[1]))
        await model.until(lambda model: model.open_requests == 1, 10)
        try:
            async with asyncio.timeout(8):
                found = await asyncio.gather(*(_first_text(http, server, one) for one in people[2:]))
            longest = max(seconds for seconds, _ in found)
        except TimeoutError:
            longest = LONGEST_SECONDS
        silent.cancel()
        await asyncio.gather(silent, return_exceptions=True)
    return Seen(f"the longest of five others waits {longest:.2f} s (100: no end)", longest <= 2)


async def _retry_after(target: Target) -> Seen:
    async with ModelServer(Script()) as model, _serving(target, model) as server, _client() as http:
        [person] = await _cookies(http, server, 1)
        model.scripts.append(Script(status=429, headers={"Retry-After": "3"}, body=b"{}"))
        seconds, kinds = await _first_text(http, server, person)
    holds = 2.9 <= seconds <= 6 and "queued" in kinds
    return Seen(f"text after {seconds:.1f} s (100: none), events {', '.join(kinds)}", holds)


async def _cookies_of_one(target: Target) -> Seen:
    count, seconds = (120, 0.4) if target.is_short else (500, 1.0)
    script = Script(tokens=["word "] * 4, seconds_between=seconds / 4)
    variables = {"HUBBUB_ADMISSION__RUNNING_PER_MODEL": "4"}
    async with ModelServer(script) as model, _client() as stranger, _client("127.0.0.2") as http:
        named = {"PROVIDER": "compatible", "BASE_URL": model.base_url, "MODEL": "scripted", "API_KEY": "key"}
        variables |= {f"HUBBUB_MODELS__UP__{name}": value for name, value in named.items()}
        async with target.serving({**variables, "HUBBUB_DEFAULT_MODEL": "up"}) as server:
            cookies = await _cookies(stranger, server, count)
            [other] = await _cookies(http, server, 1)
            statuses = [status for status, _ in await asyncio.gather(*(_ask(stranger, server, one) for one in cookies))]
            wait, _ = await _first_text(http, server, other)
    taken = statuses.count(202)
    return Seen(f"of {count} questions {taken} taken; the other person waits {wait:.1f} s", wait <= 3 * seconds + 0.5)


ONE_STRAY = Attack(
    "one 503 of the model in a quiet moment, then 40 people", "wait p50 ≤ 1 s, longest ≤ 2 s", _one_stray, is_quiet=True
)
SILENT_ONE = Attack("after one 503, one answer that never begins", "others wait ≤ 2 s", _silent_one, is_quiet=True)
RETRY_AFTER = Attack(
    "a lone model's 429 with Retry-After 3", "answered within 6 s, with its place told", _retry_after, is_quiet=True
)
COOKIES = Attack(
    "one stranger asks with many cookies",
    "another person waits for three answers' time at most",
    _cookies_of_one,
    is_quiet=True,
)
