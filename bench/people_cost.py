"""Measure what a question costs in CPU with sign-in, rights and quotas, beside one without any of these.

    PYTHONPATH=src .venv/bin/python -m bench.people_cost [--pairs 4] [--rounds 5] [--most 1.10] [--without quotas] …

Two servers of this checkout run at once: one lets everybody in, as on loopback; at the other one a person has signed in
with a password, a group of theirs may use the model and the collection, and the server, the group and the person have
quotas. In each round first one and then the other is asked the same, the order alternating. What is told is the median
of the rounds' ratios, which a machine that is busy with other things moves less than the times themselves. Servers of
one and the same checkout differ by up to a tenth for as long as they live, so that several pairs are started one after
the other. Exit code 1: a ratio is over `--most`.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from bench.clients.cost import Dialect, Side
from hubbub.compose import open_people
from hubbub.core.people import OPERATOR
from hubbub.settings import Settings
from tests.servers.hubbub_server import hubbub_serving, scripted

TEXT = "The quick brown fox jumps over the lazy dog near the river."
PASSWORD = "four words of mine"
MUCH = '["10000000 questions per day", "10000000000 tokens per month"]'
SIGN_IN = {"HUBBUB_IDENTITY__ACCOUNTS__IS_ENABLED": "true"}
PARTS = {
    "rights": {"HUBBUB_MODELS__SCRIPTED__SHARED_WITH": '["group:team"]'},
    "quotas": {f"HUBBUB_QUOTAS__{whose}": MUCH for whose in ("SERVER", "GROUP", "PERSON")},
}
"""What may be left out, to see what it costs."""


class Place(NamedTuple):
    """A server, and what is asked there."""

    side: Side
    dialects: Sequence[Dialect]


async def opened(stack: AsyncExitStack, folder: Path, parts: Sequence[str] | None) -> Place:
    """Start a server, and let somebody in who may search a collection; without parts nobody signs in."""
    variables = scripted(words=1, pause_seconds=0.0) | (SIGN_IN if parts is not None else {})
    for part in parts or ():
        variables |= PARTS[part]
    server = await stack.enter_async_context(hubbub_serving(folder, variables))
    http = await stack.enter_async_context(_browser(server.url))
    if parts is not None:
        collection = await _with_people(folder, await stack.enter_async_context(_browser(server.url)), http)
    else:
        await _asked(http, "GET", "/api/me")
        collection = await _collection(http)
    body: dict[str, Any] = {"text": "What does the fox do?", "model": "scripted"}
    dialects = (
        Dialect("a question", "/api/questions", lambda text: body | {"text": text}),
        Dialect("a question over documents", "/api/questions", lambda text: body | {"collections": [collection]}),
        Dialect(
            "chat completions",
            "/v1/chat/completions",
            lambda text: {"model": "scripted", "messages": [{"role": "user", "content": text}]},
        ),
    )
    http.headers["Accept"] = "text/event-stream"
    return Place(Side(server.url, server.process.pid, http), dialects)


def _browser(url: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True))


async def _with_people(folder: Path, root: aiohttp.ClientSession, http: aiohttp.ClientSession) -> str:
    """Let an operator make a group and share a collection with it, and a member of it sign in."""
    wanted = Settings.model_validate(
        {"server": {"data_folder": folder}, "identity": {"accounts": {"is_enabled": True}}}
    )
    async with open_people(wanted) as (accounts, _):
        first = await accounts.first()
        invited = await accounts.invite(OPERATOR, "ada@example.org")
    assert first is not None
    ids: list[str] = []
    for browser, link, email in ((root, first.url, "root@example.org"), (http, invited.url, "")):
        body = {"link": link.partition("#")[2], "password": PASSWORD, "email": email, "name": ""}
        ids.append((await _asked(browser, "PUT", "/api/sign-in/link", body))["id"])
    group = (await _asked(root, "POST", "/api/groups", {"name": "team"}))["id"]
    await _asked(root, "PUT", f"/api/groups/{group}/members/{ids[1]}", {})
    collection = await _collection(root)
    grants = {"grants": [{"subject": f"group:{group}", "right": "use"}]}
    await _asked(root, "PUT", f"/api/collections/{collection}/grants", grants)
    return collection


async def _collection(http: aiohttp.ClientSession) -> str:
    collection = (await _asked(http, "POST", "/api/collections", {"name": "Foxes"}))["id"]
    async with http.put(f"/api/collections/{collection}/documents/fox.txt", data=TEXT.encode()) as response:
        response.raise_for_status()
        document = (await response.json())["id"]
    async with asyncio.timeout(60):
        while not await _is_ready(http, document):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return collection


async def _is_ready(http: aiohttp.ClientSession, document: str) -> bool:
    found = await _asked(http, "GET", f"/api/documents/{document}")
    return found["document"]["state"] == "ready"


async def _asked(http: aiohttp.ClientSession, method: str, path: str, body: object = None) -> Any:
    async with http.request(method, path, **({} if body is None else {"json": body})) as response:
        text = await response.text()
        if response.status >= 400:
            raise SystemExit(f"{method} {path}: {response.status} {text}")
        return await response.json() if text else None


async def measure(pairs: int, rounds: int, count: int, most: float, parts: Sequence[str]) -> int:
    """Print the table; returns the exit code."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for pair in range(pairs):
        async with AsyncExitStack() as stack:
            places: list[Place] = []
            for wanted in (None, parts) if pair % 2 == 0 else (parts, None):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-people-cost-")))
                places.append(await opened(stack, folder, wanted))
            off, on = places if pair % 2 == 0 else places[::-1]
            for number, dialect in enumerate(off.dialects):
                found[dialect.name] += await _compared(off, on, number, rounds, count)
        print(f"pair {pair + 1} of {pairs}", file=sys.stderr)
    print(f"{'µs of CPU a question':28} {'off':>8} {'on':>8} {'ratio':>7}  (middle half of {pairs * rounds} rounds)")
    fails = False
    for name, seconds in found.items():
        low, middle, high = statistics.quantiles([there / here for here, there in seconds], n=4)
        fails |= middle > most
        here, there = (statistics.median(one) * 1e6 / count for one in zip(*seconds, strict=True))
        print(f"{name:28} {here:8,.0f} {there:8,.0f} {middle:7.3f}  ({low:.3f}–{high:.3f})")
    return int(fails)


