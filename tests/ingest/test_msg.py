"""Mails of Outlook, and what lies within documents of Office, are read as attachments are."""

import datetime
import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Heading, Loaded, Paragraph
from hubbub.ingest.loaders.grids import flat
from hubbub.ingest.loaders.kinds import kind_of
from hubbub.ingest.loaders.msg import unpacked
from hubbub.ingest.loaders.ole import MAGIC, Ole
from tests.ingest import documents
from tests.ingest.compound import compound, properties, texts
from tests.ingest.pdfs import pdf_with, placed

PACKED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
"""The example of the specification (MS-OXRTFCP, 4.1.1)."""
SENT = datetime.datetime(2024, 3, 4, 15, 40)
ADDED = (SENT - datetime.datetime(1601, 1, 1)) // datetime.timedelta(microseconds=1) * 10


def load(name: str, data: bytes) -> Loaded:
    return kind_of(io.BytesIO(data), name).loader().load(io.BytesIO(data))


def mail() -> dict[str, bytes]:
    return {
        "__properties_version1.0": properties(32, x00390040=ADDED),
        **texts(x0037="Kündigung", x0C1A="Ann", x0C1F="ann@example.org", x0E04="Bob; Cem", x0E03="Dan"),
    }


def attached(number: int, name: str, data: bytes) -> dict[str, bytes]:
    below = f"__attach_version1.0_#{number:08X}/"
    return {
        f"{below}__properties_version1.0": b"\0" * 8,
        f"{below}__substg1.0_37010102": data,
        **texts(below, x3707=name),
    }


def test_a_mail_of_outlook_is_read_with_what_is_attached() -> None:
    forwarded = "__attach_version1.0_#00000002/"
    inner = f"{forwarded}__substg1.0_3701000D/"
    loaded = load(
        "a.msg",
        compound(
            {
                **mail(),
                **texts(x1000="Notice period:\r\nthree months."),
                **attached(0, "lease.pdf", documents.pdf([["In the lease."]])),
                **attached(1, "a.exe", b"MZ\0\1\2\3\4\5\6"),
                f"{forwarded}__properties_version1.0": b"\0" * 8,
                f"{inner}__properties_version1.0": b"\0" * 24,
                **texts(inner, x0037="Before", x1000="As I said."),
            }
        ),
    )
    assert loaded.title == "Kündigung"
    head = "From: Ann <ann@example.org>\nTo: Bob; Cem\nCc: Dan\nDate: 2024-03-04 15:40 UTC\nSubject: Kündigung"
    assert loaded.blocks[:2] == [Paragraph(head), Paragraph("Notice period:\nthree months.")]
    text = flat(loaded.blocks)
    for expected in ("Attachment: lease.pdf In the lease.", "Attachment: ", "Subject: Before", "As I said."):
        assert expected in text
    assert [one.text for one in loaded.omitted] == ["1 of 3 files in it could not be read: a.exe"]


@pytest.mark.parametrize(
    "body",
    [
        {"__substg1.0_10130102": b"<meta charset=windows-1252><p>Die Gr\xf6\xdfe"},
        {"__substg1.0_1000001E": "Die Größe".encode("cp1252")},
        {"__substg1.0_1000001F": "Die Größe".encode("utf-16-le")},
        {
            "__substg1.0_10090102": struct.pack("<II4sI", 60, 48, b"MELA", 0)
            + rb"{\rtf1\ansi\fromhtml1 Die Gr\'f6\'dfe\par}"
        },
    ],
)
def test_each_form_of_a_body_is_read(body: dict[str, bytes]) -> None:
    blocks = load("a.msg", compound({**mail(), **body})).blocks
    assert flat(blocks[1:]) == "Die Größe"


def test_packed_rtf_is_unpacked() -> None:
    assert unpacked(PACKED) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.binary(min_size=1, max_size=4))
@example(19_656, b"\0")  # in the name of what says that it is a mail
def test_a_damaged_mail_ends_well(place: int, wrong: bytes) -> None:
    data = compound({**mail(), **texts(x1000="Words. " * 900), **attached(0, "a.txt", b"words " * 900)})
    place %= len(data)
    try:
        load("a.msg", data[:place] + wrong + data[place + len(wrong) :])
    except HubbubError as error:
        assert error.code == "corrupt" or place < len(MAGIC)  # which may make it a file of another kind


def test_a_compound_file_that_leads_in_circles_ends() -> None:
    data = bytearray(compound({"a": b"x" * 9000}))
    table = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, (table + 1) * 512, 0)  # the first sector follows itself
    assert len(Ole(bytes(data)).read("a")) == 9000


# What lies within documents


