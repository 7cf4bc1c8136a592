"""What people say of answers."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from hubbub.app.ratings import RatedAnswer, Rating
from hubbub.web.asker import App, Asker, check_operator
from hubbub.web.bodies import Json, sends
from hubbub.web.cursors import cursor, cursor_of

router = APIRouter(prefix="/api", tags=["answers"])

MOST_RATINGS = 200


class NewRating(BaseModel):
    """Whether an answer is good, and why."""

    model_config = ConfigDict(extra="forbid")
    is_good: bool
    comment: str = ""


class RatedAnswers(msgspec.Struct):
    """Ratings with what was rated, the newest first."""

    ratings: Sequence[RatedAnswer]
    next: str | None
    """What gives the ratings behind these, as `after`; None where there are none."""


@router.put("/answers/{answer_id}/rating", responses=sends(Rating))
async def rate_answer(answer_id: str, new: NewRating, app: App, person: Asker) -> Response:
    """Say what you think of an answer in a chat. Who runs the server sees it, with the question and the answer."""
    return Json(await app.ratings.put(person, answer_id, new.is_good, new.comment))


@router.delete("/answers/{answer_id}/rating", status_code=204)
async def remove_rating(answer_id: str, app: App, person: Asker) -> None:
    """Take your rating of an answer back."""
    await app.ratings.remove(person, answer_id)


@router.get("/operators/ratings", responses=sends(RatedAnswers))
async def list_ratings(
    request: Request,
    app: App,
    person: Asker,
    limit: Annotated[int, Query(ge=1, le=MOST_RATINGS)] = 100,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the ratings before")] = None,
) -> Response:
    """List what people said of answers, the newest first, with question and answer. For operators."""
    check_operator(person, request)
    place = None if after is None else cursor(after)
    found = await app.ratings.all(limit=limit + 1, after=place)
    ratings = found[:limit]
    following = cursor_of(ratings[-1].rated_at, ratings[-1].answer_id) if len(found) > limit else None
    return Json(RatedAnswers(ratings, following), headers={"cache-control": "no-store"})