async def _compared(off: Place, on: Place, number: int, rounds: int, count: int) -> list[tuple[float, float]]:
    """Return the CPU seconds of each round, without and with."""
    seconds: list[tuple[float, float]] = []
    for one in (off, on):
        await _seconds(one, number, count // 4)  # what is only made once is not measured
    for turn in range(rounds):
        first, second = (off, on) if turn % 2 == 0 else (on, off)
        both = (await _seconds(first, number, count), await _seconds(second, number, count))
        seconds.append(both if first is off else (both[1], both[0]))
    return seconds


async def _seconds(place: Place, number: int, count: int) -> float:
    spent = await place.side.seconds(place.dialects[number], count)
    if spent is None:
        raise SystemExit(f"{place.dialects[number].name} was refused")
    return spent


def main() -> int:
    """Read what is wanted, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=4, help="servers that are started anew")
    parser.add_argument("--rounds", type=int, default=5, help="with each pair")
    parser.add_argument("--count", type=int, default=300, help="questions a round")
    parser.add_argument("--most", type=float, default=1.10, help="the ratio that is allowed")
    parser.add_argument("--without", action="append", default=[], choices=[*PARTS], help="leave this out")
    wanted = parser.parse_args()
    parts = [one for one in PARTS if one not in wanted.without]
    return asyncio.run(measure(wanted.pairs, wanted.rounds, wanted.count, wanted.most, parts))


if __name__ == "__main__":
    sys.exit(main())
