"""Settle what a question to an assistant is asked with: the rights are always those of who asks."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from hubbub.app.assistants import Assistants, AssistantText, Standing
from hubbub.app.model_rights import ModelRights
from hubbub.app.rights_watch import Lent
from hubbub.core.errors import NotAllowed, NotFound
from hubbub.core.messages import AskedAssistant, Turn
from hubbub.core.people import Person
from hubbub.core.questions import Instructions, Question
from hubbub.core.scopes import check_model

GONE, NO_COLLECTION, NO_MODEL = "assistant_gone", "assistant_collections", "assistant_model"
GO_ON = "Choose another assistant, or go on without one."


class Settled(msgspec.Struct, frozen=True):
    """What an assistant brings to one person's question."""

    asked: AskedAssistant
    instructions: str = ""
    model: str | None = None
    collection_ids: tuple[str, ...] = ()
    reasoning_effort: str | None = None

    @property
    def left_out(self) -> str:
        """Say which part of the assistant was not asked; empty: all of it was."""
        if not self.asked.left_out:
            return ""
        left_out, every = self.asked.left_out, self.asked.collections
        are = "is" if left_out == 1 else "are"
        return f"{left_out} of {every} collections of this assistant {are} not shared with you."


class AskingAssistants:
    """Settles what questions to assistants are asked with."""

    def __init__(self, assistants: Assistants, models: ModelRights) -> None:
        self._assistants = assistants
        self._models = models

    async def settle(
        self,
        person: Person,
        assistant_id: str,
        *,
        is_of_chat: bool = False,
        model: str | None = None,
        collection_ids: Sequence[str] = (),
    ) -> Settled:
        """Return what an assistant brings to a question that names this model and these collections itself, if any.

        Raises:
            NotFound: there is no such assistant for this person, or its model is not there for them and they name none.
            NotAllowed: they may not ask it, or none of its collections, and they name none.
        """
        text = await self._usable(person, assistant_id, is_of_chat=is_of_chat)
        if not model and text.model:
            if text.model not in (await self._models.catalog(person)).names:
                raise NotFound(
                    "The model of this assistant is not there for you: it is gone, or it is not shared with you. "
                    "Choose a model for your question, or ask whoever made the assistant.",
                    code=NO_MODEL,
                )
            check_model(person, text.model)
        standing = await self._assistants.standing(person, text.collection_ids)
        if text.collection_ids and not standing.collections and not collection_ids:
            raise NotAllowed(_no_collections(standing), code=NO_COLLECTION)
        own = tuple(one.id for one in standing.collections)
        return Settled(
            _asked(assistant_id, text, standing),
            text.instructions,
            model or text.model or None,
            tuple(dict.fromkeys((*own, *collection_ids))),
            text.reasoning_effort or None,
        )

    async def still_there(self, person: Person, assistant_id: str, collection_ids: Sequence[str]) -> Sequence[str]:
        """Return those of the collections that a question of a chat was asked over that its person may still ask.

        Raises:
            NotFound: the assistant is not there for them any more.
            NotAllowed: they may not ask it, or none of the collections.
        """
        await self._usable(person, assistant_id, is_of_chat=True)
        standing = await self._assistants.standing(person, collection_ids)
        if collection_ids and not standing.collections:
            raise NotAllowed(_no_collections(standing), code=NO_COLLECTION)
        return [one.id for one in standing.collections]

    def holding(self, person: Person, assistant_id: str) -> Lent:
        """Return what tells whether a person may still be answered by an assistant."""
        return Lent(
            assistant_id,
            lambda: self._assistants.mark(assistant_id),
            lambda: self._assistants.is_usable(person, assistant_id),
        )

    async def _usable(self, person: Person, assistant_id: str, *, is_of_chat: bool) -> AssistantText:
        try:
            return await self._assistants.usable(person, assistant_id)
        except NotFound:
            if not is_of_chat:
                raise
            message = f"The assistant of this chat was deleted, or is not shared with you any more. {GO_ON}"
            raise NotFound(message, code=GONE) from None


def with_assistant(question: Question, settled: Settled) -> Question:
    """Return a question that is answered as an assistant says, where it says nothing of length and effort itself."""
    how = question.generation
    return replace(
        question,
        assistant_id=settled.asked.id,
        generation=replace(
            how,
            reasoning_effort=how.reasoning_effort or settled.reasoning_effort,
            max_tokens=how.max_tokens or settled.asked.max_tokens,
        ),
        is_thorough=question.is_thorough or settled.asked.is_thorough,
    )


def told_by(question: Question, settled: Settled) -> Question:
    """Return a program's question with what an assistant brings to it; its instructions come before the program's."""
    question = with_assistant(question, settled)
    if not settled.instructions:
        return question
    if question.is_verbatim:
        return replace(question, turns=_told_first(question.turns, settled.instructions))
    said = question.instructions
    texts = [settled.instructions, said.text] if said is not None else [settled.instructions]
    replaces = said is not None and said.replaces
    return replace(question, instructions=Instructions("\n\n".join(texts), replaces))


def _told_first(turns: Sequence[Turn], text: str) -> tuple[Turn, ...]:
    """Return turns that begin with this for the model: in one turn, as many servers take no second of the system."""
    if turns and turns[0].role == "system":
        return (replace(turns[0], text=f"{text}\n\n{turns[0].text}"), *turns[1:])
    return (Turn("system", text), *turns)


def _asked(assistant_id: str, text: AssistantText, standing: Standing) -> AskedAssistant:
    return AskedAssistant(
        assistant_id,
        text.name,
        text.version,
        len(standing.collections) + standing.left_out,
        standing.left_out,
        text.max_tokens,
        text.is_thorough,
    )


def _no_collections(standing: Standing) -> str:
    if standing.left_out == 0:
        return f"The collections of this assistant were deleted. Ask whoever made it for others. {GO_ON}"
    if standing.left_out == 1:
        return f"The collection of this assistant is not shared with you. Ask whoever made it. {GO_ON}"
    none = f"None of the {standing.left_out} collections of this assistant is shared with you."
    return f"{none} Ask whoever made it. {GO_ON}"
