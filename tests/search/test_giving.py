"""What somebody keeps in the library is given to somebody else, with what it is charged to."""

from pathlib import Path

from hubbub.connections.sqlite import Sqlite
from hubbub.search.giving_sqlite import count_kept, give_kept
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch
from hubbub.testing.library import a_document


async def test_documents_are_charged_to_who_has_them(tmp_path: Path) -> None:
    async with (
        Sqlite(tmp_path / "library.sqlite") as database,
        SqliteSearch(database, None),
        SqliteLibrary(database) as library,
    ):
        document = await a_document(library, "a.txt", size_bytes=70_000)
        await library.add(document, payer="person:ann")
        await database.write(give_kept, "ann", "bob")
        assert await library.kept_bytes("person:ann") == 0
        assert await library.kept_bytes("person:bob") >= 70_000
        assert await database.read(count_kept, "bob") == {"collections": 1, "documents": 1}
