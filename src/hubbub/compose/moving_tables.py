"""Name the tables that are moved between SQLite and PostgreSQL, and turn their values into each other's."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres


@dataclass(frozen=True)
class Table:
    """A table, and the columns that its rows are put in order by: they are copied in that order."""

    name: str
    key: tuple[str, ...]
    follows: str = ""
    """The column that names another row of the table; empty: none does."""
    at_once: int = 500
    """How many rows are held in memory together; few where they hold pictures or whole files."""


REST = (
    Table("chat", ("id",)),
    Table("message", ("id",), follows="parent_id"),
    Table("annotation", ("chat_id",), at_once=50),
    Table("record", ("kind", "id"), at_once=10),
    Table("answer", ("id",)),
    Table("portion", ("answer_id", "last_number")),
    Table("session", ("owner_id", "id"), at_once=50),
    Table("api_key", ("id",)),
    Table("cookie_key", ("id",)),
    Table("usage", ("answer_id", "place")),
    Table("quota", ("scope", "subject")),
    Table("quota_counter", ("scope", "subject", "span")),
    Table("quota_reservation", ("answer_id",)),
    Table("person", ("id",)),
    Table("person_subject", ("provider", "subject")),
    Table("provisioned_person", ("provider", "person_id")),
    Table("account", ("person_id",)),
    Table("account_link", ("digest",)),
    Table("recovery_code", ("person_id", "digest")),
    Table("passkey", ("id",)),
    Table("sign_in", ("id",)),
    Table("id_token", ("sign_in_id",)),
    Table("chat_link", ("id",), at_once=10),
    Table("guest_taken", ("guest_id",)),
    Table("operator_reading", ("operator_id", "person_id")),
    Table("legal_hold", ("person_id",)),
    Table("person_job", ("id",)),
)
AUDIT = (
    Table("audit_start", ("number",)),
    Table("audit_taken", ("outbox",)),
    Table("audit_state", ("name",)),
    Table("audit", ("number",)),
)
DOCUMENTS = (
    Table("collection", ("id",)),
    Table("document", ("id",)),
    Table("permission", ("collection_id", "subject")),
    Table("document_reader", ("document_id", "subject")),
    Table("people_group", ("id",)),
    Table("provisioned_group", ("group_id",)),
    Table("group_member", ("group_subject", "person_subject")),
    Table("origin", ("collection_id", "source", "path")),
)
MARKS = ("cookie_key",)
"""What may be there though nothing else is."""
_IN_FOLDER = {table.name for table in DOCUMENTS} | {"passage"}
AZURE = "an index at Azure AI Search"
NOT_THERE: Mapping[str, str] = {
    "ledger_passage": AZURE,
    "ledger_place": AZURE,
}
"""The tables of SQLite that PostgreSQL has no place for, and what they hold: a folder where one has rows is refused."""
LEFT_OUT = frozenset(
    {
        *("migration", "moving", "worker", "journal"),  # of the place itself, and of answers that are still open
        *("people_revision", "rights_revision", "quota_revision", "sign_in_attempt", "passkey_challenge"),  # of minutes
        *("audit_outbox", "audit_outbox_id"),  # taken over before
        *("searched", "noted"),  # made anew from the texts
        *("passage", "passage_language", "passage_waiting", "collection_passages"),  # put anew, document by document
        *("vector_space", "passage_embedding", "sign_block"),  # vectors are made anew
        *("passage_change", "passage_unturned", "sign_revision"),  # of the indexes, which are made anew
    }
)
"""The tables of SQLite that need not be moved."""


def is_of_library(table: str) -> bool:
    """Tell whether a table is in the library's file, and not in that of the chats."""
    return table in _IN_FOLDER


@dataclass(frozen=True)
class Columns:
    """The columns that a table has in both, and their types in PostgreSQL."""

    names: tuple[str, ...]
    types: tuple[str, ...]

    def places(self, names: Sequence[str]) -> list[int]:
        return [self.names.index(name) for name in names]

    def from_sqlite(self, row: Sequence[Any]) -> list[Any]:
        """Return a row of SQLite as PostgreSQL has it."""
        return [_to_postgres(value, kind) for value, kind in zip(row, self.types, strict=True)]

    def to_sqlite(self, row: Sequence[Any]) -> list[Any]:
        """Return a row of PostgreSQL as SQLite has it."""
        return [_to_sqlite(value, kind) for value, kind in zip(row, self.types, strict=True)]


def are_moved() -> frozenset[str]:
    """Return the names of the tables that are moved."""
    return frozenset(table.name for table in (*REST, *AUDIT, *DOCUMENTS))


async def columns_of(database: "Postgres", table: Table, there: Set[str]) -> Columns:
    """Return the columns that a table has in the data folder, all of which PostgreSQL has to have."""
    rows = await database.all(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = current_schema() and table_name = $1 order by ordinal_position",
        table.name,
    )
    both = [(name, kind) for name, kind in rows if name in there]
    if missing := there - {name for name, _ in both}:
        raise RuntimeError(f"{table.name} in PostgreSQL has no {', '.join(sorted(missing))}")
    return Columns(tuple(name for name, _ in both), tuple(kind for _, kind in both))


def _to_postgres(value: Any, kind: str) -> Any:
    if value is None:
        return None
    match kind:
        case "boolean":
            return bool(value)
        case "ARRAY":
            return [one.replace("\0", "\ufffd") for one in msgspec.json.decode(value)]
        case "bytea":
            return value.encode() if isinstance(value, str) else bytes(value)
        case "double precision":
            return float(value)
        case "text":
            return value.replace("\0", "\ufffd")
        case _:
            return value


def _to_sqlite(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return int(value)
    return msgspec.json.encode(value).decode() if kind == "ARRAY" else value


def plainly(row: Sequence[Any]) -> list[Any]:
    """Return a row in PostgreSQL's values so that equal ones are written in equal bytes."""
    return [float(value) if isinstance(value, float) else value for value in row]
