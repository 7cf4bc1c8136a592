"""Operators read other people's things only by an act that says why, is in the audit, and ends."""

from pathlib import Path

from tests.servers.hubbub_server import scripted
from tests.web.test_audit import audited, operator
from tests.web.test_personal_data import SECRET, filled
from tests.web.test_signing_in import browser, member, serving, told


async def test_an_operator_reads_nothing_of_others_but_by_an_explicit_act(tmp_path: Path) -> None:
    fast = scripted(words=3, pause_seconds=0.0)
    async with serving(tmp_path, **fast) as server, browser(server) as root, browser(server) as ada:
        root_id = await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        things = await filled(ada)
        async with ada.get(f"/api/collections/{things['collection']}/documents") as response:
            [document] = (await told(response))["documents"]
        async with ada.get(f"/api/chats/{things['chat']}") as response:
            messages = (await told(response))["messages"]
        answer = next(one["id"] for one in messages if one["role"] == "assistant")
        search = {"query": "roof", "collections": [things["collection"]]}
        question = {"text": "What colour?", "collections": [things["collection"]]}

        async def statuses() -> list[int]:
            found: list[int] = []
            for path in (
                f"chats/{things['chat']}",
                f"answers/{answer}",
                f"documents/{document['id']}",
                f"documents/{document['id']}/file",
            ):
                async with root.get(f"/api/{path}") as response:
                    found.append(response.status)
                    assert response.status == 200 or SECRET not in await response.text()
            for path, body in (("search", search), ("questions", question)):
                async with root.post(f"/api/{path}", json=body) as response:
                    found.append(response.status)
            return found

        assert await statuses() == [403] * 6
        async with root.post("/api/search", json={"query": "roof"}) as response:
            assert SECRET not in await response.text(), "nor is it found where nothing is named"
        async with root.get(f"/api/collections/{things['collection']}/documents") as response:
            assert response.status == 200, "operators administrate it all the same"
        for body in ({"person_id": ada_id, "reason": " "}, {"person_id": ada_id, "reason": "x", "minutes": 1e6}):
            async with root.post("/api/operators/readings", json=body) as response:
                assert response.status == 422
        async with ada.post("/api/operators/readings", json={"person_id": root_id, "reason": "x"}) as response:
            assert response.status == 404
        body = {"person_id": ada_id, "reason": "She asked for help."}
        async with root.post("/api/operators/readings", json=body) as response:
            assert response.status == 201
        assert await statuses() == [200, 200, 200, 200, 200, 202]
        async with root.delete(f"/api/operators/readings/{ada_id}") as response:
            assert response.status == 204
        assert await statuses() == [403] * 6
        lines = await audited(root, who=root_id)
        deeds = [(one["deed"], one["what"]) for one in lines]
        assert ("reading of a person's things begun", ada_id) in deeds
        assert ("read as an operator", things["chat"]) in deeds
        assert any("She asked for help." in one["detail"] for one in lines)
