"""Put all that is a person's into one file that machines can read."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

import hubbub
from hubbub.answers.base import AnswerStore, KnowsOwners
from hubbub.app.access import owner_ids
from hubbub.app.application import Application
from hubbub.app.archive import Archive, archive_at, plain_name
from hubbub.audit.base import Filter
from hubbub.connections.threads import in_a_thread
from hubbub.core.answer import Answer
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import NotFound
from hubbub.core.people import PERSON, RIGHTS, Person, Right, reader_of
from hubbub.history.base import AgingHistory, AnnotatedHistory, LinksOfPersons, RecordsOfPersons
from hubbub.identity.jobs_sqlite import Job
from hubbub.identity.passkeys_sqlite import Passkey
from hubbub.identity.stores import JobStore
from hubbub.identity.webauthn import written_id
from hubbub.search.base import KnowsPersons

AT_ONCE = 50
WINDOW = 2_000
MOST_JOBS = 500
NAMES = {right: name for name, right in RIGHTS.items()}

ExportStep: TypeAlias = Callable[["Exporting", str, Archive], AsyncGenerator[int]]
"""Writes one kind of a person's things into an archive, and yields how many it has written, now and then."""


class Exporting:
    """Makes exports: what they hold, `personal_kinds` lists."""

    def __init__(self, app: Application, answers: AnswerStore, jobs: JobStore) -> None:
        self._app = app
        self._answers = answers
        self._jobs = jobs

    async def run(
        self, job: Job, path: Path, readme: str, steps: Sequence[tuple[str, ExportStep]]
    ) -> dict[str, int | str]:
        """Write an export to a path, and return how much of what is in it.

        It is there as a whole or not at all: what a kill left half written is written anew.
        """
        counts: dict[str, int | str] = {}
        async with archive_at(path) as archive:
            await archive.text("README.txt", readme)
            await archive.json("export.json", {"version": hubbub.__version__, "person_id": job.person_id})
            for name, step in steps:
                counts[name] = 0
                async with aclosing(step(self, job.person_id, archive)) as done:
                    async for count in done:
                        counts[name] = int(counts[name]) + count
                await self._jobs.note(job, counts)
        counts["bytes"] = await in_a_thread(lambda: path.stat().st_size)
        return counts

    async def account(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write who it is, as far as known."""
        known = await self._app.people.find(person_id) if self._app.people is not None else None
        account = await self._app.accounts.of(person_id) if self._app.accounts is not None else None
        told: dict[str, Any] = {"id": person_id} if known is None else msgspec.structs.asdict(known)
        if account is not None:
            has_second_factor = account.totp_secret is not None
            told["account"] = {"email": account.email, "has_second_factor": has_second_factor}
        if self._app.provisioners is not None:
            told["provisioned"] = await self._app.provisioners.said_of(person_id)
        await archive.json("person.json", told)
        yield 1

    async def chats(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the chats, and what programs keep beside them."""
        me, after, history = Person(person_id), "", self._app.history
        while isinstance(history, AgingHistory):
            chats = await history.all_chats(person_id, after=after, limit=AT_ONCE)
            for chat in chats:
                with contextlib.suppress(NotFound):  # deleted just now
                    told = msgspec.structs.asdict(await self._app.chats.show(me, chat.id))
                    if isinstance(history, AnnotatedHistory):
                        told["annotation"] = msgspec.Raw(await history.annotation(chat.id) or b"null")
                    await archive.json(f"chats/{chat.id}.json", told)
                    yield 1
            if not chats:
                break
            after = chats[-1].id

    async def links(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the links by which chats were shared; none of them opens anything: their secrets are kept nowhere."""
        links = await self._app.links.all_of(person_id) if isinstance(self._app.links, LinksOfPersons) else []
        for link in links:
            if self._app.links is not None and (content := await self._app.links.content(link.id)) is not None:
                await archive.put(f"links/{link.id}.json", content)
        await archive.json("links.json", links)
        yield len(links)

    async def loose_answers(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the answers that belong to no chat."""
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

    async def records(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write pictures, prompts, instructions, ratings, and whatever else is kept so."""
        records = self._app.records
        told: list[dict[str, Any]] = []
        after = ("", "")
        while isinstance(records, RecordsOfPersons):
            found = await records.owned(person_id, after=after, limit=AT_ONCE)
            for one in found:
                data = await records.data(one.kind, one.id)
                name = f"records/{plain_name(one.kind)}/{plain_name(one.id)}" if data is not None else None
                if name is not None and data is not None:
                    await archive.put(name, data)
                told.append({**msgspec.structs.asdict(one), "about": msgspec.Raw(one.about.encode()), "file": name})
                yield 1
            if not found:
                break
            after = found[-1].kind, found[-1].id
        await archive.json("records.json", told)

    async def sessions(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the chats that a page keeps here as a whole."""
        after: tuple[int, str] | None = None
        count = 0
        while sessions := await self._app.sessions.sessions(person_id, limit=AT_ONCE, after=after):
            after = sessions[-1].saved_at, sessions[-1].id
            for one in sessions:
                content = await self._app.sessions.content(person_id, one.id) or b"null"
                count += 1
                await archive.put(f"sessions/{count:05}.json", content)
                yield 1

    async def collections(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the collections, those of chats' files too, with who may do what with them and their documents."""
        library = self._app.library
        told: list[dict[str, Any]] = []
        own = owner_ids(person_id)
        for one in [one for one in await library.named_collections() if one.owner_id in own]:
            given = [{"subject": it.subject, "right": NAMES[it.right]} for it in await library.permissions.of(one.id)]
            documents = await library.documents(one.id)
            readers = {each.id: await library.readers.of(each.id) for each in documents if each.is_restricted}
            files = {document.id: _path_of(one, document) for document in documents}
            told.append(
                {"collection": one, "grants": given, "documents": documents, "files": files, "readers": readers}
            )
            for document in documents:
                with contextlib.suppress(NotFound):  # its file is gone: it is told among the documents all the same
                    path = await self._app.files.here(document.sha256)
                    await self._app.files.stat(document.sha256)
                    await archive.file(files[document.id], path)
            yield 1
        await archive.json("collections.json", told)

    async def documents_elsewhere(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write which documents the person added to collections of others."""
        library = self._app.library
        paid = await library.paid(PERSON + person_id) if isinstance(library, KnowsPersons) else []
        reader = reader_of(Person(person_id))  # not those that are restricted to others
        found = [one for id_ in paid if (one := await library.document(id_, reader=reader)) is not None]
        named = {one.id: one for one in await library.named_collections(ids=[one.collection_id for one in found])}
        own = owner_ids(person_id)
        others = [one for one in found if one.collection_id in named and named[one.collection_id].owner_id not in own]
        await archive.json("documents_elsewhere.json", others)
        yield len(others)

    async def rights(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the groups that the person is in, and what others let them do."""
        library = self._app.library
        groups = await library.groups.groups(person_id)
        given: list[tuple[str, Right]] = []
        if isinstance(library, KnowsPersons):
            given = await library.given(PERSON + person_id)
        await archive.json("groups.json", groups)
        prompts = await self._app.prompts.given_to(person_id)
        documents = [(one, Right.SEE) for one in await library.readers.given(PERSON + person_id)]
        assistants = await self._app.assistants.given_to(person_id)
        kinds = (
            ("collection_id", given),
            ("document_id", documents),
            ("prompt_id", prompts),
            ("assistant_id", assistants),
        )
        rights = [{kind: one, "right": NAMES[right]} for kind, them in kinds for one, right in them]
        await archive.json("rights.json", rights)
        yield len(groups) + len(rights)

    async def keys(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the API keys' names, times and limits."""
        every = await self._app.keys.keys() if self._app.keys is not None else []
        keys = [key for key in every if key.person_id == person_id]
        await archive.json("keys.json", keys)
        yield len(keys)

    async def passkeys(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write the passkeys."""
        known: Sequence[Passkey] = ()
        if self._app.passkeys is not None:
            known = await self._app.passkeys.list(Person(person_id))
        told = [{**one._asdict(), "id": written_id(one.id)} for one in known]
        await archive.json("passkeys.json", told)
        yield len(told)

    async def sign_ins(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write where the person is signed in."""
        found = await self._app.sign_ins.of(person_id) if self._app.sign_ins is not None else []
        await archive.json("sign_ins.json", found)
        yield len(found)

    async def taken_along(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write which guests' things the person took along."""
        guests = await self._app.guests.taken_by(person_id) if self._app.guests is not None else []
        await archive.json("guests.json", guests)
        yield len(guests)

    async def readings(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write which operators read the person's things, and whose the person reads."""
        found = await self._app.readings.about(person_id)
        await archive.json("readings.json", found)
        yield len(found)

    async def usage(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write what was used by the person, and by the guests that they were."""
        guests = await self._app.guests.taken_by(person_id) if self._app.guests is not None else []
        lines: list[Mapping[str, Any]] = []
        for one in (person_id, *guests):
            async with aclosing(self._app.meter.of_person(one)) as records:
                lines += [record async for record in records]
        await archive.lines("usage.jsonl", lines)
        store = self._app.meter.quotas
        quotas = await store.quotas() if store is not None else []
        about = [one for one in quotas if (one.scope, one.subject) == ("person", person_id) or one.set_by == person_id]
        await archive.json("quotas.json", about)
        yield len(lines) + len(about)

    async def jobs(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write which exports and erasures were asked for, and whether there is a legal hold."""
        jobs = await self._jobs.of(person_id, limit=MOST_JOBS)
        holds = [one for one in await self._jobs.holds() if one.person_id == person_id]
        await archive.json("jobs.json", {"jobs": jobs, "holds": holds})
        yield len(jobs) + len(holds)

    async def audit(self, person_id: str, archive: Archive) -> AsyncGenerator[int]:
        """Write what the audit has of the person: by their ids, as a guest too, and by their e-mail."""
        guests = await self._app.guests.taken_by(person_id) if self._app.guests is not None else []
        known = await self._app.people.find(person_id) if self._app.people is not None else None
        account = await self._app.accounts.of(person_id) if self._app.accounts is not None else None
        emails = {one for one in (known and known.email, account and account.email) if one}
        found: dict[int, Mapping[str, Any]] = {}
        for name in (person_id, *guests, *emails):
            found |= {number: line async for number, line in self._audited(name)}
        await archive.lines("audit.jsonl", [found[number] for number in sorted(found, reverse=True)])
        yield len(found)

    async def _audited(self, name: str) -> AsyncGenerator[tuple[int, Mapping[str, Any]]]:
        before = 0
        while (audit := self._app.audit) is not None:
            found = await audit.find(Filter(about=name), before=before, limit=AT_ONCE)
            for number, entry in found.entries:
                yield number, {"number": number, **msgspec.structs.asdict(entry)}
            before = found.next
            if not before:
                break


def _path_of(collection: Collection, document: Document) -> str:
    """Return where a document's file stands in the archive: a name that leads nowhere else when it is unpacked."""
    parts = [plain_name(part) for part in document.name.split("/")]
    name = "/".join(part for part in parts if part) or document.id
    return f"documents/{plain_name(collection.name) or collection.id} ({collection.id[-6:]})/{name}"
