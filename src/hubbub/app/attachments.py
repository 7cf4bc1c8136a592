"""Take pictures and files that are sent with questions, and keep them with the chat alone."""

import asyncio
import base64
import time
from collections.abc import AsyncIterable, Sequence
from functools import partial

import msgspec
from msgspec.structs import replace

from hubbub.app.access import CHAT_FILES, UPLOADED, Access, is_of_chat
from hubbub.app.images import media_type_of
from hubbub.app.model_rights import ModelRights
from hubbub.connections.threads import in_a_thread
from hubbub.core.documents import Collection, Document
from hubbub.core.errors import Invalid, NotFound, Overloaded, TooLarge, Unsupported
from hubbub.core.identifiers import new_id
from hubbub.core.messages import AskedWith, Attachment, Chat
from hubbub.core.people import PERSON, Permission, Person, Right, may_see
from hubbub.core.questions import Question
from hubbub.core.reasons import because
from hubbub.history.base import ChatChanges, History, Record, Records
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.models.catalog import Catalog
from hubbub.search.base import Library

PICTURE = "picture"
MOST_PICTURES = 10
"""So many may be sent with one question."""
MOST_NAMED = 50
"""So many files may be named with one question. All files of its chat are searched."""
MOST_UNSENT = 50
"""So many pictures a person may have that were sent with no question yet."""
MOST_AT_ONCE = 4
"""So many pictures are taken in at once: each is held in memory while it comes."""
NAME_CHARACTERS = 400
UNSENT_SECONDS = 7 * 86400.0
"""A draft that is so old has lost its pictures and files."""


class PictureSent(msgspec.Struct, frozen=True):
    """What is known of a picture besides its bytes."""

    name: str
    media_type: str
    size_bytes: int


