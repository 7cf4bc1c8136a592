"""The documentation's own rules: links lead somewhere, examples work, the map shows the house as it is."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hubbub.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "hubbub"
GUIDE = sorted((PACKAGE / "guide").glob("*.md"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *GUIDE])
WORDS = [
    *("person", "chat", "message", "question", "answer", "event", "turn", "way", "model", "deployment"),
    *("document", "collection", "library", "passage", "hit", "citation", "quote", "embedding"),
    *("runner", "admission", "log", "commit loop", "reader", "room", "stairs", "back end", "contract"),
]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fences(language: str) -> list[Any]:
    """The examples in one language: where each stands, and its text."""
    found: list[Any] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(pytest.param(match[1], id=f"{name_of(page)}:{line}"))
    return found


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make, as the usual renderers name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
        waiting += [(page.parent / target).resolve() for target in targets if "://" not in target]
    assert set(PAGES) - reached == set()


@pytest.mark.parametrize("example", fences("python"))
def test_an_example_in_python_runs(example: str) -> None:
    exec(compile(example, "example", "exec"), {"__name__": "example"})


@pytest.mark.parametrize("example", fences("toml"))
def test_an_example_of_settings_is_valid(example: str) -> None:
    Settings(**tomllib.loads(example))


def test_the_map_names_every_room_and_no_other() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    table = text.partition("| room |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == rooms


def test_the_map_has_the_rooms_in_the_order_of_the_stairs() -> None:
    """A row may import only what stands below it; so that has to be what the linter checks."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    stairs = next(contract["layers"] for contract in tools["importlinter"]["contracts"] if contract["type"] == "layers")
    step = {
        name.strip().removeprefix("hubbub."): number for number, row in enumerate(stairs) for name in row.split("|")
    }
    table = (ROOT / "docs" / "map.md").read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    rooms = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert rooms == sorted(rooms, key=step.__getitem__)


@pytest.mark.parametrize("word", WORDS)
def test_the_glossary_has_the_words_of_the_house(word: str) -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert f"| **{word}** |" in text


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.name)
def test_the_guide_can_be_quoted(page: Path) -> None:
    """Its sentences are taken out and shown alone: no line breaks in them, no links, no tables, no code."""
    title, *rest = page.read_text(encoding="utf-8").splitlines()
    assert title.startswith("# ")
    for line in rest:
        assert not line or line.startswith("## ") or line.endswith((".", ":")), line
    assert not re.search(r"\]\(|^\||^```|^\s", "\n".join(filter(None, rest)), re.MULTILINE)
