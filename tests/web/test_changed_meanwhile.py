"""Two people change one thing: nobody's change is lost without a word."""

import asyncio
from typing import Any

import aiohttp
import pytest

from hubbub.core.people import Person
from tests.web.application import Hubbub
from tests.web.test_assistants import share
from tests.web.test_prompt_rights import call, id_of

NEW: dict[str, dict[str, Any]] = {
    "assistants": {"name": "Lawyer", "instructions": "Answer as a lawyer would."},
    "prompts": {"name": "Offer", "text": "Write an offer."},
}
METHODS = {"assistants": "PATCH", "prompts": "PUT"}
WORDS = {"assistants": "instructions", "prompts": "text"}


@pytest.mark.parametrize("kind", NEW)
async def test_a_change_of_an_older_version_is_refused(
    ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, kind: str
) -> None:
    status, made = await call(ann, "POST", f"/api/{kind}", NEW[kind])
    assert (status, made["version"]) == (201, 1)
    await share(ann, made["id"], kind=kind, **{f"person__{await id_of(bob)}": "write"})
    path, word = f"/api/{kind}/{made['id']}", WORDS[kind]
    status, theirs = await call(bob, METHODS[kind], path, NEW[kind] | {word: "Bob's", "version": 1})
    assert (status, theirs["version"], theirs[word]) == (200, 2, "Bob's")
    for version in (1, 3):
        status, told = await call(ann, METHODS[kind], path, NEW[kind] | {word: "Ann's", "version": version})
        assert (status, told["code"], told["reason"]) == (409, "changed_meanwhile", "changed_meanwhile")
    [seen] = (await call(ann, "GET", f"/api/{kind}"))[1][kind]
    assert (seen["version"], seen[word]) == (2, "Bob's")
    status, mine = await call(ann, METHODS[kind], path, NEW[kind] | {word: "Ann's", "version": seen["version"]})
    assert (status, mine["version"], mine[word]) == (200, 3, "Ann's")
    status, mine = await call(bob, METHODS[kind], path, NEW[kind])
    assert (status, mine["version"]) == (200, 4), "who names no version changes whichever there is"
    for wrong in (0, "first", 1.5):
        assert (await call(ann, METHODS[kind], path, NEW[kind] | {"version": wrong}))[0] == 422
    assert (await call(ann, "DELETE", path))[0] == 204
    assert (await call(bob, METHODS[kind], path, NEW[kind] | {"version": 4}))[0] == 404


async def test_of_many_changes_at_once_one_is_made(hubbub: Hubbub) -> None:
    """Also when all have read the same before any has written."""
    prompts, ann = hubbub.services.prompts, Person("ann", "ann", known_by="account")
    made = await prompts.make(ann, "Offer", "First.")
    changes = (prompts.change(ann, made.id, "Offer", str(number), 1) for number in range(20))
    done = await asyncio.gather(*changes, return_exceptions=True)
    [kept] = [one for one in done if not isinstance(one, BaseException)]
    assert [one.text for one in await prompts.list(ann)] == [kept.text]