class Attachments:
    """Pictures and files of questions. They belong to one chat, and are deleted with it."""

    def __init__(
        self,
        access: Access,
        history: History,
        records: Records,
        library: Library,
        pipeline: Pipeline,
        files: Files,
        models: ModelRights,
        most_bytes: int,
        person_bytes: int,
    ) -> None:
        """Take what keeps them; a picture may have `most_bytes`, those of a person `person_bytes` in all."""
        self._access = access
        self._history = history
        self._records = records
        self._library = library
        self._pipeline = pipeline
        self._files = files
        self._models = models
        self._most_bytes = most_bytes
        self._person_bytes = person_bytes
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    @property
    def most_bytes(self) -> int:
        """How large a picture may be."""
        return self._most_bytes

    async def add_picture(
        self, person: Person, name: str, pieces: AsyncIterable[bytes], *, payer: str = ""
    ) -> Attachment:
        """Store a picture for a question that is still to be asked. Where there is a payer, their bytes are bounded.

        Raises:
            Unsupported: it is no PNG, JPEG, GIF or WebP picture.
            TooLarge: it has too many bytes, or too many pictures wait to be sent.
            Overloaded: as many are being sent as may.
        """
        if self._places.locked():
            raise Overloaded(because("pictures_busy"), retry_after_seconds=3)
        async with self._places:
            await self._check_unsent(person)
            data = await self._gathered(pieces)
            if payer and await self._records.size_bytes(PICTURE, person.id) + len(data) > self._person_bytes:
                most = self._person_bytes // 1024**2
                raise TooLarge(
                    because("pictures_over", megabytes=most),
                    code="over_allowance",
                )
            media_type = media_type_of(data)
            if media_type is None:
                raise Unsupported(because("picture_unknown"))
            sent = PictureSent(name.strip()[:NAME_CHARACTERS] or "picture", media_type, len(data))
            record = Record(PICTURE, new_id(), person.id, None, time.time(), msgspec.json.encode(sent).decode())
            await self._records.put(record, data)
        return _attachment(record)

    async def _gathered(self, pieces: AsyncIterable[bytes]) -> bytes:
        data = bytearray()
        async for piece in pieces:
            data += piece
            if len(data) > self._most_bytes:
                megabytes = self._most_bytes // 1_000_000
                raise TooLarge(because("picture_too_large", megabytes=megabytes))
        return bytes(data)

    async def _check_unsent(self, person: Person) -> None:
        newest = await self._records.listed(PICTURE, owner_id=person.id, limit=MOST_UNSENT)
        if len(newest) == MOST_UNSENT and all(one.chat_id is None for one in newest):
            raise TooLarge(because("pictures_unsent", most=MOST_UNSENT))

    async def picture(self, person: Person, picture_id: str) -> tuple[Attachment, bytes]:
        """Return a picture.

        Raises:
            NotFound: there is none for this person.
        """
        record = await self._picture(person, picture_id)
        data = await self._records.data(PICTURE, picture_id)
        if data is None:
            raise NotFound("There is no such picture.")
        return _attachment(record), data

    async def remove_picture(self, person: Person, picture_id: str) -> None:
        """Forget a picture that was sent with no question yet.

        Raises:
            NotFound: there is none for this person.
            Invalid: it is part of a chat.
        """
        record = await self._picture(person, picture_id)
        if record.chat_id is not None:
            raise Invalid(because("picture_sent"))
        await self._records.delete(PICTURE, picture_id)

    async def _picture(self, person: Person, picture_id: str) -> Record:
        record = await self._records.get(PICTURE, picture_id)
        if record is None or not may_see(person, record.owner_id):
            raise NotFound("There is no such picture.")
        await self._access.check_reading(person, record.owner_id, picture_id)
        return record

    async def begin_files(self, person: Person, chat_id: str | None = None) -> Collection:
        """Return the collection that takes a chat's files. Without a chat it is for one that is still to be begun.

        Raises:
            NotFound: there is no such chat for this person.
        """
        chat = None if chat_id is None else await self._access.chat(person, chat_id)
        if chat is not None and chat.files_id:
            return await self._access.collection(person, chat.files_id, Right.WRITE)
        made = await self._begun(new_id(), person.id if chat is None else chat.owner_id)
        if chat is not None:
            await self._history.change(chat.id, ChatChanges(files_id=made.id))
        return made

    async def begin_upload(self, person: Person) -> Collection:
        """Return what takes a single file that is for no collection and no chat yet; deleted as unsent ones are."""
        return await self._begun(UPLOADED + new_id(), person.id)

    async def drop_upload(self, upload: Collection) -> None:
        """Forget what takes a single file, with the file."""
        await self._pipeline.remove_collection(upload.id)

    async def _begun(self, name: str, owner_id: str) -> Collection:
        made = await self._library.create(name, owner_id=CHAT_FILES + owner_id, is_shared=False)
        await self._library.permissions.put(made.id, [Permission(PERSON + owner_id, Right.WRITE)])
        return replace(made, right=Right.WRITE)

    async def files_of(self, person: Person, chat: Chat | None, files_id: str | None) -> str:
        """Return the id of the files that a question in a chat searches; empty where it names none.

        Raises:
            NotFound: there are none of this id for this person.
            Invalid: they are another chat's.
        """
        if not files_id:
            return ""
        if chat is not None and chat.files_id == files_id:
            return files_id
        collection = await self._access.collection(person, files_id, Right.WRITE)
        if not is_of_chat(collection):
            raise NotFound("There are no such files of a chat.")
        if chat is not None and chat.files_id:
            raise Invalid("This chat has files of its own. Add yours to them: POST /api/chat-files with its chat_id.")
        if await self._history.chat_of_files(files_id) is not None:
            raise Invalid(because("files_of_another_chat"))
        return files_id

    async def named(
        self,
        person: Person,
        picture_ids: Sequence[str],
        document_ids: Sequence[str],
        files_id: str,
        question: Question,
    ) -> tuple[Attachment, ...]:
        """Return the attachments of a question, checked.

        Raises:
            NotFound: one of them is not there for this person, or a document is none of these files.
            Invalid: there are too many, or the model reads no pictures.
        """
        if len(picture_ids) > MOST_PICTURES:
            raise Invalid(because("pictures_of_question", most=MOST_PICTURES))
        found = [_attachment(await self._picture(person, one)) for one in dict.fromkeys(picture_ids)]
        if found:
            check_reads_pictures(await self._models.catalog(person), question)
        for document_id in dict.fromkeys(document_ids):
            document = await self._access.document(person, document_id)
            if document.collection_id != files_id:
                raise NotFound("There is no such file in this chat.")
            found.append(Attachment("file", document.id, document.name, document.media_type, document.size_bytes))
        return tuple(found)

    async def images(self, asked_with: AskedWith) -> tuple[str, ...]:
        """Return the pictures of a question as `data:` URLs, for a model. Those that are gone are left out."""
        pictures = [one for one in asked_with.attachments if one.kind == PICTURE]
        kept = [(one, await self._records.data(PICTURE, one.id)) for one in pictures]
        return tuple([await in_a_thread(partial(_url, one, data)) for one, data in kept if data is not None])

    async def copy(self, person: Person, document_id: str, collection_id: str, *, payer: str = "") -> Document:
        """Add a document, such as a file of a chat, to a collection; it is read there anew.

        Where it is restricted, so is the copy: to the same, and to the person.

        Raises:
            NotFound: there is no such document or collection for this person.
            NotAllowed: the collection is not theirs to add to.
            Conflict: a document there has the name that the person may not see.
        """
        await self._access.collection(person, collection_id, Right.WRITE)
        document = await self._access.document(person, document_id)
        await self._access.check_name(person, collection_id, document.name)
        readers = await self._library.readers.of(document_id)
        if readers is not None:
            readers = list(dict.fromkeys([*readers, PERSON + person.id]))
        path = await self._files.here(document.sha256)
        await self._files.stat(document.sha256)
        return await self._pipeline.add(collection_id, document.name, path, payer=payer, readers=readers)

    async def remove_files(self, chat: Chat) -> None:
        """Forget the files of a chat that is deleted."""
        if chat.files_id:
            await self._pipeline.remove_collection(chat.files_id)

    async def sweep(self, before: float, *, held: Sequence[str] = ()) -> None:
        """Forget pictures and files that were sent before a time, and that no chat has; none of who is held."""
        await self._records.sweep(PICTURE, before, held=held)
        for one in await self._library.named_collections():
            if one.owner_id in held:
                continue
            if is_of_chat(one) and one.created_at < before and await self._history.chat_of_files(one.id) is None:
                await self._pipeline.remove_collection(one.id)


def _url(picture: Attachment, data: bytes) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(data).decode()}"


def _attachment(record: Record) -> Attachment:
    sent = msgspec.json.decode(record.about, type=PictureSent)
    return Attachment(PICTURE, record.id, sent.name, sent.media_type, sent.size_bytes)


def check_reads_pictures(catalog: Catalog, question: Question) -> None:
    """Return if the model that is asked looks at pictures: one of those that the person may use.

    Raises:
        Invalid: it does not.
    """
    has_documents = bool(question.collection_ids)
    usual = catalog.writer() if has_documents else catalog.default
    asked = catalog.get(question.model) if question.model else usual
    if has_documents and (asked is None or not asked.card.can_ground):
        raise Invalid(because("pictures_not_quoted"))
    if asked is None or not asked.card.reads_images:
        readers = [one.card.name for one in catalog if one.card.reads_images]
        name = "This server's default model" if asked is None else asked.card.name
        able = f"{', '.join(readers[:3])} can. Choose another model, or remove the pictures."
        raise Invalid(f"{name} can't read pictures. {able if readers else 'No model here can. Remove the pictures.'}")
