"""Write pixels as PNG (RFC 2083)."""

import struct
import zlib


def png(pixels: bytes | bytearray, width: int, height: int, stride: int, *, channels: int = 3) -> bytes:
    """Return 8-bit RGB pixels, or grey ones of one channel, in rows of `stride` bytes from the top, as a PNG file."""
    rows = b"".join(b"\0" + pixels[y * stride : y * stride + width * channels] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
