"""Managing collections from the terminal: all of them, whosever they are."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Invoke = Callable[..., Result]

SHARES = "select name, subject, level from collection join permission on collection_id = id order by 1, 2"


@pytest.fixture
def rules(hubbub: Invoke, folder: Path) -> Path:
    """The data folder, with a collection of one document."""
    (document := folder.parent / "a.md").write_text("# A\n\nText of a.")
    assert hubbub("ingest", str(document), "--collection", "rules").exit_code == 0
    return folder


def stored(folder: Path, query: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(folder / "library.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def add_collection(folder: Path, collection_id: str, name: str, owner_id: str) -> None:
    """Add what somebody made on the page."""
    database = sqlite3.connect(folder / "library.db")
    with database:
        values = (collection_id, name, owner_id, "", time.time())
        database.execute("insert into collection values (?, ?, ?, ?, ?)", values)
    database.close()


def test_lists_all_and_who_sees_them(hubbub: Invoke, rules: Path) -> None:
    add_collection(rules, "c2", "papers", "bob")
    lines = hubbub("collections", "list").stdout.splitlines()
    assert "the command line alone" in next(line for line in lines if line.startswith("rules"))
    assert "its owner alone" in next(line for line in lines if line.startswith("papers"))


def test_renames_and_shares(hubbub: Invoke, rules: Path) -> None:
    assert hubbub("collections", "rename", "rules", "law").exit_code == 0
    assert hubbub("collections", "share", "law").exit_code == 0
    assert stored(rules, SHARES) == [("law", "everybody", 2)]
    assert hubbub("collections", "share", "law", "--stop").exit_code == 0
    assert stored(rules, SHARES) == []


def test_shares_with_groups_and_persons(hubbub: Invoke, rules: Path) -> None:
    assert hubbub("groups", "add", "Staff").exit_code == 0
    with_staff = hubbub("collections", "share", "rules", "--with", "group:staff", "--with", "person:bob")
    assert "seen by the group “Staff”, the person bob now" in with_staff.stderr
    assert hubbub("collections", "share", "rules", "--with", "person:bob", "--right", "write").exit_code == 0
    assert "the group “Staff”, the person bob (write)" in hubbub("collections", "list").stdout
    assert hubbub("collections", "share", "rules", "--with", "group:staff", "--stop").exit_code == 0
    assert stored(rules, SHARES) == [("rules", "person:bob", 3)]
    for odd in ("bob", "group:nobody", "person:", "person:guest", "Everybody"):
        assert hubbub("collections", "share", "rules", "--with", odd).exit_code == 1, odd
    assert hubbub("collections", "share", "rules", "--right", "own").exit_code == 1
    assert stored(rules, SHARES) == [("rules", "person:bob", 3)]


def test_groups_have_members(hubbub: Invoke, rules: Path) -> None:
    assert hubbub("groups", "add", "Staff").exit_code == 0
    assert hubbub("groups", "add", "staff").exit_code == 1
    assert "manager" in hubbub("groups", "members", "staff", "--add", "ann", "--manager").stdout
    shown = hubbub("groups", "members", "staff", "--add", "bob", "--remove", "ann").stdout
    assert "bob" in shown
    assert "ann" not in shown
    hubbub("collections", "share", "rules", "--with", "group:Staff")
    assert hubbub("groups", "remove", "staff").exit_code == 0
    assert stored(rules, SHARES) == []
    assert stored(rules, "select * from group_member") == []


def test_deletes_with_all_that_is_in_it_and_asks_before(hubbub: Invoke, rules: Path) -> None:
    assert hubbub("collections", "rm", "rules").exit_code == 1  # nobody said yes
    assert len(stored(rules, "select id from document")) == 1
    assert hubbub("collections", "rm", "rules", "--yes").exit_code == 0
    for table in ("collection", "document", "passage"):
        assert stored(rules, f"select * from {table}") == []
    assert not list((rules / "files").glob("*/*"))


def test_anothers_is_named_by_its_id_where_names_are_not_enough(hubbub: Invoke, rules: Path) -> None:
    add_collection(rules, "c2", "papers", "bob")
    add_collection(rules, "c3", "papers", "ann")
    result = hubbub("collections", "rm", "papers", "--yes")
    assert (result.exit_code, "by its id" in result.stderr) == (1, True)
    assert hubbub("collections", "rm", "c2", "--yes").exit_code == 0
    assert hubbub("collections", "rm", "papers", "--yes").exit_code == 0
    result = hubbub("collections", "share", "papers")
    assert (result.exit_code, "There is no collection" in result.stderr) == (1, True)
