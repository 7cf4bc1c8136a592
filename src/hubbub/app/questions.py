"""Take a question in, store it with the place of its answer, and start the answer."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar, overload

import msgspec
from msgspec.structs import replace

from hubbub.answers.base import Beside, Found, Party, Ticket, party_of
from hubbub.answers.log import Log
from hubbub.answers.runner import Runner, Send, Work
from hubbub.app.access import Access
from hubbub.app.again import AS_BEFORE, Again, once
from hubbub.app.askers import Askers, asker_of_found, owner_of
from hubbub.app.branches import Branches
from hubbub.app.images import fault_of_image
from hubbub.app.limits import RequestLimits
from hubbub.app.locks import Locks
from hubbub.app.model_rights import ModelRights
from hubbub.app.rights_watch import RightsWatch
from hubbub.app.sent_along import Sent, SentAlong, with_length
from hubbub.app.titles import title_of
from hubbub.app.traced import in_a_trace, note_question
from hubbub.conversation.engine import Engine
from hubbub.core import events
from hubbub.core.errors import Conflict, Invalid, Malformed, NotFound, OverQuota, TooLarge
from hubbub.core.identifiers import new_id
from hubbub.core.messages import AskedWith, Chat, Message
from hubbub.core.people import Person, Reader, reader_of
from hubbub.core.questions import Begun, JsonObject, Question
from hubbub.core.reasons import because
from hubbub.core.scopes import check_model
from hubbub.core.tracing import Tracing
from hubbub.core.usage import spending
from hubbub.history.base import History
from hubbub.identity.grants import Grant, Grants, granted
from hubbub.usage.meter import Bill, Meter, told
from hubbub.usage.refusals import OverBound

T = TypeVar("T")

CUT_OFF = ("length", "deadline")
"""The finish reasons of answers that are complete only as far as they were let."""
REVOKED = "revoked"
"""The reason that an answer is stopped for when what let its asker in ends."""


class Asked(msgspec.Struct, frozen=True):
    """A question that is stored, and its answer, which is under way."""

    chat: Chat
    question: Message
    answer: Message


class Place(msgspec.Struct, frozen=True):
    """Where in which chat a question stands. Without a chat's id it begins one."""

    chat_id: str | None = None
    parent_id: str | None = None
    """The answer that it follows."""
    question_id: str | None = None
    """Makes repeating a request safe: the same id again returns what it began the first time."""
    fingerprint: str | None = None
    """Tells a repeated request from another one under the same id."""
    sent: Sent = Sent()
    is_temporary: bool = False
    """Whether the chat that it begins is one."""


