"""Bring the mails of an IMAP mailbox into a folder, each as a file."""

import asyncio
import hashlib
import re
import unicodedata
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import Invalid, TooLarge
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.base import Refreshed, Tell, tell_nobody
from hubbub.ingest.sources.imap import Account, Connection, Folder, Head, Mail, TokenRefused
from hubbub.ingest.sources.kept import Kept, KeptFiles
from hubbub.ingest.sources.oauth import Tokens

T = TypeVar("T")

CALL_SECONDS = 300.0
"""The longest that one command may take, however often the server says something."""
NOTE_MAILS = 50
SUBJECT_CHARACTERS = 70
LEFT_ALONE = frozenset(("\\all", "\\drafts", "\\junk", "\\trash"))
"""Folders of this use are taken only where they are named: `*` does not mean them."""
LEFT_OUT = "the patterns leave it out"
TOO_MANY = "there are more mails than are taken (most_mails)"
_DATE = re.compile(r"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d:\d\d:\d\d)")
_MONTHS: Sequence[str] = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_UNFIT = re.compile(r"[/\\\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


class Mailbox:
    """A mailbox, whose mails are kept in a folder. A mail that was read once is not fetched again, nor when it moves.

    UIDs tell mails apart while UIDVALIDITY stays. A mail that has another UID, since it was moved or since the
    server numbers anew, is known by its Message-ID, size and date, and its file gets another name.
    """

    def __init__(
        self,
        account: Account,
        place: Path,
        *,
        tokens: Tokens | None = None,
        folders: Sequence[str] = ("INBOX",),
        globs: Globs | None = None,
        most_mails: int = 20_000,
        document_bytes: int = 50 * 1024 * 1024,
        call_seconds: float = CALL_SECONDS,
        tell: Tell | None = None,
    ) -> None:
        """Take the account, the place where mails and what is known of them are, and patterns for folders' names.

        Where there are tokens, they sign in instead of the account's password.
        """
        self._account = account
        self._tokens = tokens
        self._files = KeptFiles(place, account.user.replace("/", "_") or account.host)
        self._folders = folders
        self._globs = globs or Globs()
        self._most_mails = most_mails
        self._document_bytes = document_bytes
        self._call_seconds = call_seconds
        self._tell = tell or tell_nobody

    @property
    def folder(self) -> Path:
        """The folder that holds the mails."""
        return self._files.folder

    async def refresh(self) -> Refreshed:
        """Fetch what is new, rename what was moved, and delete what the mailbox no longer has.

        Raises:
            Invalid: the server can't be reached or refuses, or it has none of the folders.
        """
        connection = await self._opened()
        try:
            return await self._refresh(connection)
        finally:
            await asyncio.shield(self._close(connection))

    async def _opened(self) -> Connection:
        """Connect and sign in, with a new token where the server refuses one that it was shown before."""
        tokens = self._tokens
        if tokens is None:
            return await self._open(self._account)
        was_shown = tokens.is_held
        account = msgspec.structs.replace(self._account, token=await tokens.current())
        try:
            return await self._open(account)
        except TokenRefused:
            tokens.forget()
            if not was_shown:
                raise
        return await self._open(msgspec.structs.replace(account, token=await tokens.current()))

    async def _open(self, account: Account) -> Connection:
        connection = Connection(account)
        try:
            await self._call(connection, connection.open)
        except BaseException:
            await asyncio.shield(self._close(connection))
            raise
        return connection

    async def _refresh(self, connection: Connection) -> Refreshed:
        done = Refreshed()
        folders = self._chosen(await self._call(connection, connection.folders))
        listed = await self._listed(connection, folders, done)
        known = await self._files.begin()
        whole = await self._files.are_whole(known)
        kept = {key: known[key] for key in listed if key in whole}
        for key in whole:
            self._files.claim(known[key].path)
        new = {key: one for key, one in listed.items() if key not in kept}
        fetches = await self._named(connection, new, done)
        try:
            await self._move(fetches, {key: known[key] for key in whole - kept.keys()}, kept)
            for key in known.keys() - kept.keys() & whole:
                self._files.release(known[key].path)
            await self._fetch_all(connection, fetches, known, kept, done)
        except BaseException:
            await asyncio.shield(self._files.note({**known, **kept}))
            raise
        await self._files.end(kept)
        return done

    def _chosen(self, folders: list[Folder]) -> list[Folder]:
        chosen: dict[str, Folder] = {}
        for wanted in self._folders:
            name = "INBOX" if wanted.upper() == "INBOX" else wanted
            pattern = Globs((f"/{name}" if "/" in name else name,))
            found = [one for one in folders if one.name == name]
            if not found and any(sign in name for sign in "*?["):
                found = [one for one in folders if pattern.takes(one.name) and not one.flags & LEFT_ALONE]
            if not found:
                some = ", ".join(one.name for one in folders[:20])
                raise Invalid(f"The mailbox has no folder “{wanted}”, so nothing was changed. It has: {some}.")
            chosen |= {one.name: one for one in found}
        return list(chosen.values())

    async def _listed(self, connection: Connection, folders: Sequence[Folder], done: Refreshed) -> "dict[str, _Listed]":
        """Return the mails that are to be taken, by their keys."""
        found: list[_Listed] = []
        for folder in folders:
            validity = await self._call(connection, lambda folder=folder: connection.enter(folder))
            for mail in await self._call(connection, connection.mails):
                one = _Listed(folder, validity, mail)
                if mail.size > self._document_bytes:
                    done.skipped.append((one.shown, f"it is larger than {self._document_bytes // 1024**2} MB"))
                else:
                    found.append(one)
        if len(found) > self._most_mails:
            found.sort(key=lambda one: _moment(one.mail.date), reverse=True)
            done.skipped.append((f"{len(found) - self._most_mails} older mails", TOO_MANY))
            del found[self._most_mails :]
        return {one.key: one for one in found}

    async def _named(
        self, connection: Connection, new: "Mapping[str, _Listed]", done: Refreshed
    ) -> "dict[str, _Fetch]":
        """Return new mails with what they are called, without those that the patterns leave out."""
        fetches: dict[str, _Fetch] = {}
        for folder, validity, mails in _by_folder(new):
            await self._enter(connection, folder, validity)
            uids = [one.mail.uid for one in mails]
            heads = await self._call(connection, lambda uids=uids: connection.heads(uids))
            for one in mails:
                head = heads.get(one.mail.uid)
                if head is None:
                    continue  # it was deleted since
                name = f"{one.folder.name}/{_file_name(head, one.mail.date)}"
                if self._globs.takes(name):
                    fetches[one.key] = _Fetch(one, name, _identity(head, one.mail))
                else:
                    done.skipped.append((name, LEFT_OUT))
        return fetches

    async def _enter(self, connection: Connection, folder: Folder, validity: str) -> None:
        if await self._call(connection, lambda: connection.enter(folder)) != validity:
            raise Invalid(f"The folder “{folder.name}” was numbered anew meanwhile. It is tried again.")

    async def _move(self, fetches: "dict[str, _Fetch]", gone: Mapping[str, Kept], kept: dict[str, Kept]) -> None:
        """Give mails that were moved their new names; they are fetched no more."""
        by_identity = {one.etag: one for one in gone.values()}
        for key, fetch in list(fetches.items()):
            before = by_identity.pop(fetch.identity, None)
            if before is None:
                continue
            path = before.path if before.path == fetch.name else self._files.path_for(fetch.name, key)
            if path != before.path:
                await self._files.move(before.path, path)
                self._files.release(before.path)
            kept[key] = msgspec.structs.replace(before, path=path)
            del fetches[key]

    async def _fetch_all(
        self,
        connection: Connection,
        fetches: "dict[str, _Fetch]",
        known: Mapping[str, Kept],
        kept: dict[str, Kept],
        done: Refreshed,
    ) -> None:
        count, total = len(kept), len(kept) + len(fetches)
        for folder, validity, mails in _by_folder({key: one.listed for key, one in fetches.items()}):
            await self._enter(connection, folder, validity)
            for one in mails:
                uid = one.mail.uid
                fetch = fetches[one.key]
                try:
                    data = await self._call(connection, lambda uid=uid: connection.fetch(uid, self._document_bytes))
                except TooLarge as error:
                    done.skipped.append((fetch.name, error.message))
                    continue
                if data is not None:
                    path = self._files.path_for(fetch.name, one.key)
                    stamp = await self._files.store(path, _pieces(data))
                    kept[one.key] = Kept(path, fetch.identity, one.mail.date, stamp)
                count += 1
                self._tell(count, total)
                if count % NOTE_MAILS == 0:
                    await self._files.note({**known, **kept})

    async def _call(self, connection: Connection, work: Callable[[], T]) -> T:
        """Return what a command returns; the connection is cut where that takes too long or is cancelled."""
        try:
            async with asyncio.timeout(self._call_seconds):
                return await in_a_thread(work)
        except TimeoutError as error:
            connection.abort()
            raise Invalid(
                f"The mail server “{self._account.host}” took longer than {self._call_seconds:g} s for one command. "
                "It is tried again.",
                code="not_fetched",
            ) from error
        except asyncio.CancelledError:
            connection.abort()
            raise

    async def _close(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(self._account.timeout_seconds):
                await in_a_thread(connection.close)
        except TimeoutError:
            connection.abort()


class _Listed(msgspec.Struct, frozen=True):
    """A mail, and where it lies."""

    folder: Folder
    validity: str
    mail: Mail

    @property
    def key(self) -> str:
        return f"{self.folder.raw.decode('utf-8', 'backslashreplace')}\n{self.validity}\n{self.mail.uid}"

    @property
    def shown(self) -> str:
        return f"{self.folder.name}, mail {self.mail.uid}"


class _Fetch(msgspec.Struct, frozen=True):
    """A mail that is to be fetched."""

    listed: _Listed
    name: str
    identity: str


def _by_folder(mails: Mapping[str, _Listed]) -> list[tuple[Folder, str, list[_Listed]]]:
    found: dict[tuple[Folder, str], list[_Listed]] = {}
    for one in mails.values():
        found.setdefault((one.folder, one.validity), []).append(one)
    return [(folder, validity, listed) for (folder, validity), listed in found.items()]


def _identity(head: Head, mail: Mail) -> str:
    text = "\n".join((head.message_id, head.subject, str(mail.size), mail.date))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _file_name(head: Head, date: str) -> str:
    subject = _UNFIT.sub(" ", unicodedata.normalize("NFC", head.subject.encode(errors="replace").decode()))
    subject = " ".join(subject.split())[:SUBJECT_CHARACTERS].strip() or "(no subject)"
    return f"{_moment(date)[:10]} {subject}.eml".lstrip()


def _moment(date: str) -> str:
    """Return when a mail came, in a form that can be sorted; "" where that can't be told."""
    found = _DATE.match(date)
    if found is None or found[2].lower() not in _MONTHS:
        return ""
    return f"{found[3]}-{_MONTHS.index(found[2].lower()) + 1:02}-{int(found[1]):02} {found[4]}"


async def _pieces(data: bytes) -> AsyncGenerator[bytes]:
    yield data
