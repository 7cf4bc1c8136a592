"""What goes wrong with back ends of somebody's own is named: at the start by a sentence, later by an error of ours."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hubbub.compose.backends import load_backends, open_backend
from hubbub.compose.documents import sandbox_of
from hubbub.compose.own import own_formats, setup_of, wire_formats
from hubbub.connections.sandboxed import Setup
from hubbub.connections.sqlite import Sqlite
from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Hit, Passage
from hubbub.core.errors import Invalid, ModelError, SearchError, SettingsError
from hubbub.core.messages import Turn
from hubbub.core.options import options_for
from hubbub.core.usage import Spending, spending
from hubbub.ingest.reading import read
from hubbub.models.base import Completion, Limits, ModelCard, SendPiece
from hubbub.models.own import OwnEmbedder, OwnModel
from hubbub.models.scripted import ScriptedModel
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.own import own_search
from hubbub.search.sqlite import SqliteSearch
from hubbub.settings import Settings
from hubbub.settings.shown import shown
from hubbub.testing.models import FailingModelContract, Heard, ModelContract
from hubbub.testing.search import EmbeddingSearchContract, TopicEmbedder, document, passages

Module = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Module]:
    """Makes a module of somebody's own of its text; returns its name."""
    monkeypatch.syspath_prepend(tmp_path)
    names: list[str] = []

    def make(text: str) -> str:
        name = f"somebodys_{len(names)}_{tmp_path.name}"
        (tmp_path / f"{name}.py").write_text(text)
        names.append(name)
        return name

    yield make
    for name in names:
        sys.modules.pop(name, None)


