"""Walking finds what a person means by a folder."""

import os
from pathlib import Path

import pytest

from hubbub.core.errors import Conflict, NotFound
from hubbub.ingest.walk import Found, PassedBy, walk


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


async def test_finds_files_below_folders_in_order(tmp_path: Path) -> None:
    make(tmp_path, "docs/b.txt", "docs/a/z.txt", "docs/a/y/x.txt", "one.txt")
    found = await walk([tmp_path / "docs", tmp_path / "one.txt"])
    assert [file.name for file in found] == ["b.txt", "a/z.txt", "a/y/x.txt", "one.txt"]
    assert found[1] == Found("a/z.txt", tmp_path / "docs/a/z.txt")


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


async def test_two_files_cannot_have_one_name(tmp_path: Path) -> None:
    make(tmp_path, "one/a.txt", "two/a.txt")
    assert len(await walk([tmp_path / "one", tmp_path / "one/a.txt"])) == 1
    with pytest.raises(Conflict, match=r"both be named “a\.txt”"):
        await walk([tmp_path / "one", tmp_path / "two"])


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
