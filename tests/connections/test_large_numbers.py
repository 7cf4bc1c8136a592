"""Numbers that no database can keep are the asker's mistake, not the server's."""

import pytest

from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection, Sqlite
from hubbub.core.errors import Invalid


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**200])
async def test_a_number_of_more_than_64_bits_is_refused(database: Sqlite | Postgres, number: int) -> None:
    with pytest.raises(Invalid, match="larger than can be kept"):
        if isinstance(database, Sqlite):
            await database.read(Connection.all, "select ?", (number,))
        else:
            await database.all("select $1::bigint", number)
    with pytest.raises(Invalid, match="larger than can be kept"):
        if isinstance(database, Sqlite):
            await database.write(Connection.all, "select ?", (number,))
        else:
            await database.run("select $1::integer", number)
