"""Pictures within Office files are read at their place, and counted where nobody reads them."""

import base64
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image

from hubbub.connections.sandbox import Sandbox, Setup
from hubbub.core.documents import Omission
from hubbub.ingest.ocr.base import Plan, Recognised
from hubbub.ingest.ocr.turn import Turn, taking
from hubbub.ingest.reader import Reading, read_here
from hubbub.ingest.reading import read
from tests.ingest.compound import compound, texts
from tests.ingest.scans import encoded, scan
from tests.ingest.test_ocr import PLAN, Scripted

LEASE = encoded(scan(["The lease ends on 31 March 2027."]), "PNG", dpi=(200, 200))
NOTICE = encoded(scan(["Notice is given in writing."]), "JPEG", quality=90, dpi=(200, 200))
ICON = encoded(Image.new("L", (32, 32), 90), "PNG")
DRAWN = b"\x01\0\0\0" + bytes(5000)
"""A picture that is drawn by lines, as EMF is."""


def word(*pictures: bytes) -> bytes:
    document = docx.Document()
    for number, data in enumerate(pictures):
        document.add_paragraph(f"Before {number}.")
        document.add_picture(io.BytesIO(data))
    document.add_paragraph("After.")
    return saved(document.save)


def slides(*pictures: bytes) -> bytes:
    presentation = pptx.Presentation()
    for number, data in enumerate(pictures):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = f"Before {number}."
        slide.shapes.add_picture(io.BytesIO(data), 0, 3_000_000)
    presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = "After."
    return saved(presentation.save)


def sheets(*pictures: bytes) -> bytes:
    book = openpyxl.Workbook()
    for number, data in enumerate(pictures):
        sheet = book.active if not number else book.create_sheet()
        sheet["A1"] = f"Before {number}."
        sheet.add_image(SheetImage(io.BytesIO(data)), "C3")
    book.create_sheet()["A1"] = "After."
    return saved(book.save)


