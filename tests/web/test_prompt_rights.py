"""Prompts that are shared: each right lets somebody do what it says, and nothing is left of one that was taken."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.app.prompt_rights import PROMPT_RIGHTS, PROMPT_SHARED
from hubbub.core.identifiers import new_id
from hubbub.core.people import GUEST_ID, Member
from tests.web.application import Hubbub
from tests.web.test_audit import audited, operator
from tests.web.test_signing_in import browser, member, serving

RIGHTS = ["see", "use", "write", "manage"]
TEXT = {"name": "French", "text": "Translate to French:"}


async def call(http: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with http.request(method, path, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def id_of(http: aiohttp.ClientSession) -> str:
    return (await call(http, "GET", "/api/me"))[1]["person"]["id"]


async def made(http: aiohttp.ClientSession, **text: str) -> str:
    status, prompt = await call(http, "POST", "/api/prompts", TEXT | text)
    assert (status, prompt["right"], prompt["is_mine"]) == (201, "manage", True)
    return prompt["id"]


async def share(http: aiohttp.ClientSession, prompt_id: str, **rights: str) -> tuple[int, Any]:
    """Share with subjects, whose colons are written as double underscores."""
    grants = [{"subject": who.replace("__", ":"), "right": right} for who, right in rights.items()]
    return await call(http, "PUT", f"/api/prompts/{prompt_id}/grants", {"grants": grants})


async def seen(http: aiohttp.ClientSession) -> list[tuple[str, str, str]]:
    prompts = (await call(http, "GET", "/api/prompts"))[1]["prompts"]
    return [(one["name"], one["text"], one["right"]) for one in prompts]


@pytest.mark.parametrize("right", RIGHTS)
async def test_each_right_lets_do_what_it_says(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession, right: str
) -> None:
    prompt_id, has = await made(ann), RIGHTS.index(right)
    path = f"/api/prompts/{prompt_id}"
    status, given = await share(ann, prompt_id, **{f"person__{await id_of(bob)}": right})
    assert (status, [one["right"] for one in given["grants"]]) == (200, [right])
    assert await seen(bob) == [("French", TEXT["text"] if has >= 1 else "", right)]
    changed = {"name": "Français", "text": "En français :"}
    status, told = await call(bob, "PUT", path, changed)
    assert status == (200 if has >= 2 else 403)
    assert await seen(ann) == [("Français", "En français :", "manage")] if has >= 2 else [("French", *TEXT.values())]
    if status == 200:
        assert (told["right"], told["is_mine"]) == (right, False)
    assert (await call(bob, "GET", f"{path}/grants"))[0] == (200 if has >= 3 else 403)
    assert (await share(bob, prompt_id))[0] == (200 if has >= 3 else 403)
    if has >= 3:
        assert await seen(bob) == [], "who manages it has ended the sharing, their own right too"
        assert (await call(bob, "DELETE", path))[0] == 404
    else:
        assert (await call(bob, "DELETE", path))[0] == 403
    for http in (await hubbub.person(), await hubbub.program("robot"), await hubbub.guest()):
        assert await seen(http) == []
        for method, end, body in (("PUT", "", changed), ("DELETE", "", None), ("GET", "/grants", None)):
            unknown = await call(http, method, f"/api/prompts/{new_id()}{end}", body)
            assert await call(http, method, path + end, body) == unknown
            assert unknown[0] == 404


async def test_a_group_has_a_right_as_long_as_somebody_is_in_it(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    groups = hubbub.services.library.groups
    team, other = await groups.create("Team"), await groups.create("Others")
    ann_id, bob_id = await id_of(ann), await id_of(bob)
    await groups.put_member(team.id, Member(ann_id))
    await groups.put_member(team.id, Member(bob_id))
    prompt_id = await made(ann)
    assert (await share(ann, prompt_id, **{f"group__{other.id}": "use"}))[0] == 404, "she is not in it"
    assert (await share(ann, prompt_id, **{f"group__{team.id}": "use", f"person__{bob_id}": "see"}))[0] == 200
    assert await seen(bob) == [(*TEXT.values(), "use")], "the greater one counts"
    await groups.remove_member(team.id, bob_id)
    assert await seen(bob) == [("French", "", "see")]
    assert (await share(ann, prompt_id))[0] == 200
    assert await seen(bob) == []
    assert await hubbub.services.records.listed(PROMPT_SHARED, limit=9) == []


async def test_only_who_is_vouched_for_shares_with_everybody(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    robot, guest = await hubbub.program("robot"), await hubbub.guest()
    for who in ("everybody", "signed-in"):
        assert (await share(ann, await made(ann), **{who: "use"}))[0] == 403
        assert (await share(robot, await made(robot), **{who: "manage"}))[0] == 422
    for odd in ("everyone", "person__", f"person__{GUEST_ID}", "unscoped__x"):
        assert (await share(robot, await made(robot), **{odd: "use"}))[0] == 422, odd
    prompt_id = await made(robot, name="For all")
    assert (await share(robot, prompt_id, **{"signed-in": "use"}))[0] == 200
    assert await seen(ann) == [("French", TEXT["text"], "manage")] * 2
    assert ("For all", TEXT["text"], "use") in await seen(await hubbub.program("another"))
    assert (await share(robot, prompt_id, everybody="use"))[0] == 200
    assert [one[0] for one in await seen(ann)].count("For all") == 1
    assert await seen(guest) == [("For all", TEXT["text"], "use")]


async def test_own_and_shared_prompts_are_one_list_of_pages(
    ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    subject = {f"person__{await id_of(bob)}": "use"}
    for number in range(6):
        prompt_id = await made((ann, bob)[number % 2], name=str(number))
        if number % 2 == 0:
            await share(ann, prompt_id, **subject)
    names: list[str] = []
    after = ""
    while True:
        page = (await call(bob, "GET", f"/api/prompts?limit=2{after}"))[1]
        names += [one["name"] for one in page["prompts"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert names == ["5", "4", "3", "2", "1", "0"]


async def test_nothing_is_left_of_a_prompt_or_a_person_that_is_gone(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    prompts, records = hubbub.services.prompts, hubbub.services.records
    ann_id, bob_id = await id_of(ann), await id_of(bob)
    subject = {f"person__{bob_id}": "write", f"person__{new_id()}": "use"}
    kept, deleted = await made(ann), await made(ann)
    for one in (kept, deleted):
        await share(ann, one, **subject)
    assert (await call(ann, "DELETE", f"/api/prompts/{deleted}"))[0] == 204
    assert [right.name for _, right in await prompts.given_to(bob_id)] == ["WRITE"]
    assert await prompts.forget_person(bob_id) == 1
    assert (await prompts.given_to(bob_id), await seen(bob)) == ([], [])
    found = [*await records.listed(PROMPT_RIGHTS, limit=9), *await records.listed(PROMPT_SHARED, limit=9)]
    assert len(found) == 2
    assert bob_id not in str(found)
    await prompts.forget_person(ann_id)
    for kind in (PROMPT_RIGHTS, PROMPT_SHARED):
        assert await records.listed(kind, limit=9) == []


async def test_sharing_is_in_the_audit(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada, browser(server) as eve:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        eve_id = await member(server, tmp_path, eve, "eve@example.org")
        prompt_id = await made(ada)
        assert (await share(ada, prompt_id, **{f"person__{eve_id}": "use"}))[0] == 200
        assert await seen(eve) == [(*TEXT.values(), "use")]
        [line] = await audited(root, deed="prompt shared")
        assert (line["who"], line["what"], line["detail"]) == (ada_id, prompt_id, f"+person:{eve_id}=use")
        assert (await share(ada, prompt_id))[0] == 200
        assert await seen(eve) == []
        details = {one["detail"] for one in await audited(root, deed="prompt shared")}
        assert details == {f"+person:{eve_id}=use", f"-person:{eve_id}=use"}
