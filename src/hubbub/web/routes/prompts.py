"""Prompts of one's own and shared ones, and instructions for all questions."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hubbub.app.prompts import Prompt
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends
from hubbub.web.routes.permissions import Grants, NewGrants, shown
from hubbub.web.routes.shared_things import OF_VERSION, page_of

router = APIRouter(prefix="/api", tags=["prompts"])

MOST_PROMPTS = 200


class Prompts(msgspec.Struct):
    """A person's prompts and those shared with them, the last changed first."""

    prompts: Sequence[Prompt]
    next: str | None
    """What gives the prompts behind these, as `after`; None where there are none."""


class NewPrompt(BaseModel):
    """A prompt, and the name that it is found by."""

    model_config = ConfigDict(extra="forbid")
    name: str
    text: str


class PromptChange(NewPrompt):
    """A prompt as it is to be."""

    version: Annotated[int | None, Field(ge=1, description=OF_VERSION)] = None


class InstructionsText(BaseModel):
    """What models are told; empty: nothing."""

    model_config = ConfigDict(extra="forbid")
    text: str


class YourInstructions(msgspec.Struct):
    """What models are told with each question of yours that says `with_instructions`."""

    text: str


@router.get("/prompts", responses=sends(Prompts))
async def list_prompts(
    app: App,
    person: Asker,
    limit: Annotated[int, Query(ge=1, le=MOST_PROMPTS)] = MOST_PROMPTS,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the prompts before")] = None,
) -> Response:
    """List your prompts and those shared with you, the last changed first, a page at a time."""
    return Json(Prompts(*await page_of(app.prompts, person, limit, after)))


@router.post("/prompts", status_code=201, responses=sends(Prompt, 201))
async def make_prompt(new: NewPrompt, app: App, person: Asker) -> Response:
    """Keep a prompt. Only you can see it until you share it."""
    return Json(await app.prompts.make(person, new.name, new.text), status_code=201)


@router.put("/prompts/{prompt_id}", responses=sends(Prompt))
async def change_prompt(prompt_id: str, new: PromptChange, app: App, person: Asker) -> Response:
    """Change a prompt that is yours, or shared with you to write. 409 `changed_meanwhile`: it is of a later version."""
    return Json(await app.prompts.change(person, prompt_id, new.name, new.text, new.version))


@router.delete("/prompts/{prompt_id}", status_code=204)
async def delete_prompt(prompt_id: str, app: App, person: Asker) -> None:
    """Delete a prompt."""
    await app.prompts.delete(person, prompt_id)


@router.get("/prompts/{prompt_id}/grants", responses=sends(Grants))
async def show_prompt_grants(prompt_id: str, app: App, person: Asker) -> Response:
    """Show who may do what with a prompt that you manage."""
    return await shown(app, person, await app.prompts.permissions(person, prompt_id))


@router.put("/prompts/{prompt_id}/grants", responses=sends(Grants))
async def change_prompt_grants(prompt_id: str, new: NewGrants, app: App, person: Asker) -> Response:
    """Say who may do what with a prompt that you manage.

    Rights include the lesser ones: see (its name), use (its text), write (change it), manage (share it, delete it).
    """
    return await shown(app, person, await app.prompts.share(person, prompt_id, new.permissions))


@router.get("/me/instructions", responses=sends(YourInstructions))
async def show_instructions(app: App, person: Asker) -> Response:
    """Show your instructions for all chats. Those for one chat are the chat's own `instructions`."""
    return Json(YourInstructions(await app.prompts.instructions(person)))


@router.put("/me/instructions", responses=sends(YourInstructions))
async def put_instructions(new: InstructionsText, app: App, person: Asker) -> Response:
    """Say what models are told with each question of yours that says `with_instructions`."""
    return Json(YourInstructions(await app.prompts.put_instructions(person, new.text)))