def odt(*pictures: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("META-INF/manifest.xml", "")
        shown = "".join(
            f'<text:p>Before {number}.</text:p><text:p><draw:frame><draw:image xlink:href="Pictures/{number}"/>'
            "</draw:frame></text:p>"
            for number in range(len(pictures))
        )
        names = {
            "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
            "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
            "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
            "xlink": "http://www.w3.org/1999/xlink",
        }
        spaces = " ".join(f'xmlns:{name}="{space}"' for name, space in names.items())
        body = f"<office:body><office:text>{shown}<text:p>After.</text:p></office:text></office:body>"
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
        for number, data in enumerate(pictures):
            archive.writestr(f"Pictures/{number}", data)
    return out.getvalue()


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def notebook(*pictures: bytes) -> bytes:
    cells = [{"cell_type": "markdown", "source": ["After."]}]
    for number, data in reversed(list(enumerate(pictures))):
        kind, packed = "image/jpeg" if data == NOTICE else "image/png", base64.encodebytes(data).decode()
        shown = {"data": {kind: packed, "text/plain": ["<Figure size 640x480 with 1 Axes>"]}}
        attached = {"a.png": {kind: packed}} if number == 1 else {}
        cells.insert(0, {"cell_type": "markdown", "source": f"Before {number}.", "attachments": attached})
        cells.insert(1, {"cell_type": "code", "source": "", "outputs": [] if attached else [shown]})
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


def _page(addresses: Iterable[str]) -> str:
    shown = "".join(f'<p>Before {number}.</p><img src="{one}"/>' for number, one in enumerate(addresses))
    return f"<html><body>{shown}<p>After.</p></body></html>"


def page(*pictures: bytes) -> bytes:
    return _page(f"data:image/png;base64,{base64.b64encode(data).decode()}" for data in pictures).encode()


def book(*pictures: bytes) -> bytes:
    out = io.BytesIO()
    container = '<container><rootfile full-path="O/c.opf"/></container>'
    spine = '<package><manifest><item id="a" href="t/a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>'
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("O/c.opf", spine)
        archive.writestr("O/t/a.xhtml", _page(f"../i/{number}%20.png" for number in range(len(pictures))))
        for number, data in enumerate(pictures):
            archive.writestr(f"O/i/{number} .png", data)
    return out.getvalue()


def mail(*pictures: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Lease"
    message.set_content("See the pictures.")
    message.add_alternative(_page(f"cid:{number}@x" for number in range(len(pictures))), subtype="html")
    shown = message.get_payload(1)
    assert isinstance(shown, EmailMessage)
    for number, data in enumerate(pictures):
        shown.add_related(data, "image", "png", cid=f"<{number}@x>")
    return message.as_bytes()


def outlook(*pictures: bytes) -> bytes:
    streams = {"__properties_version1.0": bytes(32)}
    streams |= texts(x0037="Lease", x1013=_page(f"cid:{number}@x" for number in range(len(pictures))))
    for number, data in enumerate(pictures):
        below = f"__attach_version1.0_#{number:08X}/"
        streams |= {f"{below}__properties_version1.0": bytes(8), f"{below}__substg1.0_37010102": data}
        streams |= texts(below, x370E="image/png", x3712=f"{number}@x")
    return compound(streams)


KINDS = [
    *(("a.docx", word), ("a.pptx", slides), ("a.xlsx", sheets), ("a.odt", odt), ("a.ipynb", notebook)),
    *(("a.html", page), ("a.epub", book), ("a.eml", mail), ("a.msg", outlook)),
]


def reading_of(folder: Path, name: str, data: bytes, turn: Turn) -> Reading:
    (folder / name).write_bytes(data)
    with taking(turn):
        return read_here(os.open(folder / name, os.O_RDONLY), name, {})


def text_of(reading: Reading) -> str:
    return " ".join(" ".join(f"{piece.heading} {piece.text}".split()) for piece in reading.pieces)


@pytest.mark.parametrize(("name", "made"), KINDS)
def test_pictures_are_read_at_their_place(tmp_path: Path, name: str, made: Callable[..., bytes]) -> None:
    said = (Recognised("The lease\n\nends in March.", 92), Recognised("Notice is given.", 88))
    turn = Turn(PLAN, recogniser=Scripted(*said))
    found = reading_of(tmp_path, name, made(LEASE, NOTICE, LEASE, ICON), turn)
    text = text_of(found)
    lease, notice = (
        f"[Picture, read by OCR, confidence {confidence} %: {words}]"
        for confidence, words in ((92, "The lease ends in March."), (88, "Notice is given."))
    )
    places = [text.index(one) for one in ("Before 0.", lease, "Before 1.", notice, "Before 2.", "After.")]
    assert places == sorted(places)
    assert text.count(lease) == 1
    assert found.completeness.but == ""
    assert found.completeness.ocr is not None
    assert found.completeness.ocr.text == "2 of 2 pictures read by OCR, confidence 90 %"


@pytest.mark.parametrize(("name", "made"), KINDS)
def test_pictures_that_nobody_reads_are_counted(tmp_path: Path, name: str, made: Callable[..., bytes]) -> None:
    data = made(LEASE, NOTICE, LEASE, ICON)
    found = reading_of(tmp_path, name, data, Turn())
    assert found.completeness.omitted == (Omission("pictures", "2 pictures were not read (OCR is switched off)", 2),)
    scripted = Scripted(None, Recognised("~", 80))
    found = reading_of(tmp_path, name, data, Turn(PLAN, recogniser=scripted))
    assert found.completeness.but == "1 picture was not read by OCR, for lack of time"


def test_a_picture_in_many_mails_of_a_mailbox_is_read_once(tmp_path: Path) -> None:
    mails = b"".join(b"From a@x Mon Jan  1 00:00:00 2024\n" + mail(LEASE) + b"\n" for _ in range(3))
    found = reading_of(tmp_path, "a.mbox", mails, Turn(PLAN, recogniser=Scripted(Recognised("The lease ends.", 92))))
    assert text_of(found).count("The lease ends.") == 1
    assert found.completeness.but == ""


def test_photos_say_nothing_and_what_is_no_picture_is_counted(tmp_path: Path) -> None:
    grain = [Recognised("!~ ii oo lll", 12)] * 4
    found = reading_of(tmp_path, "a.docx", word(LEASE), Turn(PLAN, recogniser=Scripted(*grain)))
    assert found.completeness.but == ""
    huge = Image.new("1", (9000, 9000))
    data = odt(DRAWN, encoded(huge, "PNG"), LEASE[:2000])
    found = reading_of(tmp_path, "a.odt", data, Turn(PLAN, recogniser=Scripted()))
    assert found.completeness.but == "2 pictures were not read"


async def test_pictures_are_read_in_the_sandbox_by_a_second_call(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(word(LEASE, NOTICE))
    plan = Plan(folders=PLAN.folders)
    sandbox = Sandbox(setup=Setup(folders=plan.folders))
    found = await read(sandbox, tmp_path / "a.docx", "a.docx", ocr=plan)
    assert "The lease ends on 31 March 2027." in text_of(found)
    assert "Notice is given in writing." in text_of(found)
