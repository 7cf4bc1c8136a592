"""PDFs written object by object, for what no library here writes."""

from collections.abc import Sequence

from tests.ingest.documents import pdf_of


def placed(*texts: tuple[float, float, str]) -> bytes:
    """Return a page's content: each text where it begins, from the lower left corner, drawn in this order."""
    return b"\n".join(
        b"BT /F 12 Tf %d %d Td (%s) Tj ET" % (x, y, text.encode("latin-1").replace(b"(", b"\\(").replace(b")", b"\\)"))
        for x, y, text in texts
    )


def pdf_with(
    content: bytes | Sequence[bytes], *, page: bytes = b"", catalog: bytes = b"", more: Sequence[bytes] = ()
) -> bytes:
    """Return a PDF of these pages' contents. `more` objects are numbered from 10; `page` is added to the first page."""
    contents = [content] if isinstance(content, bytes) else list(content)
    assert len(contents) <= 3
    objects = [b"null"] * (9 + len(more))
    kids = b" ".join(b"%d 0 R" % (4 + number) for number in range(len(contents)))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents))
    objects[2] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    for number, one in enumerate(contents):
        added = page if number == 0 else b""
        objects[3 + number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> %s >>" % (7 + number, added)
        )
        objects[6 + number] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(one), one)
    objects[9:] = more
    return pdf_of(objects)
