"""Walking finds what a person means by a folder."""

import os
from pathlib import Path

import pytest

from hubbub.core.errors import NotFound
from hubbub.ingest.names import usable_name
from hubbub.ingest.walk import Found, PassedBy, walk


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


async def test_finds_files_below_folders_in_order(tmp_path: Path) -> None:
    make(tmp_path, "docs/b.txt", "docs/a/z.txt", "docs/a/y/x.txt", "one.txt")
    found = await walk([tmp_path / "docs", tmp_path / "one.txt"])
    assert [file.name for file in found] == ["b.txt", "a/z.txt", "a/y/x.txt", "one.txt"]
    assert found[1] == Found("a/z.txt", tmp_path / "docs/a/z.txt", str(tmp_path / "docs"), "a/z.txt")


async def test_leaves_out_what_is_hidden_and_junk(tmp_path: Path) -> None:
    make(tmp_path, ".git/config", ".env", "Thumbs.db", "~$a.docx", "a.docx~", "node_modules/x/y.md", "kept.md")
    passed_by = PassedBy()
    assert [file.name for file in await walk([tmp_path], passed_by)] == ["kept.md"]
    assert passed_by.skipped == 6
    assert [file.name for file in await walk([tmp_path / ".env"])] == [".env"]


async def test_follows_no_link_out_of_the_folder(tmp_path: Path) -> None:
    make(tmp_path, "docs/a.txt", "secret/b.txt")
    (tmp_path / "docs/out.txt").symlink_to(tmp_path / "secret/b.txt")
    (tmp_path / "docs/folder").symlink_to(tmp_path / "secret")
    (tmp_path / "docs/loop").symlink_to(tmp_path / "docs")
    (tmp_path / "docs/within.txt").symlink_to(tmp_path / "docs/a.txt")
    (tmp_path / "docs/broken.txt").symlink_to(tmp_path / "none")
    os.mkfifo(tmp_path / "docs/pipe")
    passed_by = PassedBy()
    assert [file.name for file in await walk([tmp_path / "docs"], passed_by)] == ["a.txt", "within.txt"]
    assert (passed_by.skipped, passed_by.empty, passed_by.unreadable) == (5, [], [])


async def test_no_two_files_get_one_name(tmp_path: Path) -> None:
    make(tmp_path, "one/readme.txt", "two/readme.txt", "two/sub/readme.txt", "x/docs/a.txt", "y/docs/a.txt")

    async def names(*paths: str) -> list[str]:
        return [file.name for file in await walk([tmp_path / path for path in paths])]

    assert await names("one", "one/readme.txt") == ["readme.txt"]
    assert await names("one", "two") == ["one/readme.txt", "two/readme.txt", "two/sub/readme.txt"]
    assert await names("one", "x/../two/sub") == ["one/readme.txt", "sub/readme.txt"]
    assert await names("x/docs", "y/docs") == ["x/docs/a.txt", "y/docs/a.txt"]
    assert await names("one/readme.txt", "two/readme.txt") == ["one/readme.txt", "two/readme.txt"]
    assert await names("one", "two/readme.txt") == ["readme.txt", "readme (2).txt"]
    assert await names("two", "two/sub") == ["two/readme.txt", "two/sub/readme.txt"]


async def test_names_that_differ_in_nothing_that_is_seen_are_told_apart(tmp_path: Path) -> None:
    names = ["lead.txt", " lead.txt", "e\u0301.txt", "\u00e9.txt", "new\nline.txt", "new line.txt"]
    for name in names:
        (tmp_path / name).write_text(name)
    found = await walk([tmp_path])
    assert sorted(file.name for file in found) == sorted(
        ["lead.txt", " lead.txt", "\u00e9.txt", "\u00e9 (2).txt", "new␊line.txt", "new line.txt"]
    )
    assert sorted(file.path.read_text() for file in found) == sorted(names)
    assert [usable_name(file.name) for file in found] == [file.name for file in found]


async def test_names_that_are_not_utf_8_are_read(tmp_path: Path) -> None:
    for raw in (b"latin\xe9.txt", b"utf\xc3\xa9.txt", b"odd\x81.txt"):
        (tmp_path / os.fsdecode(raw)).write_text("x")
    found = await walk([tmp_path])
    assert [file.name for file in found] == ["latiné.txt", "odd␡.txt", "utfé.txt"]
    assert [file.path.read_text() for file in found] == ["x"] * 3


async def test_a_path_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await walk([tmp_path / "none"])


async def test_says_which_folders_hold_nothing_or_can_t_be_read(tmp_path: Path) -> None:
    make(tmp_path, "docs/a.txt", "empty/.hidden")
    passed_by = PassedBy()
    await walk([tmp_path / "docs", tmp_path / "empty"], passed_by)
    assert (passed_by.empty, passed_by.unreadable) == ([tmp_path / "empty"], [])
    # A folder that goes away while it is walked can't be listed: as one without the right to.
    (tmp_path / "docs/below").mkdir()
    shut = tmp_path / "docs/below"
    shut.chmod(0)
    if os.access(shut, os.R_OK):  # whoever runs the tests may read everything
        return
    await walk([tmp_path / "docs"], passed_by)
    assert passed_by.unreadable == [shut]
