"""Reasons: each has a sentence here, one in every catalogue of the page, and a place that gives it."""

import re
from pathlib import Path

import pytest

from hubbub.connections.sandbox import Failed, Sandbox
from hubbub.conversation.quoted import CLOSEST
from hubbub.conversation.reading import NOTHING_FOUND
from hubbub.core.errors import Invalid
from hubbub.core.reasons import REASONS, Reason, because, checked

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "hubbub"
PAGE = ROOT / "frontend" / "src"
CATALOGUES = ("de", "fr", "es", "ja", "ar")
_PLACE = re.compile(r"\{(\w+)[^}]*\}")
_ENTRY = re.compile(r'^  (\w+):\s*"((?:[^"\\]|\\.)*)",$', re.MULTILINE)


def code_of(folder: Path, *, but: str = "") -> str:
    return "\n".join(path.read_text() for path in folder.rglob("*.py") if path.name != but)


def catalogue(name: str) -> dict[str, str]:
    """Return the server's sentences in one language, by their codes."""
    text = (PAGE / "language" / "reasons" / f"{name}.ts").read_text()
    return dict(_ENTRY.findall(text.partition("export const reasons")[2]))


def test_every_reason_is_given_somewhere_and_each_that_is_given_has_a_sentence() -> None:
    given = set(re.findall(r'because\(\s*"(\w+)"', code_of(SOURCES, but="reasons.py")))
    assert given == set(REASONS)


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_has_each_sentence_with_no_other_values(name: str) -> None:
    known = catalogue(name)
    assert set(REASONS) <= set(known)
    for code, text in REASONS.items():
        assert set(_PLACE.findall(known[code])) <= set(_PLACE.findall(text)), code


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_has_all_that_may_be_left_out_of_a_document(name: str) -> None:
    kinds = set(re.findall(r'(?:Omission|lose)\(\s*"(\w+)"', code_of(SOURCES / "ingest")))
    assert len(kinds) > 10
    assert {f"omitted_{kind}" for kind in kinds} <= set(catalogue(name))


def test_the_page_knows_the_sentences_that_are_answers() -> None:
    text = (PAGE / "views" / "thread" / "saidText.ts").read_text()
    assert NOTHING_FOUND in text
    assert CLOSEST.strip() in text


def test_an_error_says_its_reason_in_english_and_keeps_it() -> None:
    error = Invalid(because("question_too_long", characters=12_345, most=1000))
    assert error.message == "The question has 12,345 characters; 1,000 is the limit. Shorten it."
    assert error.why == Reason("question_too_long", {"characters": 12_345, "most": 1000})
    assert Invalid("No.").why is None


@pytest.mark.parametrize("forged", [Reason("nothing"), Reason("title"), Reason("title", {"most": 7}), None])
def test_a_reason_from_elsewhere_counts_only_if_it_says_what_was_said(forged: Reason | None) -> None:
    assert checked(forged, because("title", most=8).text) is None


async def test_a_reason_comes_out_of_a_sandbox() -> None:
    told = await Sandbox().call("tests.core.test_reasons:refuse", {}, str)
    assert isinstance(told, Failed)
    assert (told.message, told.why) == (REASONS["file_empty"], because("file_empty"))


def refuse() -> str:
    raise Invalid(because("file_empty"), code="empty")