class Questions:
    """Starts answers: in chats, whose messages are stored, and apart, where a program sends along what was said."""

    def __init__(
        self,
        access: Access,
        runner: Runner,
        log: Log,
        history: History,
        engine: Engine,
        models: ModelRights,
        limits: RequestLimits,
        locks: Locks,
        grants: Grants,
        rights: RightsWatch,
        meter: Meter,
        askers: Askers,
        along: SentAlong,
        tracing: Tracing,
    ) -> None:
        self._access = access
        self._runner = runner
        self._log = log
        self._history = history
        self._engine = engine
        self._models = models
        self._limits = limits
        self._locks = locks
        self._grants = grants
        self._rights = rights
        self._meter = meter
        self._askers = askers
        self._along = along
        self.branches = Branches(history, log, along)
        self.tracing = tracing

    @overload
    async def ask(
        self, person: Person, question: Question, chat: Place, *, grace_seconds: float | None = None
    ) -> Asked: ...

    @overload
    async def ask(
        self,
        person: Person,
        question: Question,
        chat: None = None,
        *,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        echo: JsonObject | None = None,
        within: tuple[Message, Message] | None = None,
    ) -> str: ...

    @in_a_trace
    async def ask(
        self,
        person: Person,
        question: Question,
        chat: Place | None = None,
        *,
        grace_seconds: float | None = None,
        keep_seconds: float | None = None,
        echo: JsonObject | None = None,
        within: tuple[Message, Message] | None = None,
    ) -> Asked | str:
        """Store a question and start its answer, which is worked on for `grace_seconds` while nobody reads it.

        With a place it becomes part of that chat, whose messages are what was said before. Without one it is stored
        with its answer's log alone, `echo` beside it, and forgotten `keep_seconds` from now; the answer's id is
        returned. None is without an end for both times. With a message and the place of its answer `within` a chat they
        are stored with it, and it is kept as long as the chat is, though what was said before is the program's.

        Raises:
            Invalid, TooLarge: the text is empty or too long, or an id has not the form of one, or the `question_id`
                was used for another question.
            Malformed: an image is not sent along, nor at a host that the operator named.
            NotFound: there is no such chat, message, model or collection for this person.
            TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
            StoreError: it could not be stored, so it was not begun.
        """
        if chat is not None:
            return await self._ask_once(person, question, chat, grace_seconds)
        question = await self._readable(person, question)
        answer_id = new_id() if within is None else within[1].id

        async def begin(question: Question, reason: str) -> str:
            await self._begin(
                person,
                answer_id,
                question,
                grace_seconds=grace_seconds,
                keep_seconds=keep_seconds if within is None else None,
                first=events.Asked(question, echo or {}),
                beside=None if within is None else self._history.adding(within),
                reason=reason,
            )
            return answer_id

        return await self._within_quota(person, question, begin)

    async def count(self, person: Person, question: Question) -> int:
        """Return about how many tokens a model would be given to read for a question, which is not asked.

        Raises:
            NotFound: there is no such model or collection for this person.
        """
        return self._engine.estimate(await self._readable(person, question), is_whole=True)[1].read

    @in_a_trace
    async def ask_again(
        self, person: Person, question_id: str, how: Again = AS_BEFORE, *, answer_id: str | None = None
    ) -> Asked:
        """Start one more answer to a question, by the same model and over the same collections unless others are given.

        An `answer_id` makes repeating the request safe: the same id again returns what it began the first time.

        Raises:
            NotFound: there is no such question, answer, model or collection for this person.
            Conflict: the answer to go on with is still being written.
            Invalid: it can't be gone on with: it is complete, or says nothing, or quotes; or the `answer_id` has not
                the form of one, or is another message's.
            TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
            TooLarge: the chat has as many messages as it may have.
        """
        stored = await self._access.message(person, question_id)
        if stored.role != "user":
            raise NotFound("There is no such question.")
        begin = partial(self._answer_again, person, stored, how)
        known = partial(self._answered_before, person, stored)
        return await once(self._locks, self._history, answer_id, begin, known, name="answer_id")

    async def _answer_again(self, person: Person, stored: Message, how: Again, answer_id: str) -> Asked:
        begun: Begun | None = None
        if how.beside is not None:
            await self._answer_to(person, stored, how.beside)
        if how.continues is not None:
            earlier, begun = await self._begun(person, stored, how.continues)
            stored = replace(stored, model=earlier.model, collections=earlier.collections)
        chat = await self._access.chat(person, stored.chat_id)
        stored, assistant = await self._along.asked_again(person, stored, chat)
        if how.is_thorough is not None:
            stored = replace(stored, asked_with=replace(stored.asked_with, is_thorough=how.is_thorough))
        asked = stored.collections if how.collection_ids is None else tuple(how.collection_ids)
        stored = replace(stored, collections=asked)
        if how.model is not None:
            stored = replace(stored, model=how.model)
        question = with_length(replace(await self._along.restored(stored), continues=begun), how.max_tokens)
        question = await self._readable(person, question, chat.files_id)
        stored = replace(stored, collections=question.collection_ids)
        await self._check_room(chat)
        answer = Message(
            answer_id,
            chat.id,
            stored.id,
            "assistant",
            asked_with=AskedWith(assistant=assistant, beside=how.beside or ""),
        )
        return await self._start(person, chat, stored, question, how.grace_seconds, answer=answer)

    async def take_over(self, found: Found) -> tuple[Work, Ticket] | None:
        """Return how to make an answer that was begun by another worker; None where its question is gone."""
        first = await self._log.first(found.id)
        question = first.question if isinstance(first, events.Asked) else await self.branches.asked(found.id)
        if question is None:
            return None
        owner = owner_of(found.owner_id)
        if question.collection_ids and question.reader is None:  # what providers claimed for its asker is not known
            question = replace(question, reader=reader_of(owner))
        if not question.model:  # with the rights of the owner alone, as above
            try:
                question = await self._models.settle(owner, question)
            except NotFound:
                return None
        self._watch(owner, found.id, question)
        bill = self._meter.adopt(found.id, await self._askers.of_found(found))
        deployment, cost = self._engine.estimate(question)
        return self._work(question, bill), Ticket(Party(found.owner_id), deployment, cost.tokens)

    def hold_again(self, found: Found) -> None:
        """Stop an answer that was taken over when what let its asker in ends, as far as that was stored with it."""
        self._meter.adopt(found.id, asker_of_found(found))
        if found.credential and (grant := self._grants.named(found.credential, found.owner_id)) is not None:
            self._hold(grant, found.id)

    async def _ask_once(self, person: Person, question: Question, place: Place, grace_seconds: float | None) -> Asked:
        _check_text(question.text, self._limits.question_characters)
        begin = partial(self._ask_in, person, question, place, grace_seconds)
        known = partial(self._asked_before, person, question, place)
        return await once(self._locks, self._history, place.question_id, begin, known, name="question_id")

    async def _ask_in(
        self, person: Person, question: Question, place: Place, grace_seconds: float | None, question_id: str
    ) -> Asked:
        if place.chat_id is None and place.parent_id is not None:
            raise Invalid("parent_id needs the chat_id of the chat that it is in.")
        await self._models.check(person, question)
        now = time.time()
        if place.chat_id is None:
            chat = Chat(new_id(), person.id, title_of(question.text), now, now, is_temporary=place.is_temporary)
        else:
            chat = await self._access.chat(person, place.chat_id)
            await self._check_parent(person, chat, place.parent_id)
            await self._check_room(chat)
        question, chat, asked_with = await self._along.settle(
            person, place.sent, question, chat, is_new=place.chat_id is None
        )
        question = await self._readable(person, question, chat.files_id)
        model, ids = question.model or "", question.collection_ids
        stored = Message(question_id, chat.id, place.parent_id, "user", question.text, now, model, ids, asked_with)
        return await self._start(
            person,
            chat,
            stored,
            question,
            grace_seconds,
            new_chat=chat if place.chat_id is None else None,
            fingerprint=None if place.question_id is None else place.fingerprint,
        )

    async def _start(
        self,
        person: Person,
        chat: Chat,
        stored: Message,
        question: Question,
        grace_seconds: float | None,
        *,
        answer: Message | None = None,
        new_chat: Chat | None = None,
        fingerprint: str | None = None,
    ) -> Asked:
        """Start the answer to a message of a chat; both are stored with it. `answer` is one more to a stored one."""
        if stored.parent_id is not None:
            self._runner.check(party_of(person), self._engine.deployment_of(question))  # before the chat is read
            question = replace(question, turns=await self.branches.until(stored.chat_id, stored.parent_id))

        async def begin(question: Question, reason: str) -> Asked:
            model, now = question.model or "", time.time()
            made = answer or Message(new_id(), chat.id, stored.id, "assistant")
            made = replace(made, created_at=now, model=model, collections=stored.collections)
            messages = [made] if answer else [replace(stored, model=model), made]
            adding = self._history.adding(messages, chat=new_chat, fingerprint=fingerprint)
            await self._begin(person, made.id, question, grace_seconds=grace_seconds, beside=adding, reason=reason)
            return Asked(replace(chat, updated_at=now), stored, made)

        return await self._within_quota(person, question, begin)

    async def _within_quota(
        self, person: Person, question: Question, begin: Callable[[Question, str], Awaitable[T]]
    ) -> T:
        """Begin an answer; where its bounds are reached, let the model answer that the settings name for that.

        Raises:
            OverQuota: there is none.
        """
        try:
            return await begin(question, "")
        except OverQuota as error:
            smaller = self._meter.rules.over
            if not smaller or smaller not in (await self._models.catalog(person)).names:
                raise
            reason = f"{error.message.removesuffix(' Ask again then.')} Until then {smaller} answers."
        return await begin(replace(question, model=smaller), reason)

    async def _begin(
        self,
        person: Person,
        answer_id: str,
        question: Question,
        *,
        grace_seconds: float | None,
        keep_seconds: float | None = None,
        first: events.Event | None = None,
        beside: Beside | None = None,
        reason: str = "",
    ) -> None:
        """Begin an answer: the one way to do so. Whoever is refused leaves nothing behind."""
        self._check_images(question)
        party = party_of(person)
        deployment, cost = self._engine.estimate(question)
        check_model(person, deployment)
        note_question(answer_id, deployment, question)
        await self._meter.look()
        asker = await self._askers.of(person)
        bill = self._meter.bill(answer_id, asker, party.key, deployment, cost.read, cost.written)
        if question.continues is not None:
            bill.free_characters = len(question.continues.text)
        work = self._work(question, bill, reason)
        admission = self._runner.enter(Ticket(party, deployment, cost.tokens))
        try:
            await self._runner.start(
                answer_id,
                person.id,
                work,
                admission,
                grace_seconds=grace_seconds,
                keep_seconds=keep_seconds,
                first=first,
                beside=self._meter.beside(bill, beside),
                credential=None if (grant := granted.get()) is None else grant.name,
                within_seconds=question.within_seconds,
            )
        except OverBound as error:
            raise self._meter.refusal(error) from None
        if bill.reserving is not None:
            told.set(bill.standings)
        self._stop_when_revoked(answer_id)
        self._watch(person, answer_id, question)

    async def _readable(self, person: Person, question: Question, files_id: str = "") -> Question:
        """Return the question of a model that the person may use, and with whoever reads its collections.

        Raises:
            NotFound: the model, or a collection, is not there for them.
        """
        question = await self._models.settle(person, question)
        if not question.collection_ids:
            return question
        ids, reader = await self._access.readable(
            person, question.collection_ids, may_share=self._engine.shares_answers, files_id=files_id
        )
        return replace(question, collection_ids=ids, reader=reader)

    def _watch(self, person: Person, answer_id: str, question: Question) -> None:
        """Stop an answer that is made here when its asker may not use its model, assistant or collections any more."""
        holds = self._models.holding(person, self._engine.deployment_of(question))
        lent = self._along.assistants.holding(person, question.assistant_id) if question.assistant_id else None
        if question.reader is not None:
            self._rights.add(answer_id, question.reader, question.collection_ids, holds, lent)
        elif holds is not None or lent is not None:
            self._rights.add(answer_id, Reader(person.id), (), holds, lent)  # of no collection is asked

    def _work(self, question: Question, bill: Bill, reason: str = "") -> Callable[[Send], Awaitable[events.Done]]:
        """Return how the answer to a question is made. The time that it has runs from now on."""
        began = time.monotonic()

        async def work(send: Send) -> events.Done:
            spending.set(bill)
            if reason:
                send = _giving(reason, send)
            if question.within_seconds is None:
                return await self._engine.answer(question, send)
            left = max(0.0, question.within_seconds - (time.monotonic() - began))
            return await self._engine.answer(replace(question, within_seconds=left), send)

        return work

    def _check_images(self, question: Question) -> None:
        """Check every image, by whatever door it came and whenever: a kept conversation may bring some along."""
        for turn in question.turns:
            for address in turn.images:
                if (fault := fault_of_image(address, self._limits.image_hosts)) is not None:
                    raise Malformed(f"An image {fault}")

    def _stop_when_revoked(self, answer_id: str) -> None:
        """Stop an answer that is made here when what let its asker in ends: nobody pays for a revoked key."""
        if (grant := granted.get()) is not None:
            self._hold(grant, answer_id)

    def _hold(self, grant: Grant, answer_id: str) -> None:
        runner, log = self._runner, self._log
        grant.hold(lambda _: runner.stop_here(answer_id, REVOKED), is_over=lambda: not log.is_here(answer_id))

    async def _begun(self, person: Person, question: Message, answer_id: str) -> tuple[Message, Begun]:
        """Return an answer to a question that was cut off, and what it had said."""
        message = await self._answer_to(person, question, answer_id)
        answer = await self._log.answer(answer_id)
        if answer.state == "open":
            raise Conflict(because("answer_open"))
        if answer.state == "done" and answer.finish_reason not in CUT_OFF:
            raise Invalid(because("answer_complete"))
        if not answer.text or answer.way == "quotes":
            raise Invalid(because("answer_holds_nothing"))
        await self._access.check_hits(person, answer.hits)
        return message, Begun(answer.text, answer.query or "", answer.hits)

    async def _answer_to(self, person: Person, question: Message, answer_id: str) -> Message:
        message = await self._access.message(person, answer_id)
        if message.parent_id != question.id or message.role != "assistant":
            raise NotFound("There is no such answer to this question.")
        return message

    async def _answered_before(self, person: Person, question: Message, stored: Message) -> Asked:
        """Return the answer that a request under the same id has begun."""
        stored = await self._access.message(person, stored.id)
        if stored.parent_id != question.id:
            raise Invalid("This answer_id was used for something else. Make a new one.")
        return Asked(await self._access.chat(person, question.chat_id), question, stored)

    async def _asked_before(self, person: Person, question: Question, place: Place, stored: Message) -> Asked:
        known = await self._access.message(person, stored.id)
        chat = await self._access.chat(person, known.chat_id)
        kept = await self._history.fingerprint(known.id)
        if known.role == "user" and known.text == question.text and kept in (None, place.fingerprint):
            for message in await self._history.messages(chat.id):
                if message.parent_id == known.id:
                    return Asked(chat, known, message)
        raise Invalid("This question_id was used for another question. Make a new one.")

    async def _check_parent(self, person: Person, chat: Chat, parent_id: str | None) -> None:
        if parent_id is None:
            return
        parent = await self._access.message(person, parent_id)
        if parent.chat_id != chat.id or parent.role != "assistant":
            raise NotFound("parent_id has to be an answer in this chat.")

    async def _check_room(self, chat: Chat) -> None:
        if len(await self._history.messages(chat.id)) >= self._limits.chat_messages:
            raise TooLarge(because("chat_full", messages=self._limits.chat_messages))


def _giving(reason: str, send: Send) -> Send:
    """Return a `send` that says with the beginning why the answer is made otherwise than was asked."""

    def told_why(event: events.Event) -> None:
        if isinstance(event, events.Started) and not event.reason:
            event = replace(event, reason=reason)
        send(event)

    return told_why


def _check_text(text: str, most_characters: int) -> None:
    if not text.strip():
        raise Invalid(because("question_empty"))
    if len(text) > most_characters:
        raise TooLarge(because("question_too_long", characters=len(text), most=most_characters))
