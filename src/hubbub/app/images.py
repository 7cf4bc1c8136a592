"""Check an image that a program sends along: its bytes, or an address at a host that the operator named.

A model server fetches whatever address it is given, from inside its own network. Redirects and names that change their
address can't be seen from here: that is why only hosts that were named are passed on, and only by HTTPS.
"""

import base64
import binascii
import re
from collections.abc import Collection

SETTING = "limits.image_hosts"
_DATA = re.compile(r"data:image/[a-z0-9.+-]{1,40}(?:;[a-z0-9=.-]{1,40}){0,4};base64,", re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile(r"https://(?P<host>[a-z0-9.-]{1,253})(?:[/?][!-\[\]-~]*)?", re.ASCII | re.IGNORECASE)
"""No user, no port, no backslash: nothing that two programs read as different hosts."""
_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def fault_of_image(address: str, hosts: Collection[str]) -> str | None:
    """Return why an image can't be passed on to a model, to be read behind its place; None where it can."""
    if (data := _DATA.match(address)) is not None:
        return None if _is_image(address[data.end() :]) else "is no PNG, JPEG, GIF or WebP image in base64."
    if address[:5].lower() == "data:":
        return "has to be a data: URL of an image, in base64."
    if ":" not in address:
        return "has to be an address. The id of a file here goes into file_id, beside the type input_image."
    found = _ADDRESS.fullmatch(address)
    if found is not None and found["host"].lower() in hosts:
        return None
    return (
        "is an address that this server does not pass on. Send the image itself, as a data: URL; or ask "
        f"whoever runs the server to add the host to {SETTING}. Only https:// addresses are passed on."
    )


def media_type_of(image: bytes) -> str | None:
    """Return what kind of image these bytes are; None where models don't read it."""
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in _BEGINNINGS.items() if image.startswith(beginning)), None)


def _is_image(encoded: str) -> bool:
    try:
        return media_type_of(base64.b64decode(encoded, validate=True)) is not None
    except (binascii.Error, ValueError):
        return False
