import asyncio
import threading
import time
from pathlib import Path

from hubbub.connections.sqlite import Connection, Sqlite


async def test_closing_waits_for_a_read_whose_caller_was_cancelled(tmp_path: Path) -> None:
    has_begun = threading.Event()
    ended: list[int] = []

    def read(connection: Connection) -> None:
        has_begun.set()
        query = (
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) select count(*) from n"
        )
        time.sleep(0.05)
        ended.append(connection.all(query)[0][0])

    async with Sqlite(tmp_path / "a.db") as database:
        reading = asyncio.create_task(database.read(read))
        while not has_begun.is_set():
            await asyncio.sleep(0.001)
        reading.cancel()
        await asyncio.wait({reading})
    assert ended == [1000000]
