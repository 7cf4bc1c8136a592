"""An IMAP server on loopback, after RFC 3501: what a reader of mailboxes needs, and ways to be difficult."""

import asyncio
import base64
import re
import ssl
from types import TracebackType
from typing import Self

import msgspec

USER = "bob@example.org"
PASSWORD = "a pässword \\ \" of 'his'"
DAY = "2026-07-17"
DATE = "17-Jul-2026 02:44:25 -0700"
_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^)]*\)|[^ ]+)')


class Held(msgspec.Struct):
    """A folder. Mails by their UIDs."""

    validity: int = 1
    mails: dict[int, bytes] = {}
    flags: dict[int, str] = {}
    next_uid: int = 1
    attributes: str = "\\HasNoChildren"

    def put(self, data: bytes) -> int:
        self.mails[self.next_uid] = data
        self.next_uid += 1
        return self.next_uid - 1

    def drop(self, uid: int) -> None:
        del self.mails[uid]

    def renumber(self) -> None:
        """Number the mails anew, as a server does whose index was lost."""
        self.validity += 1
        old = list(self.mails.values())
        self.mails.clear()
        self.next_uid += 7
        for data in old:
            self.put(data)


class MailServer:
    """The server; an async context manager."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, starts_tls: bool = False) -> None:
        self.folders = {"INBOX": Held()}
        self.commands: list[str] = []
        """What was asked, without what signs in."""
        self.capabilities = "IMAP4rev1 AUTH=PLAIN"
        self.tokens: set[str] = set()
        """What signs in by OAuth."""
        self.tokens_shown: list[str] = []
        self.refuses = False
        """Whether nobody may sign in."""
        self.breaks_at = ""
        """The connection is cut before the first command that holds this is answered."""
        self.silent_at = ""
        """Such a command is never answered."""
        self.claims_bytes = 0
        """A mail is said to be so long."""
        self._tls = tls
        self._starts_tls = starts_tls

    async def __aenter__(self) -> Self:
        tls = None if self._starts_tls else self._tls
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls, limit=1024 * 1024)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def add(self, *names: str, attributes: str = "\\HasNoChildren") -> None:
        """Add folders."""
        for name in names:
            self.folders[name] = Held(attributes=attributes)

    def put(self, folder: str, data: bytes) -> int:
        """Put a mail into a folder, and return its UID."""
        return self.folders[folder].put(data)

    def move(self, folder: str, uid: int, to: str) -> int:
        """Move a mail, and return its new UID."""
        return self.folders[to].put(self.folders[folder].mails.pop(uid))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        session = _Session(self, reader, writer)
        try:
            await session.run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Session:
    def __init__(self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.entered: Held | None = None
        self.is_signed_in = False

    def say(self, text: str | bytes) -> None:
        self.writer.write((text.encode() if isinstance(text, str) else text) + b"\r\n")

    async def run(self) -> None:
        self.say("* OK ready")
        while True:
            line = await self.reader.readuntil(b"\r\n")
            while found := _LITERAL.search(line):
                self.say("+ go on")
                line = line[: found.start()] + b'"' + await self.reader.readexactly(int(found[1])) + b'"'
                line += await self.reader.readuntil(b"\r\n")
            tag, command, rest = (line.decode().rstrip("\r\n") + "  ").split(" ", 2)
            name, rest = command.upper(), rest.strip()
            self.server.commands.append(name if name in ("LOGIN", "AUTHENTICATE") else f"{name} {rest}".strip())
            server = self.server
            if server.breaks_at and server.breaks_at in server.commands[-1]:
                return
            if server.silent_at and server.silent_at in server.commands[-1]:
                await asyncio.Event().wait()
            if name == "LOGOUT":
                self.say("* BYE")
                self.say(f"{tag} OK bye")
                return
            await getattr(self, f"do_{name.lower()}")(tag, rest)
            await self.writer.drain()

    async def do_capability(self, tag: str, rest: str) -> None:
        starts = " STARTTLS" if self.server._starts_tls else ""
        self.say(f"* CAPABILITY {self.server.capabilities}{starts}")
        self.say(f"{tag} OK done")

    async def do_starttls(self, tag: str, rest: str) -> None:
        self.say(f"{tag} OK begin")
        await self.writer.drain()
        assert self.server._tls is not None
        await self.writer.start_tls(self.server._tls)

    async def do_authenticate(self, tag: str, rest: str) -> None:
        self.say("+ ")
        given = base64.b64decode(await self.reader.readuntil(b"\r\n")).decode()
        if rest in ("XOAUTH2", "OAUTHBEARER"):
            await self._take_token(tag, rest, given)
            return
        self._sign_in(tag, *given.split("\0")[1:])

    async def _take_token(self, tag: str, mechanism: str, given: str) -> None:
        start, *parts = given.split("\x01")
        assert parts[-2:] == ["", ""]
        wanted = f"user={USER}" if mechanism == "XOAUTH2" else f"n,a={USER},"
        tokens = [part.removeprefix("auth=Bearer ") for part in parts if part.startswith("auth=")]
        self.server.tokens_shown += tokens
        if start == wanted and tokens and tokens[0] in self.server.tokens:
            self.is_signed_in = True
            self.say(f"{tag} OK welcome")
            return
        self.say("+ " + base64.b64encode(b'{"status":"invalid_token","schemes":"bearer"}').decode())
        await self.writer.drain()
        answer = await self.reader.readuntil(b"\r\n")
        assert answer == (b"\r\n" if mechanism == "XOAUTH2" else b"AQ==\r\n")
        self.say(f"{tag} NO [AUTHENTICATIONFAILED] {given} is wrong")

    async def do_login(self, tag: str, rest: str) -> None:
        words = [re.sub(r"\\(.)", r"\1", a.decode()) or b.decode() for a, b in _WORD.findall(rest.encode())]
        self._sign_in(tag, *words)

    def _sign_in(self, tag: str, user: str, password: str) -> None:
        if self.server.refuses or (user, password) != (USER, PASSWORD):
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] {password} is wrong")
            return
        self.is_signed_in = True
        self.say(f"{tag} OK welcome")

    async def do_list(self, tag: str, rest: str) -> None:
        for name, held in self.server.folders.items():
            self.say(f'* LIST ({held.attributes}) "/" "{name}"')
        self.say(f"{tag} OK done")

    async def do_examine(self, tag: str, rest: str) -> None:
        self.entered = self.server.folders.get(rest.strip('"'))
        if self.entered is None or not self.is_signed_in:
            self.say(f"{tag} NO there is none")
            return
        self.say(f"* {len(self.entered.mails)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.entered.validity}] valid")
        self.say(f"{tag} OK [READ-ONLY] done")

    async def do_uid(self, tag: str, rest: str) -> None:
        _, numbers, items = rest.split(" ", 2)
        wanted = {int(number) for number in numbers.split(",")}
        self._fetch(tag, items, lambda number, uid: uid in wanted)

    async def do_fetch(self, tag: str, rest: str) -> None:
        numbers, items = rest.split(" ", 1)
        first, last = map(int, numbers.split(":"))
        self._fetch(tag, items, lambda number, uid: first <= number <= last)

    def _fetch(self, tag: str, items: str, wants: "object") -> None:
        held = self.entered
        assert held is not None and callable(wants)
        for number, (uid, data) in enumerate(list(held.mails.items()), start=1):
            if not wants(number, uid):
                continue
            flags = held.flags.get(uid, "\\Seen")
            if "HEADER.FIELDS" in items:
                head = b"".join(
                    line + b"\r\n"
                    for line in data.replace(b"\r\n", b"\n").split(b"\n\n")[0].split(b"\n")
                    if line.lower().startswith((b"message-id", b"subject", b" "))
                )
                name = "BODY[HEADER.FIELDS (MESSAGE-ID SUBJECT)]"
                self.say(f"* {number} FETCH ({name} {{{len(head)}}}\r\n".encode() + head + f" UID {uid})".encode())
            elif "BODY.PEEK[]" in items:
                size = self.server.claims_bytes or len(data)
                self.say(f"* {number} FETCH (FLAGS (\\Recent))")  # which nobody asked for
                self.say(f"* {number} FETCH (UID {uid} BODY[] {{{size}}}\r\n".encode() + data + b")")
            else:
                size = len(data)
                self.say(f'* {number} FETCH (UID {uid} FLAGS ({flags}) INTERNALDATE "{DATE}" RFC822.SIZE {size})')
        self.say(f"{tag} OK done")
