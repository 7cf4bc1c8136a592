"""Put all that is a person's into one file that machines can read."""

import contextlib
import re
import zipfile
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

import hubbub
from hubbub.answers.base import AnswerStore, KnowsOwners
from hubbub.app.application import Application
from hubbub.audit.base import Filter
from hubbub.connections.private import make_private_folder
from hubbub.connections.threads import in_a_thread
from hubbub.core.answer import Answer
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import NotFound
from hubbub.core.people import RIGHTS, Person
from hubbub.identity.jobs_sqlite import Job, PersonJobs

AT_ONCE = 50
WINDOW = 2_000
NAME_CHARACTERS = 120

README = """What Hubbub keeps of one person, as JSON (one value a file, UTF-8) and as the original files.

person.json        who it is, as far as known
chats/ID.json      a chat with the whole tree of its messages, all branches, and what each answer came to
answers.json       answers that belong to no chat
sessions/          chats that a page keeps here as a whole
collections.json   collections, with who may do what with them, and their documents
documents/         the documents' files, by collection
groups.json        groups the person is in
keys.json          API keys: names and times; the keys themselves are kept nowhere
sign_ins.json      browsers that are signed in
usage.jsonl        what was used, a record a line
audit.jsonl        what the audit has of the person, a line each, the newest first
"""


