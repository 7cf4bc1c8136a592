"""A question that is sent many times at once, to several workers, is one question with one answer."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp

from hubbub.core.identifiers import new_id
from tests.chaos.crowd import new_connections, until_none_is_open
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read_all, text_of

TIMES = 50


async def test_the_same_question_many_times_at_once(tmp_path: Path) -> None:
    variables = scripted(words=5, pause_seconds=0.01) | {"HUBBUB_SERVER__WORKERS": "3"}
    async with hubbub_serving(tmp_path, variables) as server, new_connections() as http:

        async def repeated(**more: str) -> tuple[str, str, str]:
            question_id = new_id()
            asking = [ask(http, server.url, "Once", question_id=question_id, **more) for _ in range(TIMES)]
            replies = await asyncio.gather(*asking)
            ids = {(reply["chat"]["id"], reply["question"]["id"], reply["answer"]["id"]) for reply in replies}
            assert len(ids) == 1
            (found,) = ids
            assert found[1] == question_id
            return found

        chat_id, question_id, answer_id = await repeated()
        assert text_of(await read_all(http, server.url, answer_id)).startswith("word0")
        same_chat_id, next_question_id, next_answer_id = await repeated(chat_id=chat_id, parent_id=answer_id)
        assert same_chat_id == chat_id
        assert text_of(await read_all(http, server.url, next_answer_id)).startswith("word0")
        assert await messages_of(http, server.url, chat_id) == [
            (question_id, None),
            (answer_id, question_id),
            (next_question_id, answer_id),
            (next_answer_id, next_question_id),
        ]
        chats = {chat_id} | {(await repeated())[0] for _ in range(4)}
        assert chats_in(tmp_path) == chats
        await until_none_is_open(http, server.url, 5)


def chats_in(folder: Path) -> set[str]:
    """Return the chats that are stored; nothing of the guest's is listed."""
    with closing(sqlite3.connect(folder / "hubbub.db")) as database:
        return {chat_id for (chat_id,) in database.execute("select id from chat")}


async def messages_of(http: aiohttp.ClientSession, url: str, chat_id: str) -> list[tuple[str, str | None]]:
    async with http.get(f"{url}/api/chats/{chat_id}") as response:
        return [(message["id"], message["parent_id"]) for message in (await response.json())["messages"]]
