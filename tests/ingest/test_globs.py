"""Patterns choose files."""

import pytest

from hubbub.core.errors import Invalid
from hubbub.ingest.globs import Globs


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.pdf", "a.pdf", True),
        ("*.pdf", "below/deep/a.pdf", True),
        ("*.pdf", "a.pdf.txt", False),
        ("drafts", "drafts/a.txt", True),
        ("drafts", "below/drafts/a.txt", True),
        ("drafts/", "drafts/a.txt", True),
        ("drafts", "drafts.txt", False),
        ("reports/*.txt", "reports/a.txt", True),
        ("reports/*.txt", "reports/2026/a.txt", False),
        ("reports/*.txt", "old/reports/a.txt", False),
        ("reports/**", "reports/2026/a.txt", True),
        ("**/old/*.txt", "old/a.txt", True),
        ("**/old/*.txt", "x/y/old/a.txt", True),
        ("a?.txt", "ab.txt", True),
        ("a?.txt", "a.txt", False),
        ("[a-c].txt", "b.txt", True),
        ("[!a-c].txt", "b.txt", False),
        ("[!a-c].txt", "d.txt", True),
        ("a+(b).txt", "a+(b).txt", True),
        ("[unclosed", "[unclosed", True),
    ],
)
def test_a_pattern_chooses(pattern: str, path: str, matches: bool) -> None:
    assert Globs(include=(pattern,)).takes(path) is matches
    assert Globs(exclude=(pattern,)).takes(path) is not matches


def test_what_is_excluded_is_out_although_it_is_included() -> None:
    globs = Globs(include=("*.txt", "*.md"), exclude=("old",))
    assert [path for path in ("a.txt", "b.md", "c.pdf", "old/a.txt") if globs.takes(path)] == ["a.txt", "b.md"]


def test_a_pattern_that_can_t_be_used_is_refused() -> None:
    with pytest.raises(Invalid, match="pattern"):
        Globs(include=("[z-a].txt",)).check()
    Globs(include=("*.txt",), exclude=("[a-z]",)).check()
