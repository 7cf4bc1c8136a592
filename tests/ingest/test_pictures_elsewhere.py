"""Pictures that a model or Azure Document Intelligence reads: what is sent, what is said, and what can't be told."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from PIL import Image

from hubbub.compose.reading_elsewhere import open_elsewhere
from hubbub.connections.http import Http
from hubbub.connections.sandbox import Sandbox
from hubbub.core.errors import Invalid, ModelError, SettingsError
from hubbub.ingest.ocr.azure import DocumentIntelligence
from hubbub.ingest.ocr.base import PictureReader, Plan
from hubbub.ingest.ocr.elsewhere import Elsewhere
from hubbub.ingest.ocr.vision import VisionReader
from hubbub.ingest.reader import Reading
from hubbub.ingest.reading import read
from hubbub.models.address import ApiKey, Secret, compatible_address
from hubbub.models.base import Limits, ModelCard
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import Pace
from hubbub.settings import load_settings
from tests.ingest.pdfs import placed
from tests.ingest.scans import encoded, pdf_of_pages, scan
from tests.servers.document_intelligence import KEY, IntelligenceServer, result
from tests.servers.model_server import ModelServer, Script

PAGE = placed((50, 700, "This page holds its text, as most do, and enough of it to be no stamp."))
SCANS = pdf_of_pages([PAGE, scan(["One."]), scan(["Two."]), scan(["Three."])])


def framed(text: str) -> Script:
    return Script(tokens=("Here it is: ", f"<page>{text}", "</page>"))


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as http:
        yield http


def vision(server: ModelServer, http: Http, seconds: float = 10.0) -> VisionReader:
    card = ModelCard("seeing", "here", 8192, True, reads_images=True)
    address = compatible_address(server.base_url, "scripted", None)
    return VisionReader(OpenAiModel(address, card, http, Limits(), Pace(4)), picture_seconds=seconds)


def intelligence(server: IntelligenceServer, http: Http, key: str = KEY) -> DocumentIntelligence:
    shown = ApiKey(Secret(key), "api-key")
    return DocumentIntelligence(http, server.url, shown, model="prebuilt-layout", poll_seconds=0.01)


async def read_by(
    reader: PictureReader, plan: Plan, folder: Path, data: bytes = SCANS, *, per_day: int = 100, name: str = "a.pdf"
) -> Reading:
    (folder / name).write_bytes(data)
    return await read(Sandbox(), folder / name, name, ocr=plan, elsewhere=Elsewhere(reader, plan, per_day=per_day))


def told(reading: Reading) -> str:
    return reading.completeness.but


async def test_a_model_reads_scans_and_each_page_says_so(http: Http, tmp_path: Path) -> None:
    async with ModelServer() as server:
        server.scripts.extend(framed(f"The lease says {word}.\n\n| a | b |") for word in ("one", "two", "three"))
        found = await read_by(vision(server, http), Plan(way="model"), tmp_path)
        assert len(server.seen) == 3
        shown = server.seen[0].body["messages"][1]["content"]
    text = " ".join(piece.text for piece in found.pieces)
    assert all(f"The lease says {word}." in text for word in ("one", "two", "three"))
    assert [piece.heading for piece in found.pieces if piece.page == 3] == ["Read by a model"]
    assert "Here it is" not in text
    assert (told(found), found.completeness.ocr.text if found.completeness.ocr else "") == (
        "",
        "3 of 4 pages read by a model",
    )
    url = next(part["image_url"]["url"] for part in shown if part["type"] == "image_url")
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition("base64,")[2])))
    assert (picture.mode, picture.format) == ("L", "PNG")
    assert picture.width * picture.height <= 3_000_000


async def test_what_a_model_can_t_read_or_refuses_is_said_and_never_taken_for_text(http: Http, tmp_path: Path) -> None:
    async with ModelServer() as server:
        server.scripts.extend(
            (
                framed("Notice: [illegible] months, says [illegible]."),
                Script(tokens=("I can't help", " with that.")),
                Script(tokens=("<page>As an",), finish_reason="content_filter"),
            )
        )
        found = await read_by(vision(server, http), Plan(way="model"), tmp_path)
    text = " ".join(piece.text for piece in found.pieces)
    assert "Notice: [illegible] months" in text
    assert "help" not in text and "As an" not in text
    said = told(found)
    assert "2 places were illegible for a model" in said
    assert "1 page was not read: not transcribed by the model" in said
    assert "1 page was not read: refused by the model" in said
    assert "2 of 4 pages hold no text" in said


async def test_a_text_that_is_cut_short_is_said(http: Http, tmp_path: Path) -> None:
    async with ModelServer(Script(tokens=("<page>The lease ends",), finish_reason="length")) as server:
        found = await read_by(vision(server, http), Plan(way="model"), tmp_path, encoded(scan(), "PNG"), name="a.png")
    assert told(found) == "1 place was illegible for a model"


async def test_no_more_is_sent_than_a_document_and_a_day_may_cost(http: Http, tmp_path: Path) -> None:
    async with ModelServer(framed("Text.")) as server:
        found = await read_by(vision(server, http), Plan(way="model", most_pictures=2), tmp_path)
        assert len(server.seen) == 2
        assert "1 page was not read by a model, for lack of time, or since no more than 2 are sent" in told(found)
        found = await read_by(vision(server, http), Plan(way="model"), tmp_path, per_day=1)
        assert len(server.seen) == 3
        assert "2 pages were not read: over what may be read a day" in told(found)


async def test_a_picture_that_stands_on_many_pages_is_sent_once(http: Http, tmp_path: Path) -> None:
    async with ModelServer(framed("The same.")) as server:
        await read_by(vision(server, http), Plan(way="model"), tmp_path, pdf_of_pages([PAGE, scan(), scan(), scan()]))
        assert len(server.seen) == 1


async def test_a_model_that_is_not_there_is_tried_again_and_one_that_falls_silent_is_said(
    http: Http, tmp_path: Path
) -> None:
    async with ModelServer(Script(status=503, body=b"{}")) as server:
        with pytest.raises(ModelError):
            await read_by(vision(server, http), Plan(way="model"), tmp_path)
        server.scripts.append(framed("One."))
        server.script = Script(stall_before="headers")
        found = await read_by(vision(server, http, seconds=1.0), Plan(way="model"), tmp_path)
        assert "2 pages were not read: a model failed" in told(found)
        found = await read_by(vision(server, http, seconds=0.5), Plan(way="model"), tmp_path)  # paid, and not again
    assert "3 pages were not read: a model failed" in told(found)


async def test_azure_reads_scans_with_their_confidence_and_tables(http: Http, tmp_path: Path) -> None:
    cells = [
        {"rowIndex": row, "columnIndex": column, "content": text}
        for row, line in enumerate((("Item", "Price"), ("Rent", "900")))
        for column, text in enumerate(line)
    ]
    table = {"cells": cells, "spans": [{"offset": 11, "length": 19}]}
    async with IntelligenceServer() as server:
        server.results.extend(
            (
                result("The lease.", "Item\nPrice\nRent\n900", "It ends.", tables=[table]),
                result("doubtful w0rds", confidence=0.41),
                "InvalidContent",
            )
        )
        found = await read_by(intelligence(server, http), Plan(way="azure"), tmp_path)
        assert (len(server.pictures), set(server.models)) == (3, {"prebuilt-layout"})
    texts = [piece.text for piece in found.pieces]
    first = " ".join(texts)

    assert first.index("The lease.") < first.index("Item | Price") < first.index("Rent | 900") < first.index("It ends.")
    assert any(piece.heading == "Read by Azure Document Intelligence, confidence 97 %" for piece in found.pieces)
    said = told(found)
    assert "1 page was read by Azure Document Intelligence with little confidence, 41 %" in said
    assert "1 page was not read: refused by Azure Document Intelligence (InvalidContent)" in said


async def test_what_azure_refuses(http: Http, tmp_path: Path) -> None:
    async with IntelligenceServer() as server:
        with pytest.raises(Invalid, match="Azure Document Intelligence failed"):
            await read_by(intelligence(server, http, "wrong-Key1"), Plan(way="azure"), tmp_path, pdf_of_pages([scan()]))
        with pytest.raises(ModelError) as caught:
            await intelligence(server, http, "wrong-Key1").read(b"")
        assert ("wrong-Key1" in caught.value.for_operators, caught.value.retryable) == (False, False)
        server.refusals.append(429)
        with pytest.raises(ModelError) as caught:
            await intelligence(server, http).read(encoded(scan(), "PNG"))
        assert caught.value.retryable
        server.leads_to = "http://127.0.0.1:9"
        server.results.append(result("Text."))
        with pytest.raises(ModelError, match="what it should not"):  # the key is shown nowhere else
            await intelligence(server, http).read(encoded(scan(), "PNG"))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"READER": "model", "MODEL": "none"}, "no model of that name"),
        ({"READER": "model", "MODEL": "blind"}, "can't be shown pictures; those that can be shown some: seeing"),
        ({"READER": "azure"}, "endpoint: is needed"),
        ({"READER": "azure", "AZURE__ENDPOINT": "http://example.org"}, "with https://"),
        ({"READER": "model", "MODEL": "seeing"}, ""),
        ({"READER": "azure", "AZURE__ENDPOINT": "http://127.0.0.1:9", "AZURE__API_KEY": "key"}, ""),
    ],
)
async def test_who_reads_is_checked_at_the_start(
    http: Http, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, reads in (("SEEING", "true"), ("BLIND", "false")):
        table = {"PROVIDER": "compatible", "BASE_URL": "http://127.0.0.1:9/v1", "MODEL": "x", "READS_IMAGES": reads}
        for key, value in table.items():
            monkeypatch.setenv(f"HUBBUB_MODELS__{name}__{key}", value)
    for key, value in variables.items():
        monkeypatch.setenv(f"HUBBUB_INGEST__OCR__{key}", value)
    settings = load_settings()
    async with AsyncExitStack() as stack:
        if not said:
            assert await open_elsewhere(stack, settings, http) is not None
            return
        with pytest.raises(SettingsError) as caught:
            await open_elsewhere(stack, settings, http)
        assert said in " ".join(caught.value.faults)
