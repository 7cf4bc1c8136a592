"""Keep the ID tokens of sign-ins at providers, which ask for them to sign somebody out there.

Each is sealed with a key that is made of the sign-in's cookie: who reads the database reads none.
"""

import hashlib
import hmac

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.identity.sign_ins import id_in

_SQL = load_sql("hubbub.identity", "id_tokens.sql")
_HEADER = {"alg": "dir", "enc": "A256GCM"}
MOST_CHARACTERS = 6000
"""A longer one is not kept: it is sent on in an address, which servers take up to 8 KiB."""


class SqliteIdTokens:
    """ID tokens beside the sign-ins, in the same tables' file."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database

    async def keep(self, cookie: str, token: str) -> None:
        """Keep the token of a sign-in, by the value of its cookie."""
        sign_in_id = id_in(cookie)
        if sign_in_id is not None and len(token) <= MOST_CHARACTERS:
            await self._database.write(Connection.all, _SQL["keep"], (sign_in_id, sealed(cookie, token)))

    async def find(self, cookie: str) -> str:
        """Return the token of a sign-in; empty where none was kept."""
        row = await self._database.read(Connection.one, _SQL["find"], (id_in(cookie),))
        return unsealed(cookie, row[0]) if row else ""


def sealed(cookie: str, token: str) -> str:
    """Return a token that only who has the cookie can read."""
    return jwe.encrypt_compact(_HEADER, token, _key(cookie))


def unsealed(cookie: str, text: str) -> str:
    """Return the token that was sealed; empty where the cookie is another one."""
    try:
        plain = jwe.decrypt_compact(text, _key(cookie)).plaintext
    except (JoseError, ValueError):
        return ""  # the cookie has the form of one of ours, and is not
    return plain.decode() if plain else ""


def _key(cookie: str) -> OctKey:
    return OctKey.import_key(hmac.digest(cookie.encode(), b"id token", hashlib.sha256))
