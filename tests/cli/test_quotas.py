"""Quotas at the command line."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import aiohttp
from typer.testing import Result

from tests.cli.commands import run
from tests.patience import patience
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read_all

Invoke = Callable[..., Result]


def test_a_quota_is_set_listed_and_removed(hubbub: Invoke) -> None:
    result = hubbub("quotas", "list")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    assert "No quota is set" in result.stderr
    for arguments in (
        ("person", "50 questions per day", "1.5 money per month"),
        ("person", "--for", "k0123456789", "--none"),
        ("server", "9_000 tokens per hour"),
    ):
        result = hubbub("quotas", "set", *arguments)
        assert result.exit_code == 0, result.output
    listed = hubbub("quotas", "list").stdout
    assert re.search(r"^all together +│ +│ 9,000 tokens per hour +│ set by The command line, 20", listed, re.MULTILINE)
    assert re.search(
        r"^each person +│ +│ 50 questions per day, 1.50 money per month +│ set by", listed, re.MULTILINE
    ), listed
    assert re.search(r"^person +│ k0123456789 +│ no bound ", listed, re.MULTILINE)
    assert hubbub("quotas", "remove", "person").exit_code == 0
    assert "each person" not in hubbub("quotas", "list").stdout
    assert "quota removed" in hubbub("audit", "export").stdout


def test_a_groups_quota_is_listed_by_name_and_goes_with_the_group(hubbub: Invoke) -> None:
    assert hubbub("groups", "add", "Crew").exit_code == 0
    result = hubbub("quotas", "set", "group", "--for", "crew", "50 questions per day")
    assert result.exit_code == 0, result.output
    listed = hubbub("quotas", "list").stdout
    assert re.search(r"^group +│ group:\w{26} \(Crew\) +│ 50 questions per day +│ set by", listed, re.MULTILINE), listed
    assert hubbub("groups", "remove", "Crew").exit_code == 0
    assert hubbub("quotas", "list").stdout == ""


def test_what_cannot_be_set_is_said_in_a_line(hubbub: Invoke) -> None:
    for arguments, status, said in (
        (("set", "person", "much"), 1, "Write one such as “50 questions per day”"),
        (("set", "person"), 2, "or --none"),
        (("set", "key", "--for", "nokey", "1 questions per day"), 1, "`hubbub keys list` shows all keys"),
        (("remove", "server"), 1, "No quota is set here"),
        (("over", "nomodel"), 1, "There is no model “nomodel”"),
        (("over",), 2, "name a model"),
    ):
        result = hubbub("quotas", *arguments)
        assert result.exit_code == status, result.output
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1


async def test_all_workers_of_a_server_that_runs_go_by_it(tmp_path: Path) -> None:
    variables = scripted(words=3, pause_seconds=0) | {"HUBBUB_SERVER__WORKERS": "2"}
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with hubbub_serving(tmp_path, variables) as server, aiohttp.ClientSession(connector=connector) as http:
        await read_all(http, server.url, (await ask(http, server.url))["answer"]["id"])
        status, _, said = await asyncio.to_thread(run, tmp_path, "quotas", "set", "server", "1 questions per day")
        assert status == 0, said

        async def bounds() -> list[str]:
            async with http.get(f"{server.url}/api/usage") as response:
                return [one["text"] for one in (await response.json())["bounds"]]

        async with patience():
            while any([await bounds() != ["1 question per day"] for _ in range(8)]):
                pass
        await read_all(http, server.url, (await ask(http, server.url))["answer"]["id"])
        for _ in range(8):
            async with http.post(f"{server.url}/api/questions", json={"text": "One more"}) as response:
                assert response.status == 429
