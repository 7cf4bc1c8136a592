"""The account of what is in an index elsewhere."""

from pathlib import Path

from hubbub.connections.sqlite import Sqlite
from hubbub.search.azure_ledger import SQL, Ledger


async def test_the_account_of_an_earlier_version_is_kept(tmp_path: Path) -> None:
    async with Sqlite(tmp_path / "library.db") as database:
        await database.migrate("azure", [SQL["create_tables"]])
        await database.write(
            lambda connection: [
                connection.all("insert into azure_place values (1, 'there', '')"),
                connection.all("insert into azure_passage values ('p1', 'd1', 1)"),
            ]
        )
        ledger = Ledger(database)
        await ledger.open("there", None)
        assert await ledger.strays((), 10) == ["p1"]
        await ledger.open("elsewhere", None)
        assert await ledger.strays((), 10) == []