def with_parts(path: Path, folder: str, links: str, parts: dict[str, bytes]) -> bytes:
    """Return a document with parts and relationships added to its main part."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            data = archive.read(name)
            if name == f"{folder}.rels":
                data = data.replace(b"</Relationships>", links.encode() + b"</Relationships>")
            copy.writestr(name, data)
        for name, data in parts.items():
            copy.writestr(name, data)
    return out.getvalue()


def link(number: int, kind: str, target: str) -> str:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return f'<Relationship Id="e{number}" Type="{kinds}/{kind}" Target="{target}"/>'


def native(name: str, data: bytes) -> bytes:
    head = b"\2\0" + name.encode() + b"\0C:\\" + name.encode() + b"\0\0\0\3\0"
    wrapped = head + struct.pack("<I", 4) + b"abc\0" + struct.pack("<I", len(data)) + data
    return compound({"\1Ole10Native": struct.pack("<I", len(wrapped)) + wrapped})


def inner_docx(folder: Path) -> bytes:
    documents.word_xml(path := folder / "inner.docx", "<w:p><w:r><w:t>Within it.</w:t></w:r></w:p>")
    return path.read_bytes()


def test_documents_within_a_word_document_are_read(tmp_path: Path) -> None:
    objects = "".join(
        f'<w:p><w:r><w:object><OLEObject xmlns="urn:office" r:id="e{n}"/></w:object></w:r></w:p>' for n in range(4)
    )
    body = f'<w:p><w:r><w:t>Outside.</w:t></w:r></w:p>{objects}<w:altChunk r:id="e4"/>'
    documents.word_xml(path := tmp_path / "a.docx", body)
    links = "".join(
        (
            link(0, "package", "embeddings/inner.docx"),
            link(1, "oleObject", "embeddings/object1.bin"),
            link(2, "oleObject", "embeddings/object2.bin"),
            link(3, "oleObject", "embeddings/object3.bin"),
            link(4, "aFChunk", "chunk.html"),
        )
    )
    data = with_parts(
        path,
        "word/_rels/document.xml",
        links,
        {
            "word/embeddings/inner.docx": inner_docx(tmp_path),
            "word/embeddings/object1.bin": compound({"CONTENTS": documents.pdf([["In the lease."]])}),
            "word/embeddings/object2.bin": native("notes.txt", b"Wrapped by the packager."),
            "word/embeddings/object3.bin": compound({"Equation Native": b"x"}),
            "word/chunk.html": b"<p>As if written here.",
        },
    )
    loaded = load("a.docx", data)
    assert loaded.blocks == [
        Paragraph("Outside."),
        Paragraph("As if written here."),
        Heading("Embedded: inner.docx", 1),
        Paragraph("Within it."),
        Heading("Embedded: object1.bin", 1),
        Paragraph("In the lease."),
        Heading("Embedded: notes.txt", 1),
        Paragraph("Wrapped by the packager."),
    ]
    assert [one.text for one in loaded.omitted] == ["1 embedded document was not read: object3.bin"]


def test_files_attached_to_a_pdf_are_read() -> None:
    held = documents.pdf([["In the lease."]])
    more = [
        b"<< /Type /Filespec /F (lease.pdf) /UF (lease.pdf) /EF << /F 11 0 R >> >>",
        b"<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream" % (len(held), held),
    ]
    names = b"/Names << /EmbeddedFiles << /Names [(lease.pdf) 10 0 R] >> >> /Collection << /Type /Collection >>"
    loaded = load("a.pdf", pdf_with(placed((50, 700, "A portfolio.")), catalog=names, more=more))
    assert loaded.blocks == [
        Paragraph("A portfolio.", 1),
        Heading("Attachment: lease.pdf", 1),
        Paragraph("In the lease."),
    ]
    assert loaded.omitted == ()


def test_a_mail_says_for_whom_it_was_sent_and_what_of_it_lies_elsewhere() -> None:
    linked, drawn = "__attach_version1.0_#00000000/", "__attach_version1.0_#00000001/"
    streams = {
        **mail(),
        **texts(x0042="Boss", x0065="boss@example.org", x1000="See there."),
        f"{linked}__properties_version1.0": b"\0" * 8,
        **texts(linked, x3707="cloud.docx", x370D="https://example.org/cloud.docx"),
        f"{drawn}__properties_version1.0": b"\0" * 8,
        f"{drawn}__substg1.0_3701000D/CONTENTS": b"drawn",
        **texts(drawn, x3001="Bitmap"),
    }
    loaded = load("a.msg", compound(streams))
    assert flat(loaded.blocks[:1]).startswith("From: Ann <ann@example.org> on behalf of Boss <boss@example.org> To:")
    (lost,) = loaded.omitted
    assert (lost.text, lost.count) == ("2 of 2 files in it could not be read: cloud.docx, Bitmap", 2)


def test_an_appointment_says_when_and_where_it_is_and_a_contact_how_to_reach_it() -> None:
    appointments = bytes.fromhex("0220060000000000C000000000000046")
    named = b"".join(
        struct.pack("<IHH", number, 3 << 1, place) for place, number in enumerate((0x820D, 0x820E, 0x8208))
    )
    streams = {
        "__properties_version1.0": properties(32, x80000040=ADDED, x80010040=ADDED + 36_000_000_000),
        "__nameid_version1.0/__substg1.0_00020102": appointments,
        "__nameid_version1.0/__substg1.0_00030102": named,
        **texts(x001A="IPM.Appointment", x0037="Rent", x8002="Room 5"),
    }
    assert load("a.msg", compound(streams)).blocks == [
        Paragraph("Subject: Rent\nStart: 2024-03-04 15:40 UTC\nEnd: 2024-03-04 16:40 UTC\nLocation: Room 5")
    ]
    contact = {"__properties_version1.0": properties(32), **texts(x001A="IPM.Contact", x3001="Ann", x3A1C="170 2")}
    assert load("a.msg", compound(contact)).blocks == [Paragraph("Name: Ann\nMobile telephone: 170 2")]
