"""Read an IMAP server, by the standard library's client: all of it blocks."""

import base64
import binascii
import contextlib
import email.header
import email.parser
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar, cast

import msgspec

from hubbub.core.errors import Invalid, TooLarge

T = TypeVar("T")

LIST_BATCH = 1000
HEAD_BATCH = 100
ANSWER_BYTES = 64 * 1024 * 1024
"""A command may be answered with so much, besides the mail that it asks for."""
_START = re.compile(rb"\d+ \(")
_FOLDER = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?P<separator>\\?.)"|NIL) (?P<name>.*)', re.DOTALL)
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"')
_STATUS = re.compile(rb'"status"\s*:\s*"([\w.-]{1,40})"')
_SHIFTED = re.compile("&([^-]*)-")


class TokenRefused(Invalid):
    """The server refuses the token that signs in."""


class Account(msgspec.Struct, frozen=True):
    """Where a mailbox is, and who reads it."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str
    password: str
    timeout_seconds: float = 30.0
    """The longest silence of the server."""
    tls: Any = None
    """What certificates are trusted; None: the system's."""
    token: str = ""
    """What signs in in place of the password (OAuth)."""

    def __repr__(self) -> str:
        return f"Account({self.user!r} at {self.host!r})"


class Folder(msgspec.Struct, frozen=True):
    """A folder of a mailbox."""

    raw: bytes
    """Its name on the wire."""
    name: str
    """For a person, its parts parted by '/'."""
    flags: frozenset[str]
    """In lower case."""


class Mail(msgspec.Struct, frozen=True):
    """A mail as a folder lists it."""

    uid: int
    size: int
    date: str
    """When the server got it: "17-Jul-2026 02:44:25 -0700"."""


class Head(msgspec.Struct, frozen=True):
    """What tells a mail from others."""

    message_id: str
    subject: str


