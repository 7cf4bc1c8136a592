"""What a PDF does not show as it is opened is not read as if it did: layers that are off are hidden."""

import re
import struct
import zlib
from pathlib import Path

import pytest

from hubbub.ingest.blocks import Heading, Paragraph
from tests.ingest.documents import pdf_of
from tests.ingest.pdfs import pdf_with, placed
from tests.ingest.test_pdf import load


def packed_layers(objects: list[bytes]) -> bytes:
    """Return a PDF whose objects but its page's content and a form are packed, as PDF 1.5 has them."""
    loose = {7: objects[6], 12: objects[11]}
    inner = {number: one for number, one in enumerate(objects, start=1) if number not in loose}
    places: list[bytes] = []
    body = b""
    for number, one in inner.items():
        places.append(b"%d %d" % (number, len(body)))
        body += one + b"\n"
    head = b" ".join(places) + b"\n"
    packed = zlib.compress(head + body)
    loose[13] = b"<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        *(len(inner), len(head), len(packed)),
        packed,
    )
    data, offsets = b"%PDF-1.5\n", dict[int, int]()
    for number, one in loose.items():
        offsets[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    offsets[14] = len(data)
    order = list(inner)
    entries = b"".join(
        struct.pack(">BHB", 1, offsets[number], 0)
        if number in offsets
        else struct.pack(">BHB", 2, 13, order.index(number))
        if number in inner
        else bytes(4)
        for number in range(15)
    )
    table = b"<< /Type /XRef /Size 15 /W [1 2 1] /Root 1 0 R /Length %d >>\nstream\n" % len(entries)
    return data + b"14 0 obj\n%s%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % (table, entries, offsets[14])


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("usual", "read", "hidden"),
    [
        (b"/OFF [10 0 R]", ["For all", "Final 700"], [("Dräft", ["Draft 500", "Stamp"])]),
        (b"/BaseState /OFF /ON [10 0 R]", ["For all", "Draft 500", "Stamp"], [("Final", ["Final 700"])]),
        (b"/OFF []", ["For all", "Draft 500", "Final 700", "Stamp"], []),
    ],
)
def test_what_stands_on_layers_that_are_off_is_hidden(
    tmp_path: Path, usual: bytes, read: list[str], hidden: list[tuple[str, list[str]]], *, is_packed: bool
) -> None:
    def on(layer: bytes, content: bytes) -> bytes:
        return b"\n/OC /%s BDC\n%s\nEMC\n" % (layer, content)

    content = placed((50, 700, "For all")) + on(b"A", placed((50, 600, "Draft 500")))
    content += on(b"B", placed((50, 500, "Final 700"))) + b"/Stamp Do"
    form = on(b"A", placed((50, 400, "Stamp")))
    resources = b"<< /Font << /F 3 0 R >> /Properties << /A 10 0 R /B 11 0 R >> /XObject << /Stamp 12 0 R >> >>"
    more = [
        b"<< /Type /OCG /Name (Dr\\344ft) >>",
        b"<< /Type /OCG /Name <FEFF00460069006E0061006C> >>",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources %s /Length %d >>\nstream\n%s\nendstream"
        % (resources, len(form), form),
    ]
    catalog = b"/OCProperties << /OCGs [10 0 R 11 0 R] /D << %s >> >>" % usual
    objects = re.findall(rb"\d+ 0 obj\s(.*?)\sendobj", pdf_with(content, catalog=catalog, more=more), re.DOTALL)
    objects[3] = objects[3].replace(b"<< /Font << /F 3 0 R >> >>", resources)
    path = tmp_path / "a.pdf"
    path.write_bytes(packed_layers(objects) if is_packed else pdf_of(objects))
    loaded = load(path)
    assert "\n".join(b.text for b in loaded.blocks if isinstance(b, Paragraph)).split("\n") == read
    assert [(one.what, one.count, one.blocks) for one in loaded.hidden] == [
        ("layer", 1, [Heading(f"{name} (hidden layer)", 1), Paragraph("\n".join(lines), 1)]) for name, lines in hidden
    ]


def test_a_form_of_xfa_is_said_to_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    form = b"/NeedsRendering true /AcroForm << /Fields [] /XFA 10 0 R >>"
    path.write_bytes(
        pdf_with(placed((50, 700, "Please wait.")), catalog=form, more=[b"<< /Length 0 >>\nstream\n\nendstream"])
    )
    assert [one.kind for one in load(path).omitted] == ["xfa_form"]


def test_a_page_whose_layers_are_all_off_lacks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    catalog = b"/OCProperties << /OCGs [10 0 R] /D << /OFF [10 0 R] >> >>"
    content = b"/OC /A BDC\n%s\nEMC" % placed((50, 600, "Draft"))
    data = pdf_with([placed((50, 700, "Shown")), content], catalog=catalog, more=[b"<< /Type /OCG /Name (Draft) >>"])
    resources = b"<< /Font << /F 3 0 R >> >>"
    path.write_bytes(data.replace(resources, resources[:-2] + b" /Properties << /A 10 0 R >> >>"))
    loaded = load(path)
    assert (loaded.blocks, loaded.omitted) == ([Paragraph("Shown", 1)], ())
    assert [one.what for one in loaded.hidden] == ["layer"]


def test_text_that_stands_twice_in_a_place_is_read_where_its_layer_is_on(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    catalog = b"/OCProperties << /OCGs [10 0 R] /D << /OFF [10 0 R] >> >>"
    once = placed((50, 700, "Price 500"), (50, 680, "Tax 95"))
    data = pdf_with(
        b"/OC /A BDC\n%s\nEMC\n%s" % (once, once), catalog=catalog, more=[b"<< /Type /OCG /Name (Draft) >>"]
    )
    resources = b"<< /Font << /F 3 0 R >> >>"
    path.write_bytes(data.replace(resources, resources[:-2] + b" /Properties << /A 10 0 R >> >>"))
    assert load(path).blocks == [Paragraph("Price 500\nTax 95", 1)]
