"""Assistants of one's own and shared ones."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hubbub.app.assistants import MOST_COLLECTIONS, MOST_STARTERS, MOST_TOKENS, Assistant, AssistantChanges
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends
from hubbub.web.routes.permissions import Grants, NewGrants, shown
from hubbub.web.routes.shared_things import OF_VERSION, page_of

router = APIRouter(prefix="/api", tags=["assistants"])

MOST_LISTED = 200


class Assistants(msgspec.Struct):
    """A person's assistants and those shared with them, the last changed first."""

    assistants: Sequence[Assistant]
    next: str | None
    """What gives the assistants behind these, as `after`; None where there are none."""


class AssistantParts(BaseModel):
    """What an assistant has besides its name."""

    model_config = ConfigDict(extra="forbid")
    description: str | None = None
    instructions: Annotated[str | None, Field(description="What the model is told with each question")] = None
    model: Annotated[str | None, Field(description="Empty: whichever answers as a rule")] = None
    collections: Annotated[
        list[str] | None,
        Field(max_length=MOST_COLLECTIONS, description="The collections that are asked; those that you can't see stay"),
    ] = None
    drops_left_out: Annotated[bool, Field(description="Whether those that you can't see go, too")] = False
    starters: Annotated[list[str] | None, Field(max_length=MOST_STARTERS, description="Questions to begin with")] = None
    reasoning_effort: Annotated[
        str | None,
        Field(pattern="^[a-z]{0,20}$", description="How hard a model that thinks is to think; empty: as usual"),
    ] = None
    max_tokens: Annotated[
        int | None, Field(ge=0, le=MOST_TOKENS, description="How long answers may get; 0: as the model is set")
    ] = None
    thorough: Annotated[
        bool | None, Field(description="Whether the model may take questions apart and search several times")
    ] = None

    def changes(self, name: str | None) -> AssistantChanges:
        """Return what that changes, with this name."""
        return AssistantChanges(
            name=name,
            description=self.description,
            instructions=self.instructions,
            model=self.model,
            collection_ids=None if self.collections is None else tuple(self.collections),
            starters=None if self.starters is None else tuple(self.starters),
            reasoning_effort=self.reasoning_effort,
            max_tokens=self.max_tokens,
            is_thorough=self.thorough,
            drops_left_out=self.drops_left_out,
        )


class NewAssistant(AssistantParts):
    """An assistant, and the name that it is found by."""

    name: str


class AssistantChange(AssistantParts):
    """What is to change of an assistant; what is not given stays."""

    name: str | None = None
    version: Annotated[int | None, Field(ge=1, description=OF_VERSION)] = None


@router.get("/assistants", responses=sends(Assistants))
async def list_assistants(
    app: App,
    person: Asker,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the assistants before")] = None,
) -> Response:
    """List your assistants and those shared with you, the last changed first, a page at a time."""
    return Json(Assistants(*await page_of(app.assistants, person, limit, after)))


@router.post("/assistants", status_code=201, responses=sends(Assistant, 201))
async def make_assistant(new: NewAssistant, app: App, person: Asker) -> Response:
    """Make an assistant. Only you can see it until you share it.

    Whoever asks it does so with their own rights: what they may not see of its collections is left out.
    """
    return Json(await app.assistants.make(person, new.changes(new.name)), status_code=201)


@router.get("/assistants/{assistant_id}", responses=sends(Assistant))
async def show_assistant(assistant_id: str, app: App, person: Asker) -> Response:
    """Show an assistant, as far as you may see it."""
    return Json(await app.assistants.get(person, assistant_id))


@router.patch("/assistants/{assistant_id}", responses=sends(Assistant))
async def change_assistant(assistant_id: str, new: AssistantChange, app: App, person: Asker) -> Response:
    """Change an assistant that is yours, or shared with you to write. Later questions go by it.

    409 `changed_meanwhile`: it is of a later version.
    """
    changes = msgspec.structs.replace(new.changes(new.name), version=new.version)
    return Json(await app.assistants.change(person, assistant_id, changes))


@router.delete("/assistants/{assistant_id}", status_code=204)
async def delete_assistant(assistant_id: str, app: App, person: Asker) -> None:
    """Delete an assistant. Chats with it stay, and can be read."""
    await app.assistants.delete(person, assistant_id)


@router.get("/assistants/{assistant_id}/grants", responses=sends(Grants))
async def show_assistant_grants(assistant_id: str, app: App, person: Asker) -> Response:
    """Show who may do what with an assistant that you manage."""
    return await shown(app, person, await app.assistants.permissions(person, assistant_id))


@router.put("/assistants/{assistant_id}/grants", responses=sends(Grants))
async def change_assistant_grants(assistant_id: str, new: NewGrants, app: App, person: Asker) -> Response:
    """Say who may do what with an assistant that you manage.

    Rights include the lesser ones: see (that it is there), use (ask it), write (change it), manage (share it, delete
    it). None of them is a right to its model or its collections.
    """
    return await shown(app, person, await app.assistants.share(person, assistant_id, new.permissions))