class Connection:
    """A connection to a server, which it only reads: it marks no mail as seen. One call at a time.

    All methods but `abort` raise Invalid where the server can't be reached, refuses or says what is no IMAP.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client: _Plain | _Tls | None = None
        self._socket: socket.socket | None = None
        self._count = 0

    def open(self) -> None:
        """Connect and sign in."""
        self._calling(self._open)

    def folders(self) -> list[Folder]:
        """Return the folders that hold mails."""
        _, data = self._calling(lambda: self._ready(ANSWER_BYTES).list())
        found = (_folder(line) for line in data or () if line)
        return [one for one in found if one is not None and not one.flags & {"\\noselect", "\\nonexistent"}]

    def enter(self, folder: Folder) -> str:
        """Enter a folder and return its UIDVALIDITY: with another one, UIDs mean nothing that they meant before."""
        quoted = b'"' + folder.raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'

        def entering() -> str:
            client = self._ready(ANSWER_BYTES)
            name: Any = quoted  # the client takes bytes, too, and its text can be ASCII alone
            done, data = client.select(name, readonly=True)
            if done != "OK":
                raise imaplib.IMAP4.error(_text(data))
            self._count = int(data[0] or 0)
            _, validity = client.response("UIDVALIDITY")
            return _text(validity)

        return self._calling(entering)

    def mails(self) -> list[Mail]:
        """Return the mails of the folder that was entered, without those that are marked as deleted."""
        found: list[Mail] = []
        for first in range(1, self._count + 1, LIST_BATCH):
            numbers = f"{first}:{min(first + LIST_BATCH - 1, self._count)}"
            for text, _ in self._fetched(numbers, "(UID FLAGS RFC822.SIZE INTERNALDATE)"):
                uid, size, date = _UID.search(text), _SIZE.search(text), _DATE.search(text)
                flags = _FLAGS.search(text)
                if uid and size and not (flags and b"\\deleted" in flags[1].lower()):
                    found.append(Mail(int(uid[1]), int(size[1]), date[1].decode("ascii", "replace") if date else ""))
        return found

    def heads(self, uids: Sequence[int]) -> dict[int, Head]:
        """Return what tells mails from others, by their UIDs."""
        found: dict[int, Head] = {}
        for first in range(0, len(uids), HEAD_BATCH):
            numbers = ",".join(map(str, uids[first : first + HEAD_BATCH]))
            fields = "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID SUBJECT)])"
            for text, data in self._fetched(numbers, fields, by_uid=True):
                if (uid := _UID.search(text)) and data is not None:
                    found[int(uid[1])] = _head(data)
        return found

    def fetch(self, uid: int, most_bytes: int) -> bytes | None:
        """Return a mail, or None where it is gone.

        Raises:
            TooLarge: it is longer than `most_bytes`.
        """
        for text, data in self._fetched(str(uid), "(UID BODY.PEEK[])", by_uid=True, most_bytes=most_bytes):
            if (found := _UID.search(text)) and int(found[1]) == uid and data is not None:
                if len(data) > most_bytes:
                    raise TooLarge(f"It is larger than {most_bytes // 1024**2} MB.")
                return data
        return None

    def close(self) -> None:
        """Say goodbye, as far as the server still listens."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.logout()
            except (OSError, ValueError, imaplib.IMAP4.error):
                with contextlib.suppress(OSError):  # it was cut before
                    client.shutdown()

    def abort(self) -> None:
        """Cut the connection, so that a call which waits in another thread ends."""
        client = self._client
        connected = client.sock if client is not None else self._socket
        if connected is not None:
            with contextlib.suppress(OSError):  # it is closed already
                connected.shutdown(socket.SHUT_RDWR)

    def _open(self) -> None:
        account, patience = self._account, self._account.timeout_seconds
        context = account.tls or ssl.create_default_context()
        if account.security == "tls":
            client = _Tls(self._connected, account.host, account.port, ssl_context=context, timeout=patience)
        else:
            client = _Plain(self._connected, account.host, account.port, timeout=patience)
        self._client = client
        if account.security == "starttls":
            client.starttls(context)
        if account.token:
            self._sign_in_by_token(client)
        else:
            self._sign_in(client)

    def _sign_in(self, client: "_Plain | _Tls") -> None:
        account = self._account
        try:
            if "AUTH=PLAIN" in client.capabilities:
                secret = f"\0{account.user}\0{account.password}".encode()
                client.authenticate("PLAIN", lambda _: secret)
            else:
                client.login(account.user, account.password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise self._failed(
                f"refuses the name or the password ({self._said(error)})",
                "Check both; many servers want a password for programs",
            ) from error

    def _sign_in_by_token(self, client: "_Plain | _Tls") -> None:
        offered = [one for one in ("XOAUTH2", "OAUTHBEARER") if f"AUTH={one}" in client.capabilities]
        if not offered:
            raise self._failed("takes no tokens (OAuth)", "Give a password, or check its name and port")
        shown = _Token(self._account, offered[0])
        try:
            client.authenticate(offered[0], shown.answer)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            said = ", ".join(filter(None, (self._said(error), shown.why)))
            raise self._failed(
                f"refuses the token for “{self._account.user}” ({said})",
                "Check the user, oauth.scope, and that the application may read this mailbox over IMAP",
                TokenRefused,
            ) from error

    def _connected(self, made: socket.socket) -> None:
        self._socket = made

    def _fetched(
        self, numbers: str, items: str, *, by_uid: bool = False, most_bytes: int = 0
    ) -> Iterator[tuple[bytes, bytes | None]]:
        def fetching() -> list[Any]:
            client = self._ready(ANSWER_BYTES + most_bytes)
            done, data = client.uid("FETCH", numbers, items) if by_uid else client.fetch(numbers, items)
            if done != "OK":
                raise imaplib.IMAP4.error(_text(data))
            return data

        return _answers(self._calling(fetching))

    def _ready(self, most_bytes: int) -> "_Plain | _Tls":
        if self._client is None:
            raise imaplib.IMAP4.abort("the connection is closed")
        self._client.left = most_bytes
        return self._client

    def _calling(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except ssl.SSLError as error:
            raise self._failed(
                f"can't be reached safely ({error.reason or 'TLS failed'})",
                "Check its name, its port and its certificate",
            ) from error
        except (OSError, EOFError) as error:
            said = "it fell silent" if isinstance(error, TimeoutError) else str(error.args[-1] if error.args else error)
            raise self._failed(f"can't be reached ({said[:200]})", "Is its address right?") from error
        except imaplib.IMAP4.error as error:
            raise self._failed(f"broke off, or refused a command ({self._said(error)})", "It is tried again") from error
        except (ValueError, UnicodeError, IndexError) as error:
            raise self._failed("says what is no IMAP", "Is its address right?") from error

    def _said(self, error: Exception) -> str:
        raw = error.args[0] if error.args else ""
        text = raw.decode("ascii", "replace") if isinstance(raw, bytes) else str(raw)
        for secret in filter(None, (self._account.password, self._account.token)):
            text = text.replace(secret, "…")
        return " ".join(text.split())[:200]

    def _failed(self, why: str, todo: str, kind: type[Invalid] = Invalid) -> Invalid:
        end = "" if todo.endswith("?") else "."
        return kind(f"The mail server “{self._account.host}” {why}. {todo}{end}", code="not_fetched")


class _Token:
    """Answers a server that asks for a token (XOAUTH2; OAUTHBEARER, RFC 7628)."""

    def __init__(self, account: Account, mechanism: str) -> None:
        self._account = account
        self._is_standard = mechanism == "OAUTHBEARER"
        self._is_shown = False
        self.why = ""
        """The status that the server gives where it refuses."""

    def answer(self, challenge: bytes) -> bytes:
        """Show the token; to a second question, which says what is wrong with it, answer as each of them wants."""
        if self._is_shown:
            found = _STATUS.search(challenge)
            self.why = found[1].decode("ascii", "replace") if found else ""
            return b"\x01" if self._is_standard else b""
        self._is_shown = True
        account = self._account
        bearer = f"auth=Bearer {account.token}\x01\x01"
        if not self._is_standard:
            return f"user={account.user}\x01{bearer}".encode()
        name = account.user.replace("=", "=3D").replace(",", "=2C")
        return f"n,a={name},\x01host={account.host}\x01port={account.port}\x01{bearer}".encode()


class _Bounded(imaplib.IMAP4):
    """Reads no more of an answer than is left of what it may have."""

    left = ANSWER_BYTES

    def __init__(self, connected: Callable[[socket.socket], None], *arguments: Any, **named: Any) -> None:
        self._tell_connected = connected
        super().__init__(*arguments, **named)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        library: Any = super()
        made: socket.socket = library._create_socket(timeout)
        self._tell_connected(made)  # before the server has said anything, so that the wait for that can be cut
        return made

    def read(self, size: int) -> bytes:
        self._take(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._take(len(line))
        return line

    def _take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise self.abort("the answer is too long")


class _Plain(_Bounded):
    pass


class _Tls(_Bounded, imaplib.IMAP4_SSL):
    pass


def shown(raw: bytes) -> str:
    """Return a folder's name without the encoding of the wire (RFC 3501, 5.1.3)."""

    def plain(found: re.Match[str]) -> str:
        if not found[1]:
            return "&"
        try:
            return base64.b64decode(found[1].replace(",", "/") + "===").decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return found[0]

    return _SHIFTED.sub(plain, raw.decode("utf-8", "replace"))


def _folder(line: Any) -> Folder | None:
    text, name = _pair(line)
    found = _FOLDER.match(text)
    if found is None:
        return None
    raw: bytes = name if name is not None else found["name"].strip()
    if name is None and raw.startswith(b'"'):
        raw = re.sub(rb"\\(.)", rb"\1", raw[1:-1])
    if not raw or any(byte < 32 for byte in raw):
        return None
    separator = (found["separator"] or b"")[-1:].decode("ascii", "replace")
    parts = shown(raw).split(separator) if separator else [shown(raw)]
    parts = ["INBOX", *parts[1:]] if parts[0].upper() == "INBOX" else parts
    flags = frozenset(found["flags"].decode("ascii", "replace").lower().split())
    return Folder(raw, "/".join(part.replace("/", "_") for part in parts), flags)


def _pair(piece: Any) -> tuple[bytes, bytes | None]:
    """Return a piece of an answer, and the literal that follows it."""
    if isinstance(piece, tuple):
        start, literal = cast(tuple[bytes, bytes], piece)
        return start, literal
    return cast(bytes, piece), None


def _answers(data: Iterable[Any]) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield the text of each answer to FETCH, and the last of what it holds."""
    text, held = b"", cast(bytes | None, None)
    for piece in data:
        if piece is None:
            continue
        start, literal = _pair(piece)
        if _START.match(start) and text:
            yield text, held
            text, held = b"", None
        text += start
        held = literal if literal is not None else held
    if text:
        yield text, held


def _head(data: bytes) -> Head:
    parsed = email.parser.BytesHeaderParser().parsebytes(data)
    try:
        subject = str(email.header.make_header(email.header.decode_header(str(parsed.get("Subject", "")))))
    except (ValueError, LookupError):
        subject = str(parsed.get("Subject", ""))
    return Head(" ".join(str(parsed.get("Message-ID", "")).split()), " ".join(subject.split()))


def _text(data: Sequence[Any] | None) -> str:
    first = data[0] if data else b""
    return first.decode("ascii", "replace") if isinstance(first, bytes) else str(first or "")
