"""Make and read recovery codes, which let somebody in once who has lost their authenticator app."""

import base64
import hashlib
import secrets

CODES = 10
"""So many are made at once."""
CODE_BYTES = 10
"""80 bits: nobody tries all of them, not even with the database in their hands."""
_CHARACTERS = 16


def new_codes() -> list[str]:
    """Return codes that nobody knows, in groups of four letters."""
    return [_grouped(base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower()) for _ in range(CODES)]


def digest_in(code: str) -> bytes | None:
    """Return what a code is stored by, however it is written; None where it can't be one."""
    letters = "".join(one for one in code.lower() if one.isalnum())
    return hashlib.sha256(letters.encode()).digest() if len(letters) == _CHARACTERS else None


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
