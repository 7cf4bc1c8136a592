"""API keys at the command line, beside a server that runs."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from typer.testing import Result

from hubbub.identity.keys import FRESH_SECONDS
from tests.cli.commands import run
from tests.servers.hubbub_server import hubbub_serving, scripted

Invoke = Callable[..., Result]
FORM = re.compile(r"hb-([0-9a-f]{10})-[0-9A-Za-z]{43}\n")


def made(hubbub: Invoke, *arguments: str) -> tuple[str, str]:
    """Make a key; returns its id and its text."""
    result = hubbub("keys", "add", *arguments)
    found = FORM.fullmatch(result.stdout)
    assert found, result.output
    return found[1], result.stdout.strip()


def test_a_key_is_shown_once(hubbub: Invoke) -> None:
    result = hubbub("keys", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "There are no API keys" in result.stderr
    result = hubbub("keys", "add", "reports")
    assert FORM.fullmatch(result.stdout), "alone on standard output"
    assert "It is shown this once" in result.stderr
    key_id, secret = result.stdout.strip().removeprefix("hb-").split("-")
    listed = hubbub("keys", "list").stdout
    assert re.search(rf"^reports +│ {key_id} +│ .* UTC +│ never +│ holds +│ k{key_id} *$", listed, re.MULTILINE), listed
    assert secret not in listed + result.stderr


def test_names_and_expiry(hubbub: Invoke) -> None:
    made(hubbub, "one", "--expires-days", "30")
    listed = hubbub("keys", "list").stdout
    assert f"holds until {time.strftime('%Y-%m-%d', time.gmtime(time.time() + 30 * 86400))}" in listed
    made(hubbub, "short", "--expires-days", "0")
    assert re.search(r"^short .*│ expired ", hubbub("keys", "list").stdout, re.MULTILINE)
    for name, said in (("one", "already"), (" ", "1 to 100"), ("x" * 101, "1 to 100"), ("a\x1b[2J", "1 to 100")):
        result = hubbub("keys", "add", name)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("hubbub: ")
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert hubbub("keys", "add", "two", "--expires-days", "-1").exit_code == 2
    assert hubbub("keys").exit_code == 2


def test_a_key_is_revoked_by_name_or_id(hubbub: Invoke) -> None:
    key_id, _ = made(hubbub, "one")
    other_id, _ = made(hubbub, "other")
    result = hubbub("keys", "revoke", "one")
    assert (result.exit_code, f"'one' ({key_id}) is revoked" in result.stderr) == (0, True)
    assert hubbub("keys", "revoke", other_id).exit_code == 0
    result = hubbub("keys", "revoke", "one")
    assert (result.exit_code, "was revoked already" in result.stderr) == (0, True)
    assert len(re.findall(r"│ revoked \d{4}", hubbub("keys", "list").stdout)) == 2
    again, _ = made(hubbub, "one")
    assert f"({again}) is revoked" in hubbub("keys", "revoke", "one").stderr
    result = hubbub("keys", "revoke", "nobody")
    assert (result.exit_code, result.stderr) == (
        1,
        "hubbub: There is no API key 'nobody'. `hubbub keys list` shows all there are.\n",
    )


def test_a_key_in_place_of_another_is_the_same_person(hubbub: Invoke) -> None:
    key_id, _ = made(hubbub, "old")
    new_id, _ = made(hubbub, "new", "--same-person-as", "old")
    assert new_id != key_id
    listed = hubbub("keys", "list").stdout
    assert listed.count(f"k{key_id}") == 2
    result = hubbub("keys", "add", "third", "--same-person-as", "nobody")
    assert (result.exit_code, "no API key 'nobody'" in result.stderr) == (1, True)


def test_a_folder_that_can_t_be_written(hubbub: Invoke, folder: Path) -> None:
    folder.write_text("a file")
    for command in (("add", "one"), ("list",), ("revoke", "one")):
        result = hubbub("keys", *command)
        assert (result.exit_code, "can't be written" in result.stderr) == (1, True)


@pytest.fixture
def made_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("variable", ["HUBBUB_IDENTITY__KEYS", "HUBBUB_IDENTITY__BACKEND"])
def test_settings_that_can_t_be_used(hubbub: Invoke, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "no.such:Class")
    monkeypatch.setenv("HUBBUB_IDENTITY__NEEDS_KEY", "true")
    result = hubbub("serve", "--port", "0")
    assert (result.exit_code, result.stderr.startswith("settings: ")) == (2, True)


def test_check_says_who_is_let_in(hubbub: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_MODELS__ONE__PROVIDER", "scripted")
    assert re.search(r"^let in +│ open ", hubbub("check").stdout, re.MULTILINE)
    monkeypatch.setenv("HUBBUB_IDENTITY__NEEDS_KEY", "true")
    assert re.search(r"^let in +│ programs with an API key ", hubbub("check").stdout, re.MULTILINE)


async def test_keys_come_and_go_while_the_server_runs(made_folder: Path) -> None:
    loop = asyncio.get_running_loop()

    async def command(*arguments: str) -> tuple[str, str]:
        code, out, err = await loop.run_in_executor(None, run, made_folder, "keys", *arguments)
        assert code == 0, err
        return out, err

    variables = scripted(words=3, pause_seconds=0) | {
        "HUBBUB_SERVER__WORKERS": "2",
        "HUBBUB_IDENTITY__NEEDS_KEY": "true",
    }
    connector = aiohttp.TCPConnector(limit=0, force_close=True)  # a connection each, so that both workers are asked
    async with hubbub_serving(made_folder, variables) as server, aiohttp.ClientSession(connector=connector) as http:

        async def statuses(text: str) -> set[int]:
            async def status(headers: dict[str, str]) -> int:
                async with http.get(f"{server.url}/api/chats", headers=headers) as response:
                    return response.status

            sent = [{"Authorization": f"Bearer {text}"}, {"api-key": text}] * 10
            return set(await asyncio.gather(*map(status, sent)))

        assert await statuses("hb-none") == await statuses("sk-none") == {401}
        text = (await command("add", "robot"))[0].strip()
        assert await statuses(text) == {200}, "a new key holds at once"
        began = loop.time()
        await command("revoke", "robot")
        while 200 in await statuses(text):
            assert loop.time() - began < FRESH_SECONDS + 8
        assert await statuses(text) == {401}
        assert await server.terminate() == 0
    out, _ = await command("list")
    assert re.search(r"^robot .* UTC +│ [\d-]+ [\d:]+ UTC +│ revoked ", out, re.MULTILINE), out
