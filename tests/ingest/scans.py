"""Scans of text, made here: lines drawn into pictures, and PDFs of such pictures."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from tests.ingest.documents import pdf_of

LINES = ("The lease of the warehouse ends on 31 March 2027.", "Notice is given six months before, in writing.")


def scan(lines: Sequence[str] = LINES, *, quarters: int = 0, size: int = 34) -> Image.Image:
    """Return a picture of these lines, at about 200 dots an inch, turned by so many quarters."""
    font = ImageFont.load_default(size=size)
    picture = Image.new("L", (1150, 60 + 60 * len(lines)), 255)
    drawing = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        drawing.text((40, 30 + 60 * number), line, font=font, fill=20)
    return picture.rotate(90 * quarters, expand=True)


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """Return a picture as a file of a format."""
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def pdf_of_pages(pages: Sequence[Image.Image | bytes]) -> bytes:
    """Return a PDF whose pages are scans, or have this content in a font; content after a scan is drawn over it."""
    objects = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    kids: list[int] = []
    for page in pages:
        content, resources = page if isinstance(page, bytes) else b"", b"/Font << /F 3 0 R >>"
        width, height = 600, 800
        if not isinstance(page, bytes):
            width, height = page.width * 72 // 200, page.height * 72 // 200
            data = encoded(page, "JPEG", quality=90)
            objects.append(
                b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
                b"/Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream" % (page.width, page.height, len(data), data)
            )
            resources += b" /XObject << /P %d 0 R >>" % len(objects)
            content = b"q %d 0 0 %d 0 0 cm /P Do Q\n%s" % (width, height, page.info.get("over", b""))
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << %s >> >>"
            % (width, height, len(objects), resources)
        )
        kids.append(len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), len(kids))
    return pdf_of(objects)
