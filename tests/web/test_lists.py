"""Lists come in pages, one after the other, and nothing is told twice or left out. Against a server that runs."""

from pathlib import Path
from typing import Any

import aiohttp

from tests.web.test_audit import operator
from tests.web.test_shared_chats import serving, share
from tests.web.test_signing_in import browser, told

NAMES = ["beta", "Alpha", "gamma", "delta", "Ärger"]


async def made(http: aiohttp.ClientSession, path: str, method: str = "POST", **body: Any) -> dict[str, Any]:
    async with http.request(method, path, json=body) as response:
        assert response.status < 300, await response.text()
        return {} if response.status == 204 else await told(response)


async def pages(http: aiohttp.ClientSession, path: str, name: str) -> list[dict[str, Any]]:
    """Return a whole list, two by two."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        async with http.get(path, params={"limit": "2"} | ({"after": after} if after else {})) as response:
            assert response.status == 200, await response.text()
            page = await told(response)
        assert 0 < len(page[name]) <= 2
        found += page[name]
        if (after := page["next"]) is None:
            return found


async def test_each_list_is_whole_page_by_page(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root:
        await operator(server, tmp_path, root)
        for name in NAMES:
            group = await made(root, "/api/groups", name=name)
            await made(root, "/api/collections", name=name)
            await made(root, "/api/me/keys", name=name)
            await made(root, "/api/invitations", email=f"{len(name)}{ord(name[0])}@example.org")
            chat = (await made(root, "/api/questions", text=name))["chat"]
            await made(root, f"/api/chats/{chat['id']}", "PATCH", folder=name)
            assert (await share(root, chat["id"], audience="signed-in"))[0] == 201
        for person in ("a", "b", "c"):
            await made(root, f"/api/groups/{group['id']}/members/b{person * 25}", "PUT")
        lists = {
            "/api/groups": ("groups", "name", len(NAMES)),
            f"/api/groups/{group['id']}/members": ("members", "person_id", 3),
            "/api/collections": ("collections", "name", len(NAMES)),
            "/api/me/keys": ("keys", "name", len(NAMES)),
            "/api/links": ("links", "id", len(NAMES)),
            "/api/folders": ("folders", "name", len(NAMES)),
            "/api/invitations": ("invitations", "email", len(NAMES)),
            "/api/people": ("people", "id", 1),
        }
        for path, (name, field, count) in lists.items():
            found = [one[field] for one in await pages(root, path, name)]
            assert len(found) == len(set(found)) == count, (path, found)
            async with root.get(path) as response:
                whole = await told(response)
            assert [one[field] for one in whole[name]] == found
            assert whole["next"] is None


async def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root:
        await operator(server, tmp_path, root)
        await made(root, "/api/groups", name="Readers")
        for after in ("nonsense", "WzEsMl0=", "/"):
            async with root.get("/api/groups", params={"after": after}) as response:
                assert response.status == 422
                assert "`next`" in (await told(response))["detail"]
