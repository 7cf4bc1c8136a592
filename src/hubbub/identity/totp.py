"""Make and check codes of authenticator apps (TOTP, RFC 6238): six digits, new each 30 seconds."""

import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
STEPS_ASIDE = 1
"""Clocks may differ by so many steps (RFC 6238, 5.2)."""
SECRET_BYTES = 20


def new_secret() -> bytes:
    """Return a secret for an app and for us."""
    return secrets.token_bytes(SECRET_BYTES)


def text_of(secret: bytes) -> str:
    """Return a secret as people type it into an app."""
    return base64.b32encode(secret).decode().rstrip("=")


def address_of(secret: bytes, email: str) -> str:
    """Return what apps read from a picture or a link."""
    name = quote(f"Hubbub:{email}", safe="")
    return f"otpauth://totp/{name}?secret={text_of(secret)}&issuer=Hubbub&digits={DIGITS}&period={STEP_SECONDS}"


def code_of(secret: bytes, step: int) -> str:
    """Return the code of a step of time."""
    digest = hmac.digest(secret, step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, *, after: int = 0, now: float | None = None) -> int | None:
    """Return the step of time that a code is of; None where it is wrong, too old, or of a step that was used."""
    given = "".join(code.split())
    middle = int(time.time() if now is None else now) // STEP_SECONDS
    for step in range(middle - STEPS_ASIDE, middle + STEPS_ASIDE + 1):
        if step > after and hmac.compare_digest(code_of(secret, step).encode(), given.encode()):
            return step
    return None
