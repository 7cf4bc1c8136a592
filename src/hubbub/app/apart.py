"""Start answers that are in no chat: a program asks, and sends along what was said before."""

import time
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from hubbub.answers.base import Found, Ticket, party_of
from hubbub.answers.desk import Send
from hubbub.app.application import Application
from hubbub.app.images import fault_of_image
from hubbub.core.errors import Malformed
from hubbub.core.events import Asked, Done
from hubbub.core.identifiers import new_id
from hubbub.core.people import Person
from hubbub.core.questions import JsonObject, Question
from hubbub.identity.grants import Grant, granted

REVOKED = "revoked"
"""The reason that such an answer is stopped for."""


async def ask_apart(
    app: Application,
    person: Person,
    question: Question,
    *,
    grace_seconds: float | None,
    keep_seconds: float,
    echo: JsonObject | None = None,
) -> str:
    """Start an answer that belongs to no chat, and return its id; its log, which begins with the question, is stored.

    It is worked on for `grace_seconds` while nobody reads it (None: to its end), and forgotten
    `keep_seconds` from now. The collections in the question have to be ones that the person may see.
    `echo` is stored with the question.

    Raises:
        Malformed: an image is not sent along, nor at a host that the operator named.
        NotFound: there is no such model.
        TooBusy, Overloaded: as many are answered and wait as may; nothing was stored.
        StoreError: it could not be stored, so it was not begun.
    """
    _check_images(app, question)
    admission = app.desk.enter(Ticket(party_of(person), *app.engine.weigh(question)))
    answer_id = new_id()
    await app.desk.start(
        answer_id,
        person.id,
        work_on(app, question),
        admission,
        grace_seconds=grace_seconds,
        keep_seconds=keep_seconds,
        first=Asked(question, echo or {}),
        credential=credential(),
        within_seconds=question.within_seconds,
    )
    stop_when_revoked(app, answer_id)
    return answer_id


def _check_images(app: Application, question: Question) -> None:
    """Check every image, by whatever door it came and whenever: a kept conversation may bring some along."""
    for turn in question.turns:
        for address in turn.images:
            if (fault := fault_of_image(address, app.limits.image_hosts)) is not None:
                raise Malformed(f"An image {fault}")


def credential() -> str | None:
    """Return the name of what lets in the request that is being served; None where that can't end, or has no name."""
    grant = granted.get()
    return None if grant is None else grant.name


def stop_when_revoked(app: Application, answer_id: str) -> None:
    """Stop an answer that is made here when what let its asker in ends: nobody pays for a revoked key."""
    if (grant := granted.get()) is not None:
        _hold(app, grant, answer_id)


def hold_again(app: Application, found: Found) -> None:
    """Stop an answer that was taken over when what let its asker in ends, as far as that was stored with it."""
    if found.credential and (grant := app.grants.named(found.credential, found.owner_id)) is not None:
        _hold(app, grant, found.id)


def _hold(app: Application, grant: Grant, answer_id: str) -> None:
    desk, log = app.desk, app.log
    grant.hold(lambda _: desk.stop_here(answer_id, REVOKED), is_over=lambda: not log.is_here(answer_id))


def work_on(app: Application, question: Question) -> Callable[[Send], Awaitable[Done]]:
    """Return how the answer to a question is made. The time that it has runs from now on."""
    began = time.monotonic()

    async def work(send: Send) -> Done:
        if question.within_seconds is None:
            return await app.engine.answer(question, send)
        left = max(0.0, question.within_seconds - (time.monotonic() - began))
        return await app.engine.answer(replace(question, within_seconds=left), send)

    return work


async def question_of(app: Application, found: Found) -> Question | None:
    """Return the question of an answer that is in no chat, from its log; None where there is none."""
    first = await app.log.first(found.id)
    return first.question if isinstance(first, Asked) else None
