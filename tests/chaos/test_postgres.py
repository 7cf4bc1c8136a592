"""Workers on a PostgreSQL are killed while people read: nothing that was seen or acknowledged is lost."""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from tests.chaos.crowd import Crowd, check, new_connections, seed
from tests.servers.copies import said_by
from tests.servers.hubbub_server import environment, hubbub_serving, through, workers_of
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

TOKENS = [f"word{number} " for number in range(60)]
SCRIPT = Script(tokens=TOKENS, seconds_before_first=0.3, seconds_between=0.04)
PEOPLE = 20
GOES_ON_SECONDS = 10.0
ENDS_SECONDS = 15.0


@pytest.mark.quiet
@pytest.mark.slow
async def test_a_worker_is_killed_while_people_read(tmp_path: Path, postgres_url: str) -> None:
    begun_with = seed()
    print(f"HUBBUB_SEED={begun_with}")  # noqa: T201 (shown when the test fails)
    chance = random.Random(begun_with)
    variables = {"HUBBUB_SERVER__WORKERS": "2", "HUBBUB_DATABASE__URL": postgres_url}
    async with (
        ModelServer(SCRIPT) as model,
        hubbub_serving(tmp_path, through(model.base_url) | variables) as server,
        new_connections() as http,
    ):
        crowd = Crowd(http, server.url)
        async with crowd.talking(PEOPLE) as talking:
            await asyncio.sleep(1.5)
            os.kill(chance.choice(workers_of(server)), signal.SIGKILL)
            killed = time.monotonic()
            await asyncio.sleep(2)
            crowd.is_over = True
            await asyncio.wait({talking}, timeout=ENDS_SECONDS)
            assert talking.done()
        found = await check(crowd, "".join(TOKENS), model, [killed], GOES_ON_SECONDS)
        assert not found.faults, "\n".join(found.faults[:20])
        assert found.endings["done"]
        assert await server.terminate() == 0
    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetch("select id from answer where result is null or worker is not null") == []
        assert await connection.fetchval("select count(*) from answer") > PEOPLE / 2
    finally:
        await connection.close()
    assert not (tmp_path / "hubbub.db").exists(), "it fell back to SQLite"


async def refused(folder: Path, variables: dict[str, str]) -> str:
    code, said = await said_by(["serve"], environment(folder, variables), folder)
    assert code == 2, said
    return " ".join(said.split())


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HUBBUB_DATABASE__URL": "postgresql://nobody:secret@127.0.0.1:1/none"}, "127.0.0.1:1/none can't be reached"),
        ({"HUBBUB_DATABASE__URL": "mysql://somewhere"}, "this is no address of a PostgreSQL"),
        ({"HUBBUB_HISTORY__BACKEND": "postgres"}, "needs database.url"),
    ],
)
async def test_what_can_not_be_used_is_refused_with_a_line(
    tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    said = await refused(tmp_path, variables)
    assert expected in said
    assert "secret" not in said
    assert "Traceback" not in said


async def test_what_would_lose_data_is_refused_with_a_line(tmp_path: Path, postgres_url: str) -> None:
    variables = {"HUBBUB_DATABASE__URL": postgres_url}
    assert "can't be used with database.url" in await refused(
        tmp_path, variables | {"HUBBUB_HISTORY__ANSWERS": "sqlite"}
    )
    in_folder = variables | {"HUBBUB_SEARCH__BACKEND": "sqlite"}
    async with hubbub_serving(tmp_path, in_folder):
        pass
    other = tmp_path / "other"
    other.mkdir()
    assert "lie in another data folder" in await refused(other, in_folder)
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("insert into migration values ('answers', 99)")
    await connection.close()
    assert "was written by a newer version of Hubbub (answers 99" in await refused(tmp_path, variables)