class Exporting:
    """Makes exports."""

    def __init__(self, app: Application, answers: AnswerStore, jobs: PersonJobs) -> None:
        self._app = app
        self._answers = answers
        self._jobs = jobs

    async def run(self, job: Job, path: Path) -> dict[str, int | str]:
        """Write an export to a path, and return how much of what is in it.

        It is there as a whole or not at all: what a kill left half written is written anew.
        """
        counts: dict[str, int | str] = {}
        part = path.with_suffix(".part")
        await in_a_thread(lambda: make_private_folder(path.parent))
        async with _zip(part) as archive:
            await archive.text("README.txt", README)
            await archive.json("export.json", {"version": hubbub.__version__, "person_id": job.person_id})
            for name, step in (
                ("person", self._person),
                ("chats", self._chats),
                ("answers in no chat", self._loose_answers),
                ("sessions of pages", self._sessions),
                ("documents", self._documents),
                ("groups", self._groups),
                ("keys", self._keys),
                ("sign-ins", self._sign_ins),
                ("records of usage", self._usage),
                ("lines of the audit", self._audit),
            ):
                counts[name] = 0
                async with aclosing(step(job.person_id, archive)) as done:
                    async for count in done:
                        counts[name] = int(counts[name]) + count
                await self._jobs.note(job, counts)
        await in_a_thread(partial(part.replace, path))
        counts["bytes"] = await in_a_thread(lambda: path.stat().st_size)
        return counts

    async def _person(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        known = await self._app.people.find(person_id) if self._app.people is not None else None
        await archive.json("person.json", known if known is not None else {"id": person_id})
        yield 1

    async def _chats(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        me = Person(person_id)
        after: tuple[float, str] | None = None
        while chats := await self._app.history.chats(person_id, limit=AT_ONCE, after=after):
            after = chats[-1].updated_at, chats[-1].id
            for chat in chats:
                with contextlib.suppress(NotFound):  # deleted just now
                    await archive.json(f"chats/{chat.id}.json", await self._app.chats.show(me, chat.id))
                    yield 1

    async def _loose_answers(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        found: list[Answer] = []
        after = ""
        if isinstance(self._answers, KnowsOwners):
            while rows := await self._answers.owners(after, WINDOW):
                after = rows[-1][0]
                ids = [answer_id for answer_id, owner_id in rows if owner_id == person_id]
                loose = [one for one in ids if await self._app.history.message(one) is None]
                found += (await self._app.log.answers(loose)).values() if loose else ()
        await archive.json("answers.json", found)
        yield len(found)

    async def _sessions(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        after: tuple[int, str] | None = None
        count = 0
        while sessions := await self._app.sessions.sessions(person_id, limit=AT_ONCE, after=after):
            after = sessions[-1].saved_at, sessions[-1].id
            for one in sessions:
                content = await self._app.sessions.content(person_id, one.id) or b"null"
                count += 1
                await archive.put(f"sessions/{count:05}.json", content)
                yield 1

    async def _documents(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        library = self._app.library
        told: list[dict[str, Any]] = []
        names = {right: name for name, right in RIGHTS.items()}
        for one in await library.collections():
            if one.owner_id != person_id:
                continue
            given = [{"subject": it.subject, "right": names[it.right]} for it in await library.permissions.of(one.id)]
            documents = await library.documents(one.id)
            files = {document.id: _path_of(one, document) for document in documents}
            told.append({"collection": one, "grants": given, "documents": documents, "files": files})
            for document in documents:
                with contextlib.suppress(NotFound):  # its file is gone: it is told among the documents all the same
                    await self._app.files.stat(document.sha256)
                    await archive.file(files[document.id], self._app.files.path(document.sha256))
                yield 1
        await archive.json("collections.json", told)

    async def _groups(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        groups = await self._app.library.groups.groups(person_id)
        await archive.json("groups.json", groups)
        yield len(groups)

    async def _keys(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        every = await self._app.keys.keys() if self._app.keys is not None else []
        keys = [key for key in every if key.person_id == person_id]
        await archive.json("keys.json", keys)
        yield len(keys)

    async def _sign_ins(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        found = await self._app.sign_ins.of(person_id) if self._app.sign_ins is not None else []
        await archive.json("sign_ins.json", found)
        yield len(found)

    async def _usage(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        async with aclosing(self._app.meter.of_person(person_id)) as records:
            lines = [record async for record in records]
        await archive.lines("usage.jsonl", lines)
        yield len(lines)

    async def _audit(self, person_id: str, archive: "_Archive") -> AsyncGenerator[int]:
        lines: list[Mapping[str, Any]] = []
        before = 0
        while (audit := self._app.audit) is not None:
            found = await audit.find(Filter(about=person_id), before=before, limit=AT_ONCE)
            lines += [{"number": number, **msgspec.structs.asdict(entry)} for number, entry in found.entries]
            before = found.next
            if not before:
                break
        await archive.lines("audit.jsonl", lines)
        yield len(lines)


class _Archive:
    """A ZIP file that is written in threads, so that the event loop goes on."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    async def text(self, name: str, text: str) -> None:
        await self.put(name, text.encode())

    async def json(self, name: str, value: object) -> None:
        await in_a_thread(lambda: self._file.writestr(name, msgspec.json.format(msgspec.json.encode(value))))

    async def lines(self, name: str, values: Iterable[object]) -> None:
        await in_a_thread(
            lambda: self._file.writestr(name, b"".join(msgspec.json.encode(one) + b"\n" for one in values))
        )

    async def put(self, name: str, content: bytes) -> None:
        await in_a_thread(lambda: self._file.writestr(name, content))

    async def file(self, name: str, path: Path) -> None:
        await in_a_thread(lambda: self._file.write(path, name))


@asynccontextmanager
async def _zip(path: Path) -> AsyncGenerator[_Archive]:
    file = await in_a_thread(lambda: _opened(path))
    try:
        yield _Archive(file)
    except BaseException:
        await in_a_thread(lambda: _dropped(file, path))
        raise
    await in_a_thread(file.close)


def _opened(path: Path) -> zipfile.ZipFile:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)


def _dropped(file: zipfile.ZipFile, path: Path) -> None:
    with contextlib.suppress(OSError):
        file.close()
        path.unlink()


def _path_of(collection: Collection, document: Document) -> str:
    """Return where a document's file stands in the archive: a name that leads nowhere else when it is unpacked."""
    parts = [_plain(part) for part in document.name.split("/")]
    name = "/".join(part for part in parts if part) or document.id
    return f"documents/{_plain(collection.name) or collection.id} ({collection.id[-6:]})/{name}"


def _plain(text: str) -> str:
    return re.sub(r'[\x00-\x1f<>:"\\|?*/]', "_", text).strip(". ")[:NAME_CHARACTERS]
