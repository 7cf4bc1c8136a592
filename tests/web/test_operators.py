"""What operators see, and who is one."""

import asyncio
import base64
import hashlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.requests import Request

from hubbub.connections.watchdog import Incident
from hubbub.core.errors import ModelError, NotFound
from hubbub.core.people import GUEST, OPERATOR
from hubbub.models.pool import Member, PooledModel
from hubbub.models.scripted import ScriptedModel
from hubbub.web.asker import check_operator
from hubbub.web.clients import Clients
from tests.patience import patience
from tests.servers.metrics import metrics_of, parsed
from tests.servers.reader import ask, read
from tests.web.application import Hubbub, hubbub_running

PATHS = ("/metrics", "/operators")


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Hubbub]:
    """A server on which whoever sits at the machine is an operator."""
    slow = ScriptedModel(tuple("word " for _ in range(200)), name="slow", seconds_between=0.02)
    async with hubbub_running(tmp_path, slow, clients=Clients(), has_local_operators=True) as hubbub:
        yield hubbub


def asked_from(hubbub: Hubbub, host: str | None, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "client": (host, 1) if host else None, "app": hubbub.app})


def may(hubbub: Hubbub, request: Request, person: Any = GUEST) -> bool:
    try:
        check_operator(person, request)
    except NotFound:
        return False
    return True


async def test_who_is_an_operator(own: Hubbub) -> None:
    for host in ("127.0.0.1", "127.9.9.9", "::1"):
        assert may(own, asked_from(own, host))
    for host in ("192.0.2.1", "10.0.0.1", "2001:db8::1", "testclient", "", None):
        assert not may(own, asked_from(own, host))
        assert may(own, asked_from(own, host), OPERATOR)
    for header in ("x_forwarded_for", "forwarded", "via", "x_real_ip", "x_forwarded_host", "x_forwarded_proto"):
        assert not may(own, asked_from(own, "127.0.0.1", **{header: "127.0.0.1"})), header


async def test_elsewhere_nobody_is_and_there_is_no_such_page(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    assert not may(hubbub, asked_from(hubbub, "127.0.0.1"))
    for http in (ann, await hubbub.guest()):
        for path in PATHS:
            async with http.get(path) as response:
                assert response.status == 404
                assert (await response.json())["code"] == "not_found"


async def test_through_a_proxy_there_is_no_such_page(own: Hubbub) -> None:
    http = await own.guest()
    for path in PATHS:
        async with http.get(path) as response:
            assert response.status == 200
        async with http.get(path, headers={"X-Forwarded-For": "127.0.0.1"}) as response:
            assert response.status == 404


async def test_the_figures(own: Hubbub) -> None:
    http = await own.person()
    answer_id = (await ask(http, ""))["answer"]["id"]
    reading = read(http, "", answer_id)
    await anext(reading)
    async with patience():
        while (figures := await metrics_of(http, ""))["hubbub_loop_lag_seconds_count"] <= 2:
            await asyncio.sleep(0.02)
    await reading.aclose()
    assert figures["hubbub_open_answers"] == 1
    assert figures["hubbub_readers"] == 1
    assert figures["hubbub_connections"] == 2  # the reader's, and the one that asks
    assert figures["hubbub_connections_limit"] == 15_000
    assert figures['hubbub_connections_cut_total{reason="stalled"}'] == 0
    assert 0.001 < figures["hubbub_commit_window_seconds"] < 0.2
    buckets = [value for name, value in figures.items() if name.startswith("hubbub_loop_lag_seconds_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == figures["hubbub_loop_lag_seconds_count"]
    assert figures["hubbub_resident_bytes"] > 10_000_000 or sys.platform != "linux"
    assert figures["hubbub_cpu_seconds_total"] > 0


async def test_each_figure_says_whose_it_is(own: Hubbub) -> None:
    http = await own.guest()
    async with http.get("/metrics") as response:
        text = await response.text()
    assert len(parsed(text)) > 20
    assert text.count(f'{{process="{os.getpid()}"') == len(parsed(text))
    named = re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE)
    assert named == re.findall(r"^# HELP (\w+) ", text, re.MULTILINE)
    assert len(named) == len(set(named))


async def test_the_page(own: Hubbub) -> None:
    http = await own.guest()
    incident = Incident(time.time(), 0.75, ("a.py:1 <module>", "b&c.py:2 slow"), 0.5, 8, 0.1, {"open answers": 1234})
    own.services.watchdog.incidents.append(incident)
    async with http.get("/operators") as response:
        page = await response.text()
        policy = response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
        assert response.content_type == "text/html"
    assert f"process {os.getpid()}" in page
    assert "this one worker" in page
    assert "held up for 750 ms" in page
    assert "1,234 open answers, garbage collector 100 ms, this stack in 50% of 8 looks" in page
    assert "<pre tabindex='0'>a.py:1 &lt;module&gt;\nb&amp;c.py:2 slow</pre>" in page
    assert "http-equiv" not in page
    assert page.count("<script>") == 1
    assert 'name="viewport"' in page
    assert "color-scheme: light dark" in page
    assert "style=" not in page
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    script = page.partition("<script>")[2].partition("</script>")[0]
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy
    async with http.get("/operators?still=true") as response:
        assert "<script>" not in await response.text()


async def test_life_is_told_whatever_else_is_broken(own: Hubbub) -> None:
    """A liveness check must not end a server because its database or a model is slow."""

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"asked for {name}")

    for name in ("history", "catalog", "search", "library", "engine", "identity", "files"):
        object.__setattr__(own.services, name, Broken())
    http = await own.guest()
    async with http.get("/api/health") as response:
        assert (await response.json())["status"] == "ok"


async def test_how_the_deployments_of_a_pool_do_is_shown(tmp_path: Path) -> None:
    down = ModelError("It is down.", code="unreachable")
    ill, well = ScriptedModel(name='<i>"ill"', error=down), ScriptedModel(name="well")
    pool = PooledModel("house", [Member(ill, priority=0), Member(well, priority=1)])
    async with hubbub_running(tmp_path, pool, has_local_operators=True) as hubbub:
        ann = await hubbub.person()
        for _ in range(6):
            asked = await ask(ann, hubbub.url)
            async for _ in read(ann, hubbub.url, asked["answer"]["id"]):
                pass
        async with ann.get(f"{hubbub.url}/metrics") as response:
            text = await response.text()
        assert re.search(r'hubbub_deployment_is_well\{process="\d+",deployment="house/well"\} 1\n', text)
        assert re.search(r'hubbub_deployment_is_well\{process="\d+",deployment="house/<i>\\"ill\\""\} 0\n', text)
        assert re.search(r'hubbub_deployment_failures_total\{process="\d+",deployment="house/<i>\\"ill\\""\} 5\n', text)
        async with ann.get(f"{hubbub.url}/operators") as response:
            page = await response.text()
        assert "<i>" not in page
        assert re.search(r"house/&lt;i&gt;&quot;ill&quot;</th><td>ill, asked again in [\d.]+ m?s</td>", page)