def faults(work: Callable[[], object]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        work()
    return caught.value.faults


class Inner(msgspec.Struct, frozen=True):
    port: int = 1


class Told(msgspec.Struct):
    url: str
    inner: Inner = Inner()


def by_msgspec(settings: Told) -> Told:
    return settings


def test_what_a_back_end_is_told_is_checked_by_its_own_struct() -> None:
    told = options_for(by_msgspec, {"url": "a", "inner": {"port": "8"}}, "backends.search")["settings"]
    assert told == Told("a", Inner(8))
    assert faults(lambda: options_for(by_msgspec, {"url": "a", "ur": 1}, "backends.search")) == (
        "backends.search.ur: there is no such setting; did you mean url?",
    )
    assert faults(lambda: options_for(by_msgspec, {"url": "a", "inner": {"x": 1}}, "backends.search")) == (
        "backends.search.inner.x: there is no such setting; there are port",
    )
    assert faults(lambda: options_for(by_msgspec, {"url": "a", "inner": {"port": []}}, "backends.search")) == (
        "backends.search.inner.port: expected `int`, got `array`",
    )
    (line,) = faults(lambda: options_for(by_msgspec, {}, "backends.search"))
    assert line.startswith("backends.search: ")
    assert "`url`" in line


def test_and_by_its_own_model_of_pydantic_without_repeating_what_was_told(module: Module) -> None:
    name = module(
        "from pydantic import BaseModel\n"
        "class Inner(BaseModel):\n    port: int = 1\n"
        "class Told(BaseModel):\n    key: int\n    inner: Inner = Inner()\n"
        "def make(settings: Told):\n    return settings\n"
    )
    make = __import__(name).make
    assert options_for(make, {"key": "7"}, "backends.keys")["settings"].key == 7
    assert faults(lambda: options_for(make, {"key": "s3cret", "ky": 1, "inner": {"x": 1}}, "backends.keys")) == (
        "backends.keys.key: must be a valid integer, unable to parse string as an integer",
        "backends.keys.inner.x: there is no such setting",
        "backends.keys.ky: there is no such setting; did you mean key?",
    )
    assert faults(lambda: options_for(make, {}, "backends.keys")) == ("backends.keys.key: is needed",)


def test_a_table_that_nobody_takes_is_a_fault(module: Module) -> None:
    name = module("class Mine:\n    pass\n")
    mine = Settings(search={"backend": f"{name}:Mine"}, backends={"search": {"url": "a"}})
    assert faults(lambda: load_backends(mine)) == ("backends.search: Mine takes no settings; leave this table out",)
    ours = Settings(backends={"search": {"url": "a"}})
    (line,) = faults(lambda: load_backends(ours))
    assert line == "backends.search: 'sqlite' comes with Hubbub and takes no such table; leave it out"


def test_operators_are_not_shown_what_back_ends_are_told() -> None:
    told = {"badges": {"s3cret": "ann"}}
    settings = Settings(
        backends={"identity": told, "loaders": {"notes": {"backend": "acme", "settings": told}}},
        models={"echo": {"provider": "own", "backend": "acme", "settings": told}},
    )
    shown_settings = {one.name: (one.value, one.is_secret) for one in shown(settings)}
    assert "s3cret" not in repr(shown_settings)
    assert shown_settings["backends.identity"] == ("set, and not shown", True)
    assert shown_settings["backends.search"] == ("", True)
    assert shown_settings["backends.loaders.notes.backend"] == ("acme", False)
    assert shown_settings["models.echo.settings"] == ("set, and not shown", True)


def test_a_library_of_ones_own_is_refused_with_its_reason(module: Module) -> None:
    name = module("class Mine:\n    pass\n")
    (line,) = faults(lambda: load_backends(Settings(search={"library": f"{name}:Mine"})))
    assert line.startswith("search.library: a library of your own can't be used yet")


def test_a_search_of_ones_own_beside_postgres_is_refused(module: Module) -> None:
    name = module("class Mine:\n    pass\n")
    settings = Settings(search={"backend": f"{name}:Mine"}, database={"url": "postgresql://localhost/none"})
    (line,) = faults(lambda: load_backends(settings))
    assert line.startswith("search.backend: a search of your own can't be used with database.url")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class Mine:\n    async def find(self): ...\n", "search: {0} has no passages, put, remove;"),
        ("class Mine:\n    def __init__(self, index): ...\n", "search: {0} wants a parameter 'index'; what it can be"),
        (
            "class Mine:\n    def __init__(self):\n        raise OSError('no way')\n",
            "search: {0} can't be opened (OSErr",
        ),
        ("Mine = 1\n", "search: {0} is neither a class nor a function"),
        ("1 / 0\n", "search: {0} fails when it is imported (ZeroDivisionError: division by zero)"),
    ],
)
async def test_what_can_not_be_opened_is_told_in_a_sentence(module: Module, text: str, said: str) -> None:
    name = f"{module(text)}:Mine"
    with pytest.raises(SettingsError) as caught:
        await in_a_thread(lambda: load_backends(Settings(search={"backend": name})))
        async with AsyncExitStack() as stack:
            await open_backend(stack, Settings(), "search", name, database=None, embedder=None)
    (line,) = caught.value.faults
    assert line.startswith(said.format(name))


def test_paths_of_wire_formats_are_free_and_loaders_name_suffixes(module: Module) -> None:
    name = module(
        "class Mine:\n    path = '/chat'\n    suffixes = ('acme',)\n    media_type = 'a/b'\n"
        "    def read(self, body): ...\n    def reply(self, question, answer_id): ...\n    def load(self, file): ...\n"
    )
    own = {"mine": {"backend": f"{name}:Mine"}}
    from hubbub.web.routes.own import router_of

    (line,) = faults(lambda: router_of(wire_formats(Settings(backends={"dialects": own}))))
    assert line == "backends.dialects.mine: the path '/chat' can't be used, or is taken already"
    (line,) = faults(lambda: own_formats(Settings(backends={"loaders": own})))
    assert "has to name `suffixes` in lower case, each with its point" in line


async def test_a_loader_outside_of_all_site_packages_reads_in_the_sandbox_and_no_more(
    module: Module, tmp_path: Path
) -> None:
    name = module(
        "from pathlib import Path\nfrom hubbub.ingest.base import Loaded, Paragraph\n"
        "class Mine:\n    suffixes = ('.acme', '.md')\n    media_type = 'text/x-acme'\n"
        "    def load(self, file):\n        text = file.read().decode()\n"
        "        if text.startswith('/'):\n            text = Path(text).read_text()\n"
        "        return Loaded([Paragraph('mine: ' + text)])\n"
    )
    settings = Settings(backends={"loaders": {"mine": {"backend": f"{name}:Mine"}}})
    usual = await in_a_thread(lambda: setup_of(Settings()))
    assert usual == Setup(folders=usual.folders), "nothing of somebody's own is loaded where there is none"
    sandbox = await in_a_thread(lambda: sandbox_of(settings))
    (tmp_path / "note").write_text("hello")
    for file_name in ("a.acme", "b.md"):  # a suffix of Hubbub's own is theirs, too
        reading = await read(sandbox, tmp_path / "note", file_name)
        assert [piece.text for piece in reading.pieces] == ["mine: hello"]
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "greedy").write_text(str(tmp_path / "secret"))
    with pytest.raises(Exception) as refused:  # by what the kernel has
        await read(sandbox, tmp_path / "greedy", "c.acme")
    assert "secret" not in getattr(refused.value, "message", "")


