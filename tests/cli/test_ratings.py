"""What people said of answers, at the command line, while the server runs."""

import json
from pathlib import Path

import aiohttp

from tests.cli.commands import run
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read_all


async def test_ratings_are_exported_with_question_and_answer(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    async with hubbub_serving(folder, scripted(words=2, pause_seconds=0)) as server, aiohttp.ClientSession() as http:
        asked = await ask(http, server.url, "Is it so?")
        await read_all(http, server.url, asked["answer"]["id"])
        path = f"{server.url}/api/answers/{asked['answer']['id']}/rating"
        async with http.put(path, json={"is_good": False, "comment": "It is not."}) as response:
            assert response.status == 200
    code, lines, _ = run(folder, "ratings")
    (line,) = [json.loads(line) for line in lines.splitlines()]
    assert (code, line["question"], line["answer"]) == (0, "Is it so?", "word0 word1")
    assert (line["is_good"], line["comment"], line["model"]) == (False, "It is not.", "scripted")
