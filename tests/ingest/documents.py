"""Small documents of every format, made here, and the bombs among them."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import docx
import openpyxl
import pptx

ENCRYPTION = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"ab" * 32, b"cd" * 32)


def pdf(
    pages: Sequence[Sequence[str] | None],
    *,
    title: str = "",
    outline: Sequence[tuple[str, int]] = (),
    is_encrypted: bool = False,
    picture_only: bool = False,
) -> bytes:
    """Return a PDF with these lines on its pages, or a picture for None; the outline names titles and their pages."""
    objects: list[bytes] = [b""] * 4
    references: list[int] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    picture = add(_stream(b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray"
                          b" /BitsPerComponent 8", b"\0"))  # fmt: skip
    for lines in pages:
        shown = b"\n".join(b"(%s) Tj 0 -16 Td" % _escaped(line) for line in lines or ())
        is_picture = picture_only or lines is None
        content = b"q 400 0 0 400 50 50 cm /P Do Q" if is_picture else b"BT /F 12 Tf 50 750 Td %s ET" % shown
        stream = add(_stream(b"<<", content))
        references.append(
            add(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
                b"/Resources << /Font << /F 3 0 R >> /XObject << /P %d 0 R >> >> >>" % (stream, picture)
            )
        )
    catalog = b"<< /Type /Catalog /Pages 2 0 R"
    if outline:
        root = len(objects) + 1
        catalog += b" /Outlines %d 0 R" % root
        add(b"<< /First %d 0 R /Last %d 0 R /Count %d >>" % (root + 1, root + len(outline), len(outline)))
        for number, (name, page) in enumerate(outline, start=root + 1):
            following = b"" if number == root + len(outline) else b"/Next %d 0 R" % (number + 1)
            add(
                b"<< /Title (%s) /Parent %d 0 R %s /Dest [%d 0 R /Fit] >>"
                % (_escaped(name), root, following, references[page - 1])
            )
    objects[0] = catalog + b" >>"
    kids = b" ".join(b"%d 0 R" % reference for reference in references)
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(references))
    objects[2] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects[3] = b"<< /Title (%s) >>" % _escaped(title)
    return _file(objects, ENCRYPTION if is_encrypted else b"")


def _file(objects: list[bytes], encryption: bytes) -> bytes:
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    encrypt = b"/Encrypt %s /ID [<ab> <ab>]" % encryption if encryption else b""
    out.write(
        b"trailer << /Size %d /Root 1 0 R /Info 4 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, encrypt, start)
    )
    return out.getvalue()


def pdf_of(objects: list[bytes]) -> bytes:
    """Return a PDF of these objects, numbered from 1; the first is the catalog."""
    return _file(objects, b"")


def _stream(head: bytes, content: bytes) -> bytes:
    return b"%s /Length %d >>\nstream\n%s\nendstream" % (head, len(content), content)


def _escaped(text: str) -> bytes:
    return text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def pdf_bomb(unpacked_bytes: int) -> bytes:
    """Return a PDF whose one page is a stream that unpacks to very much."""
    packer = zlib.compressobj(9)
    zeros = b" " * (1024 * 1024)
    packed = b"".join(packer.compress(zeros) for _ in range(unpacked_bytes // len(zeros))) + packer.flush()
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page]
    return _file([*objects, _stream(b"<< /Filter /FlateDecode", packed)], b"")


def word(path: Path) -> None:
    document = docx.Document()
    document.core_properties.title = "Handbook"
    document.add_heading("The handbook", 0)
    document.add_heading("Leave", 1)
    document.add_paragraph("Everybody has thirty days of leave a year.")
    document.add_paragraph("in summer", style="List Bullet")
    document.add_paragraph("in winter", style="List Bullet")
    document.add_heading("Pay", 1)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [cell for row in table.rows for cell in row.cells], ["grade", "pay", "A", "100"], strict=True
    ):
        cell.text = text
    document.add_paragraph("Pay comes monthly.")
    document.save(str(path))


def powerpoint(path: Path) -> None:
    presentation = pptx.Presentation()
    for title, text in (("First", "alpha"), ("Second", "beta")):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
        slide.notes_slide.notes_text_frame.text = f"Notes on {text}."
    presentation.save(str(path))


def excel(path: Path, rows: int = 3) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "People"
    sheet.append(["name", "days"])
    for number in range(rows):
        sheet.append([f"person {number}", 1.0 * number])
    workbook.create_sheet("Empty")
    workbook.save(path)


def zip_bomb(path: Path, unpacked_megabytes: int = 64) -> None:
    """Write a Word document whose one part unpacks to much more than it is."""
    piece = b" " * (1024 * 1024)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w") as part:
            for _ in range(unpacked_megabytes):
                part.write(piece)


def entity_bomb(path: Path) -> None:
    """Write a Word document whose XML names an entity of 10^9 letters."""
    word(path)
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "lol">{entities}]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>&e9;</w:t></w:r></w:p></w:body></w:document>"
    )
    replace_part(path, "word/document.xml", text.encode())


def replace_part(path: Path, name: str, data: bytes) -> None:
    """Put other bytes in the place of a part of an archive."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts[name] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_W = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMESPACES = (
    'xmlns:w="%s" xmlns:r="%s" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)


def word_xml(path: Path, body: str, *, w: str = W, **parts: str) -> None:
    """Write a Word document of this XML. Parts are named by their relation: `footnotes`, `header1`, `settings`."""
    namespaces = _NAMESPACES % (w, _R)
    relations = "".join(
        f'<Relationship Id="{name}" Type="{_R}/{name.rstrip("0123456789")}" Target="{name}.xml"/>' for name in parts
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        main = f'<Relationship Id="a" Type="{_R}/officeDocument" Target="/word/document.xml"/>'
        archive.writestr("_rels/.rels", f'{head}<Relationships xmlns="{package}">{main}</Relationships>')
        archive.writestr(
            "word/_rels/document.xml.rels", f'{head}<Relationships xmlns="{package}">{relations}</Relationships>'
        )
        archive.writestr("word/document.xml", f"{head}<w:document {namespaces}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            root = {"footnotes": "footnotes", "endnotes": "endnotes", "comments": "comments"}.get(name, "part")
            archive.writestr(f"word/{name}.xml", f"{head}<w:{root} {namespaces}>{content}</w:{root}>")