async def test_a_file_in_an_archive_is_read_by_an_own_loader(module: Module, tmp_path: Path) -> None:
    import zipfile

    name = module(
        "from hubbub import Invalid\nfrom hubbub.ingest.base import Loaded, Paragraph\n"
        "class Mine:\n    suffixes = ('.acme',)\n    media_type = 'text/x-acme'\n"
        "    def load(self, file):\n        text = file.read().decode()\n"
        "        if text == 'bad':\n            raise Invalid('Write it anew.', code='corrupt')\n"
        "        return Loaded([Paragraph('mine: ' + text)])\n"
    )
    sandbox = await in_a_thread(
        lambda: sandbox_of(Settings(backends={"loaders": {"mine": {"backend": f"{name}:Mine"}}}))
    )
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("in/one.acme", "within")
    reading = await read(sandbox, tmp_path / "all.zip", "all.zip")
    assert any("mine: within" in piece.text for piece in reading.pieces)
    (tmp_path / "bad").write_text("bad")
    with pytest.raises(Invalid, match="Write it anew"):
        await read(sandbox, tmp_path / "bad", "bad.acme")


class Raising:
    """A model that raises what no model may, after it has said something or not."""

    card = ModelCard("raising", "somebody", 8192, True)

    def __init__(self, said: Sequence[str], error: BaseException | None, returns: Any = None) -> None:
        self._said, self._error, self._returns = said, error, returns

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: object = None) -> Completion:
        for piece in self._said:
            send(piece)
        if self._error is not None:
            raise self._error
        if self._returns is None:
            await asyncio.Event().wait()
        return self._returns


class TestOwnModel(ModelContract, FailingModelContract):
    @pytest.fixture
    def model(self) -> OwnModel:
        return OwnModel(ScriptedModel(), Limits(), running=4)

    @pytest.fixture
    def failing_model(self) -> OwnModel:
        return OwnModel(Raising(["one ", ""], KeyError("x")), Limits(), running=4)

    @pytest.mark.parametrize(
        ("model", "code"),
        [
            (Raising([], KeyError("x")), "broke_off"),
            (Raising(["a"], None, returns="done"), "bad_answer"),
            (Raising(["word"] * 9, None), "too_large"),
        ],
    )
    async def test_whatever_goes_wrong_is_an_error_of_a_model(self, model: Raising, code: str) -> None:
        with pytest.raises(ModelError) as caught:
            await OwnModel(model, Limits(answer_bytes=20), running=4).complete([Turn("user", "Hi")], Heard())
        assert caught.value.code == code
        assert "raising" in caught.value.for_operators or code == "too_large"

    @pytest.mark.parametrize(("said", "code"), [([], "too_long"), (["a"], "silent")])
    async def test_it_may_be_silent_for_so_long(self, said: list[str], code: str) -> None:
        limits = Limits(first_token_seconds=0.05, silence_seconds=0.05)
        with pytest.raises(ModelError) as caught:
            await OwnModel(Raising(said, None), limits, running=4).complete([Turn("user", "Hi")], Heard())
        assert caught.value.code == code

    async def test_what_it_used_is_counted_or_guessed(self) -> None:
        spent = Spending()
        spending.set(spent)
        for returns in (Completion("stop", 7, 3), Completion("stop")):
            await OwnModel(Raising(["a"], None, returns), Limits(), running=4).complete([Turn("user", "Hi")], Heard())
        counted, guessed = spent.calls
        assert (counted.is_counted, counted.input_tokens, counted.output_tokens) == (True, 7, 3)
        assert (guessed.is_counted, guessed.is_whole) == (False, False)


