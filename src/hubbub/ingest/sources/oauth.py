"""Get the tokens that a mail server wants in place of a password (OAuth 2.0, RFC 6749)."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec

from hubbub.connections.http import Http
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.connections.private import make_private_folder, open_private
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import Invalid

ASK_SECONDS = 30.0
MOST_BYTES = 256 * 1024
SPARE_SECONDS = 120.0
"""A token that ends sooner is not begun with."""
USUAL_SECONDS = 600.0
"""So long a token is good whose server doesn't say it."""
MOST_SAID = 300
_SPENT = "invalid_grant"
_CLIENT = ("invalid_client", "unauthorized_client")


class Grant(msgspec.Struct, frozen=True):
    """Where tokens come from, and what for: with a refresh token a person's, without one the program's own."""

    token_url: str
    client_id: str
    client_secret: str = ""
    refresh_token: str = ""
    scope: str = ""

    def __repr__(self) -> str:
        return f"Grant({self.client_id!r} at {self.token_url!r})"


class _Said(msgspec.Struct):
    """What a token server answers."""

    access_token: str = ""
    expires_in: float | str | None = None
    refresh_token: str = ""
    error: str = ""
    error_description: str = ""


class _Kept(msgspec.Struct):
    """The refresh token that the server gave last, and which one of the settings it came of."""

    origin: str
    refresh_token: str


class Tokens:
    """Gets tokens, and keeps the refresh token that the server puts in the place of the one in the settings."""

    def __init__(self, grant: Grant, file: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the grant, and the file that keeps a newer refresh token; it is the owner's alone."""
        self._grant = grant
        self._file = file
        self._clock = clock
        self._token = ""
        self._good_until = 0.0

    @property
    def is_held(self) -> bool:
        """Whether there is a token that was got before, which may have been revoked since."""
        return bool(self._token) and self._clock() < self._good_until

    async def current(self) -> str:
        """Return a token that is good for a while.

        Raises:
            Invalid: the token server can't be reached, refuses, or makes no sense.
        """
        if not self.is_held:
            said = await self._asked()
            self._token = said.access_token
            self._good_until = self._clock() + max(_seconds(said.expires_in) - SPARE_SECONDS, 0.0)
        return self._token

    def forget(self) -> None:
        """Drop the token: the mail server refuses it."""
        self._token = ""

    async def _asked(self) -> _Said:
        """Return what the server gives for the newest refresh token, else for that of the settings."""
        configured = self._grant.refresh_token
        kept = await in_a_thread(self._kept) if configured else ""
        if kept and kept != configured:
            said = await self._ask(kept)
            if said.error != _SPENT:
                return await self._taken(said, kept)
        return await self._taken(await self._ask(configured), configured)

    async def _taken(self, said: _Said, asked_with: str) -> _Said:
        if said.error or not said.access_token:
            raise self._refused(said, asked_with)
        if self._grant.refresh_token and said.refresh_token and said.refresh_token != asked_with:
            await in_a_thread(lambda: self._keep(said.refresh_token))
        return said

    async def _ask(self, refresh_token: str) -> _Said:
        grant = self._grant
        form = {"grant_type": "refresh_token" if refresh_token else "client_credentials", "client_id": grant.client_id}
        form |= {"client_secret": grant.client_secret} if grant.client_secret else {}
        form |= {"refresh_token": refresh_token} if refresh_token else {}
        form |= {"scope": grant.scope} if grant.scope else {}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        body = urlencode(form).encode()
        try:
            async with (
                asyncio.timeout(ASK_SECONDS),
                Http() as http,
                http.request("POST", grant.token_url, headers=headers, body=body) as reply,
            ):
                status, found = reply.status, await reply.body(MOST_BYTES)
        except TimeoutError as error:
            raise self._failed(f"gives no answer within {ASK_SECONDS:g} s", "It is tried again") from error
        except (Unreachable, BrokenOff) as error:
            raise self._failed(f"can't be reached ({error})", "Check oauth.token_url") from error
        return self._read(status, found)

    def _read(self, status: int, body: bytes) -> _Said:
        try:
            said = msgspec.json.decode(body, type=_Said)
        except msgspec.MsgspecError as error:
            raise self._failed(f"answers with {status} and no token", "Check oauth.token_url") from error
        if not said.error and (status != 200 or not said.access_token):
            raise self._failed(f"answers with {status} and no token", "Check oauth.token_url")
        return said

    def _refused(self, said: _Said, refresh_token: str) -> Invalid:
        told = " ".join(f"{said.error}: {said.error_description}".split()).removesuffix(":")
        for secret in filter(None, (self._grant.client_secret, refresh_token)):
            told = told.replace(secret, "…")
        told = told[:MOST_SAID].rstrip(".")
        if said.error == _SPENT and refresh_token:
            return self._failed(
                f"refuses the refresh token ({told})",
                "It has ended or was revoked: sign in anew, and set oauth.refresh_token",
            )
        if said.error in _CLIENT:
            return self._failed(
                f"refuses the application ({told})",
                "Check oauth.client_id and oauth.client_secret, and whether the secret has ended",
            )
        return self._failed(f"gives no token ({told})", "Check oauth.scope and what the application may do")

    def _failed(self, why: str, todo: str) -> Invalid:
        host = urlsplit(self._grant.token_url).hostname or self._grant.token_url
        return Invalid(f"The token server “{host}” {why}. {todo}.", code="not_fetched")

    @property
    def _origin(self) -> str:
        return hashlib.sha256(self._grant.refresh_token.encode()).hexdigest()

    def _kept(self) -> str:
        """Return the refresh token that was kept; "" where there is none, or the settings have another one since."""
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return ""
        return kept.refresh_token if kept.origin == self._origin else ""

    def _keep(self, refresh_token: str) -> None:
        make_private_folder(self._file.parent)
        incoming = self._file.with_suffix(".new")
        data = msgspec.json.encode(_Kept(self._origin, refresh_token))
        with os.fdopen(open_private(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        incoming.replace(self._file)


def _seconds(said: float | str | None) -> float:
    """Return how long a token is good, as the server says it: some say it as text."""
    try:
        return float(said) if said is not None else USUAL_SECONDS
    except ValueError:
        return USUAL_SECONDS
