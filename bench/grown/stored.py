"""Read what a PostgreSQL holds of questions and answers, past the server and with none of its code."""

import itertools
from collections import defaultdict

import asyncpg

from bench.attack.kills import Event, Store, StoredAnswer, StoredMessage


async def stored_in(url: str) -> Store:
    """Return all chats and logs."""
    connection = await asyncpg.connect(url)
    try:
        portions: dict[str, list[Event]] = defaultdict(list)
        for answer_id, last, data in await connection.fetch(
            "select answer_id, last_number, data from portion order by answer_id, last_number"
        ):
            lines = bytes(data).decode().split("\n")
            portions[answer_id] += zip(itertools.count(last - len(lines) + 1), lines, strict=False)
        messages = await connection.fetch("select id, chat_id, parent_id, role, text from message")
        answers = await connection.fetch("select id, result is not null and worker is null from answer")
        chats = await connection.fetch("select id from chat")
    finally:
        await connection.close()
    return Store(
        frozenset(row[0] for row in chats),
        {row[0]: StoredMessage(*tuple(row)[1:]) for row in messages},
        {answer_id: StoredAnswer(portions[answer_id], bool(ended)) for answer_id, ended in answers},
    )


async def open_answers(url: str, until: float) -> int:
    """Return how many answers that were begun until then (time.time()) have no ending."""
    connection = await asyncpg.connect(url)
    try:
        query = "select count(*) from answer where (result is null or worker is not null) and opened_at < $1"
        return await connection.fetchval(query, until)
    finally:
        await connection.close()