@pytest.mark.parametrize("made", [lambda texts: [b"1234"] * len(texts), lambda texts: [], lambda texts: 1 / 0])
async def test_vectors_of_another_length_or_number_are_no_vectors(made: Callable[[Sequence[str]], Any]) -> None:
    class Strange(TopicEmbedder):
        async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> Any:
            return made(texts)

    with pytest.raises(ModelError) as caught:
        await OwnEmbedder(Strange()).embed(["a"])
    assert "topics-1" in caught.value.for_operators


@pytest.fixture
def embedder() -> TopicEmbedder:
    return TopicEmbedder()


async def opened(stack: AsyncExitStack, folder: Path, embedder: TopicEmbedder, place: str = "own") -> tuple[Any, Any]:
    """Open a search as somebody's own: our own one, in a file beside."""
    beside = await stack.enter_async_context(Sqlite(folder / "index.db"))
    database = await stack.enter_async_context(Sqlite(folder / "library.db"))
    inner = await stack.enter_async_context(SqliteSearch(beside, embedder))
    return await stack.enter_async_context(own_search(inner, database, place)), inner


class TestOwnSearch(EmbeddingSearchContract):
    @pytest.fixture
    async def search(self, tmp_path: Path, embedder: TopicEmbedder) -> Any:
        async with AsyncExitStack() as stack:
            yield (await opened(stack, tmp_path, embedder))[0]


async def test_what_an_own_search_finds_counts_only_if_it_stands_here(tmp_path: Path, embedder: TopicEmbedder) -> None:
    async with AsyncExitStack() as stack:
        search, inner = await opened(stack, tmp_path, embedder)
        await search.put(document(1), passages(document(1), "cats"))
        strange = document(9, "c1")
        await inner.put(strange, [Passage("x", "d9", 0, "cats from elsewhere")])
        assert [hit.passage_id for hit in await inner.find("cats", ["c1"])] != ["d1-1-0"]
        assert [hit.passage_id for hit in await search.find("cats", ["c1"])] == ["d1-1-0"]


async def test_another_index_is_filled_from_here_and_an_interrupted_put_is_taken_back(
    tmp_path: Path, embedder: TopicEmbedder
) -> None:
    async with AsyncExitStack() as stack:
        search, _ = await opened(stack, tmp_path, embedder)
        await search.put(document(1), passages(document(1), "cats"))
        await search._ledger.announce("d7", passages(document(7), "dogs"))  # as where it was killed meanwhile
    (tmp_path / "index.db").unlink()
    async with AsyncExitStack() as stack:
        search, inner = await opened(stack, tmp_path, embedder, "another")
        assert [hit.text for hit in await search.find("cats", ["c1"])] == ["cats"]
        assert [hit.text for hit in await inner.find("cats", ["c1"])] == ["cats"]


async def test_a_reader_finds_in_no_collection_that_is_not_theirs(tmp_path: Path, embedder: TopicEmbedder) -> None:
    from hubbub.core.people import Person, reader_of

    async with AsyncExitStack() as stack:
        search, _ = await opened(stack, tmp_path, embedder)
        library = await stack.enter_async_context(SqliteLibrary(search._database))
        mine = await library.create("mine", owner_id="ann", is_shared=False)
        await search.put(document(1, mine.id), passages(document(1, mine.id), "cats"))
        ann, bob = (reader_of(Person(name)) for name in ("ann", "bob"))
        assert [hit.text for hit in await search.find("cats", [mine.id], reader=ann)] == ["cats"]
        assert await search.find("cats", [mine.id], reader=bob) == []


async def test_what_an_own_search_raises_has_a_name(tmp_path: Path, embedder: TopicEmbedder) -> None:
    class Broken(SqliteSearch):
        async def find(self, *args: Any, **options: Any) -> list[Hit]:
            raise KeyError("index")

    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Sqlite(tmp_path / "library.db"))
        inner = await stack.enter_async_context(Broken(database, None))
        search = await stack.enter_async_context(own_search(inner, database, "own"))
        with pytest.raises(SearchError) as caught:
            await search.find("cats", ["c1"])
        assert "KeyError" in caught.value.for_operators
