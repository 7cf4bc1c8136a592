"""One process of a folder runs the embedded model; the others use it, and take over when that one is gone."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.models.local import FAILURES
from hubbub.models.shared import SharedModel
from hubbub.testing.models import ask
from tests.models.test_local import CHILD, CRASH, died, own_file
from tests.patience import patience
from tests.servers.model_server import ModelServer, Script


@asynccontextmanager
async def shared_model(
    folder: Path, server: ModelServer, http: Http, child: str = CHILD, **options: Any
) -> AsyncIterator[SharedModel]:
    program = (sys.executable, "-c", child, server.base_url.removesuffix("/v1"))
    settings = {"fetch": own_file, "pause_seconds": 0.01, **options}
    async with SharedModel(folder, "small", http=http, program=program, **settings) as model:
        model.start()
        yield model


async def until(condition: Any) -> None:
    async with patience():
        while not condition():
            await asyncio.sleep(0.01)


async def test_one_runs_it_and_all_use_it(server: ModelServer, http: Http, tmp_path: Path) -> None:
    async with (
        shared_model(tmp_path, server, http) as a,
        shared_model(tmp_path, server, http) as b,
        shared_model(tmp_path, server, http) as c,
    ):
        models = (a, b, c)
        await until(lambda: all(model.state == "ready" for model in models))
        assert len([model.pid for model in models if model.pid is not None]) == 1
        for model in models:
            assert "".join((await ask(model))[0]) == "Hello, wörld!"
        assert len({seen.headers["authorization"] for seen in server.seen}) == 1
        notice = tmp_path / "model.json"
        assert stat.S_IMODE(notice.stat().st_mode) == 0o600
        assert sorted(os.listdir(tmp_path)) == ["model.json", "model.lock"]  # noqa: PTH208 (as good, and nothing waits here)


async def test_another_takes_over_when_the_holder_ends(server: ModelServer, http: Http, tmp_path: Path) -> None:
    async with shared_model(tmp_path, server, http) as b:
        await until(lambda: b.pid is not None)
        async with shared_model(tmp_path, server, http) as c:
            await until(lambda: c.state == "ready")
            assert c.pid is None
            pid = b.pid
            assert pid is not None
            keeper = b._keeper
            assert keeper is not None
            keeper.cancel()  # as the end of its process does
            await died(pid)
            await until(lambda: c.pid is not None and c.state == "ready")
            assert (await ask(c))[0]


async def test_when_the_child_dies_answers_fail_everywhere_and_the_next_work(
    server: ModelServer, http: Http, tmp_path: Path
) -> None:
    async with shared_model(tmp_path, server, http) as a, shared_model(tmp_path, server, http) as b:
        await until(lambda: a.state == b.state == "ready")
        holder, other = (a, b) if a.pid else (b, a)
        server.scripts.append(Script(reset_before="tokens"))
        with pytest.raises(ModelError) as caught:
            await ask(other)
        assert caught.value.code == "model_died"
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGKILL)
        for model in (other, holder):
            assert (await ask(model))[0]
        assert len([model.pid for model in (a, b) if model.pid is not None]) == 1


async def test_a_question_that_waits_when_the_child_dies_is_answered_by_its_successor(
    server: ModelServer, http: Http, tmp_path: Path
) -> None:
    async with shared_model(tmp_path, server, http, pause_seconds=3600.0) as holder:
        await until(lambda: holder.pid is not None and holder.state == "ready")
        async with shared_model(tmp_path, server, http) as other:
            await until(lambda: other.state == "ready")
            server.scripts.append(Script(reset_before="headers"))
            with pytest.raises(ModelError):
                await ask(other)
            assert holder.pid is not None
            os.kill(holder.pid, signal.SIGKILL)
            assert (await ask(other))[0]  # it hears of the death while it waits
            assert other.pid is not None


async def test_one_that_is_suspected_for_nothing_is_used_again(server: ModelServer, http: Http, tmp_path: Path) -> None:
    async with shared_model(tmp_path, server, http) as a, shared_model(tmp_path, server, http) as b:
        await until(lambda: a.state == b.state == "ready")
        other = b if a.pid else a
        server.scripts.append(Script(reset_before="headers"))
        with pytest.raises(ModelError):
            await ask(other)
        assert (await ask(other))[0]


async def test_what_can_not_start_is_not_tried_by_each_of_them(server: ModelServer, http: Http, tmp_path: Path) -> None:
    starts = 0

    async def counted(progress: Any) -> Path:
        nonlocal starts
        starts += 1
        return await own_file(progress)

    async with (
        shared_model(tmp_path, server, http, CRASH, fetch=counted, pause_seconds=0.3) as a,
        shared_model(tmp_path, server, http, CRASH, fetch=counted, pause_seconds=0.3) as b,
    ):
        await until(lambda: starts == FAILURES and a.state == b.state == "failed")
        await asyncio.sleep(1)
        assert starts == FAILURES
        with pytest.raises(ModelError, match="no such instruction"):
            await ask(b)
        assert starts == FAILURES + 1
