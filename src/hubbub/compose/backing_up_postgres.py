"""Write the tables of a PostgreSQL into pieces, and read them again, by COPY: no program of PostgreSQL's is needed."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias, cast

from hubbub.app.personal_kinds import KINDS, OF_NOBODY
from hubbub.compose.backing_up_pieces import READ_BYTES, CopiedTable, Piece, Told, opened
from hubbub.connections.postgres import Connection
from hubbub.connections.postgres_copy import columns_there, copy_out, counters_of, in_order, tables_there

Run: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs blocking work in a thread."""

FOLDER = "postgresql"
MIGRATION = "migration"
FILES = frozenset({"file_content", "file_piece"})
OURS = frozenset(table for kind in KINDS for table in kind.tables) | OF_NOBODY | {"data_folder"}
"""All tables that Hubbub may have in a PostgreSQL, but for the one that says which steps were taken."""


async def named_files(connection: Connection) -> set[str]:
    """Return the files of documents that are named there. The state that the connection sees begins with this."""
    if "document" not in await tables_there(connection):
        return set()
    return {row[0] for row in await connection.all("select distinct sha256 from document where is_kept")}


async def copy_tables(
    state: object, folder: Path, run: Run, told: Told, *, without_files: bool
) -> tuple[list[CopiedTable], list[str], dict[str, int], list[Piece]]:
    """Write all tables; return what they are, those that are not Hubbub's, the steps of each room, and the pieces."""
    connection = cast(Connection, state)
    there = set(await tables_there(connection))
    schema: dict[str, int] = {}
    if MIGRATION in there:
        rows = await connection.all("select room, max(step) from migration group by room order by room")
        schema = {row[0]: int(row[1]) for row in rows if "." not in row[0]}
    wanted = sorted((there & OURS) - (FILES if without_files else frozenset()))
    tables: list[CopiedTable] = []
    pieces: list[Piece] = []
    for name in await in_order(connection, wanted):
        columns = await columns_there(connection, name)
        counters = await counters_of(connection, name)
        output = await run(lambda name=name: opened(folder, f"{FOLDER}/{name}.copy"))
        held = bytearray()
        size = 0
        try:

            async def write(data: bytes, name: str = name, output: Any = output, held: bytearray = held) -> None:
                nonlocal size
                held += data
                if len(held) >= READ_BYTES:
                    full = bytes(held)
                    held.clear()
                    await run(lambda: output.write(full))
                    size += len(full)
                    told(f"bytes of {name}", size)

            count = await copy_out(connection, name, columns, write)
            await run(lambda output=output, held=held: output.write(bytes(held)))
            pieces.append(await run(output.finish))
        finally:
            output.drop()
        tables.append(CopiedTable(name, columns, count, counters))
        told(f"rows of {name}", count)
    return tables, sorted(there - OURS - {MIGRATION}), schema, pieces


async def rows_of(folder: Path, table: str, run: Run) -> AsyncGenerator[bytes]:
    """Yield what a table's piece holds."""
    file = await run(lambda: (folder / FOLDER / f"{table}.copy").open("rb"))
    try:
        while data := await run(lambda: file.read(READ_BYTES)):
            yield data
    finally:
        file.close()
