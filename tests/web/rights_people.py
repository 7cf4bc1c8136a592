"""People and groups that change in any order, and the application that they use: what oracles of rights begin with."""

import asyncio
import itertools
import re
import tempfile
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hubbub.app.application import Application
from hubbub.compose import prepare_folder
from hubbub.compose.application import open_asking
from hubbub.compose.backends import load_backends
from hubbub.compose.web import web_application_within
from hubbub.core.messages import Turn
from hubbub.core.people import CLAIM, EVERYBODY, GROUP, PERSON, RIGHTS, SIGNED_IN, Person, Right
from hubbub.core.questions import Generation
from hubbub.identity.base import Identity
from hubbub.identity.cookies import Cookies
from hubbub.identity.keys import Keyring
from hubbub.identity.open import OpenIdentity
from hubbub.models.base import Completion, SendPiece
from hubbub.models.scripted import ScriptedModel
from hubbub.settings import Settings
from tests.web.test_matrix import SAID, HostsIdentity

T = TypeVar("T")

NAMES = ("ann", "bob", "cat", "browser", "guest", "operator")
RIGHT_NAMES = {right: name for name, right in RIGHTS.items()}
CLAIMS = ("staff", "board")
CREW, MODELLERS = "crew", "modellers"
MODELS = {"quick": [EVERYBODY], "signed": [SIGNED_IN], "claimed": [CLAIM + MODELLERS], "crewed": [GROUP + CREW]}
"""The models that there are, and who may use them. A group is named as operators call it."""
WORDS = {name: f"uu{1_000_000 + place}x" for place, name in enumerate(MODELS) if name != "quick"}
"""What only these models say."""
WORD = re.compile(r"uu\d+x")  # which no id holds: these are written without the letter u


class Echo(ScriptedModel):
    """Says again the words that it is told, so that nothing that it is told stays hidden."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        said = sorted({word for turn in turns for word in WORD.findall(turn.text)})
        send(f"The quokka says {' and '.join(said) or 'nothing'} [1].")
        return Completion("stop", 1, 1)


def call_of(tool: str, **arguments: object) -> dict[str, object]:
    """Return the request that uses a tool of the Model Context Protocol."""
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def settings_of_models() -> dict[str, Any]:
    """Return the settings of these models."""
    return {
        name: {"shared_with": subjects}
        | (
            {"provider": "scripted", "text": WORDS[name]}
            if name in WORDS
            else {"provider": "own", "backend": f"{__name__}:Echo"}
        )
        for name, subjects in MODELS.items()
    }


def hosts_identity(keyring: Keyring, cookies: Cookies) -> Identity:
    """Return an identity of somebody's own, whose people are in no list here."""
    return HostsIdentity(OpenIdentity(keyring, cookies=cookies))


class Served:
    """The application, opened once for all runs: each has people and groups of its own."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        self.numbers = itertools.count()
        tables = {
            "server": {"data_folder": Path(self.folder.name) / "data"},
            "discovery": {"is_enabled": False},
            "embedded": {"is_enabled": False},
            "identity": {"backend": f"{__name__}:hosts_identity"},
            "embeddings": {"provider": "none"},
            "guide": {"is_enabled": False},
            "answers": {"shares_identical": True},
            "models": settings_of_models(),
            "default_model": "quick",
        }
        wanted = Settings.model_validate(tables)
        prepare_folder(wanted.server.data_folder)
        load_backends(wanted)  # imports read files: not on the loop's thread
        self.web = web_application_within(wanted, lambda: nullcontext(self.app), has_page=False)
        self.app: Application = self.run(self._open(wanted))

    async def _open(self, wanted: Settings) -> Application:
        self.app = await self.stack.enter_async_context(open_asking(wanted))
        await self.stack.enter_async_context(self.web.router.lifespan_context(self.web))
        return self.app

    def run(self, work: Awaitable[T]) -> T:
        async def run() -> T:
            return await work

        return self.runner.run(run())

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    async def ask(self, person: Person, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Return status and text of what the application answers."""
        path, _, query = path.partition("?")
        sent = b"" if body is None else msgspec.json.encode(body)
        headers = {"host": "x", SAID: msgspec.json.encode(person).decode(), "content-length": str(len(sent))}
        headers |= {"content-type": "application/json"} if sent else {}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 5),
            "server": ("x", 80),
        }
        waiting = [{"type": "http.request", "body": sent, "more_body": False}]
        said: list[Mapping[str, Any]] = []
        forever = asyncio.Event()

        async def receive() -> Mapping[str, Any]:
            if waiting:
                return waiting.pop()
            await forever.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            said.append(message)

        async with asyncio.timeout(20):
            await self.web(scope, receive, send)  # type: ignore[arg-type]
        text = b"".join(message.get("body", b"") for message in said)
        return next(message["status"] for message in said if "status" in message), text.decode()

    async def use_tool(self, person: Person, tool: str, **arguments: object) -> tuple[int, str]:
        """Return what a tool of the Model Context Protocol says; 404: it fails, whyever."""
        status, text = await self.ask(person, "POST", "/mcp", call_of(tool, **arguments))
        return (404 if msgspec.json.decode(text)["result"]["isError"] else status), text


@dataclass
class Shared:
    """A thing that is shared, as the oracle knows it."""

    id: str
    owner: str
    word: str
    given: dict[str, Right] = field(default_factory=dict[str, Right])


class People(RuleBasedStateMachine):
    """Who is here, the groups that they are in, and what providers claim of them."""

    served: ClassVar[Served]
    steps: ClassVar[int] = 0
    checks: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        number = next(self.served.numbers)
        self.run = f"r{number}"
        self.claims = {name: {f"{self.run}-{CLAIMS[0]}"} if name == "bob" else set[str]() for name in NAMES}
        self.groups: dict[str, set[str]] = {}
        self.chats: list[tuple[str, str]] = []
        """All that were begun, and by whom."""

    @initialize()
    def begin(self) -> None:
        # People of earlier runs shared with everybody: that is over, so that this run's oracle knows all there is.
        for one in self.do(self.served.app.library.collections()):
            self.do(self.served.app.library.delete(one.id))
        self.make_group()
        self.begin_with_things()

    def begin_with_things(self) -> None:
        """Make what there is to begin with."""

    def given(self) -> Iterable[dict[str, Right]]:
        """Return what was given for each thing."""
        raise NotImplementedError

    def words_of(self, name: str) -> set[str]:
        """Return the words that somebody may get to know."""
        raise NotImplementedError

    def subjects_of(self, name: str) -> set[str]:
        """Return who somebody is to rights."""
        found = {EVERYBODY, PERSON + self.id_of(name)}
        found |= {SIGNED_IN} if name not in ("browser", "guest") else set[str]()
        found |= {CLAIM + claim for claim in self.claims[name]}
        return found | {GROUP + group for group, members in self.groups.items() if name in members}

    def shared_right(self, name: str, thing: Shared) -> Right:
        """Return what somebody may do with a thing that is shared."""
        if name in ("operator", thing.owner):
            return Right.MANAGE
        return self.given_right(name, thing)

    def given_right(self, name: str, thing: Shared) -> Right:
        subjects = self.subjects_of(name)
        return max((right for subject, right in thing.given.items() if subject in subjects), default=Right.NONE)

    def subjects(self) -> list[str]:
        """Return whom things can be shared with."""
        subjects = [EVERYBODY, SIGNED_IN, *(PERSON + self.id_of(name) for name in NAMES[:4]), CLAIM + MODELLERS]
        return subjects + [GROUP + group for group in self.groups] + [CLAIM + group for group in self.groups]

    def share_thing(self, at: str, thing: Shared, by: str, subject: str, right: str) -> None:
        """Give a right to a thing, or take it, as somebody who may do that or not."""
        wanted = {one: RIGHT_NAMES[value] for one, value in thing.given.items() if one != subject}
        wanted |= {subject: right} if right else {}
        body = {"grants": [{"subject": one, "right": what} for one, what in wanted.items()]}
        has = self.shared_right(by, thing)
        status, _ = self.call(by, "PUT", f"{at}/grants", body)
        if has < Right.MANAGE:
            assert status == (403 if has else 404), (by, status)
        else:
            refused = self.refusals(by, thing.given, {one: RIGHTS[what] for one, what in wanted.items()})
            assert status in (refused or {200}), (by, wanted, status)
            if status == 200:
                thing.given = {one: RIGHTS[what] for one, what in wanted.items()}

    def refusals(self, by: str, before: dict[str, Right], after: dict[str, Right]) -> set[int]:
        """Return with what it may be refused that somebody who manages a thing gives these rights; none: it is not."""
        of_all = {one: right for one, right in after.items() if one in (EVERYBODY, SIGNED_IN)}
        foreign = {one.removeprefix(GROUP) for one in set(after) - set(before) if one.startswith(GROUP)}
        is_member = by == "operator" or all(by in self.groups.get(group, ()) for group in foreign)
        is_new = any(before.get(one) != right for one, right in of_all.items())
        found = {422} if Right.MANAGE in of_all.values() else set[int]()
        found |= {403} if is_new and by in ("browser", "guest") else set[int]()
        return found | (set[int]() if is_member else {404})

    def seen_in(self, name: str, text: str) -> None:
        """Check that a text tells nothing of what its reader may not use."""
        found, allowed = set(WORD.findall(text)), self.words_of(name)
        type(self).checks += 1
        assert found <= allowed, f"{name} got {found - allowed}"

    @invariant()
    def count(self) -> None:
        type(self).steps += 1

    def do(self, work: Awaitable[T]) -> T:
        return self.served.run(work)

    def call(self, name: str, method: str, path: str, body: object = None) -> tuple[int, str]:
        return self.do(self.served.ask(self.person(name), method, path, body))

    def use_tool(self, name: str, tool: str, **arguments: object) -> tuple[int, Any]:
        """Return whether a tool of the Model Context Protocol does it, and the fields of what it says."""
        status, text = self.do(self.served.use_tool(self.person(name), tool, **arguments))
        self.seen_in(name, text)
        return status, msgspec.json.decode(text)["result"].get("structuredContent")

    def id_of(self, name: str) -> str:
        if name == "guest":
            return "guest"
        return f"b{self.run[1:]:0>25}" if name == "browser" else f"{self.run}-{name}"

    def person(self, name: str) -> Person:
        known_by = {"browser": "cookie", "guest": "nothing"}.get(name, "account")
        groups = frozenset(self.claims[name])
        return Person(self.id_of(name), name, groups, name == "operator", known_by)  # type: ignore[arg-type]

    @initialize()
    def begin_to_read(self) -> None:
        """Let the operator read everybody's things: without that they administrate them alone, see test_readings."""
        for name in NAMES[:5]:
            body = {"person_id": self.id_of(name), "reason": "Somebody asked."}
            assert self.call("operator", "POST", "/api/operators/readings", body)[0] == 201

    @rule()
    def make_group(self) -> None:
        if len(self.groups) < 3:
            group = self.do(self.served.app.library.groups.create(f"G{next(self.served.numbers)}"))
            self.groups[group.id] = set()

    @rule(data=st.data(), name=st.sampled_from(NAMES[:4]), joins=st.booleans(), by=st.sampled_from(NAMES))
    def change_members(self, data: st.DataObject, name: str, joins: bool, by: str) -> None:
        if not self.groups:
            return
        group = data.draw(st.sampled_from(sorted(self.groups)))
        path = f"/api/groups/{group}/members/{self.id_of(name)}"
        status, _ = self.call(by, "PUT" if joins else "DELETE", path, {} if joins else None)
        may = by == "operator" or (not joins and by == name and name in self.groups[group])
        assert (status == 204) is may, (by, name, status)
        if may:
            (self.groups[group].add if joins else self.groups[group].discard)(name)

    @rule(data=st.data())
    def delete_group(self, data: st.DataObject) -> None:
        if self.groups:
            group = data.draw(st.sampled_from(sorted(self.groups)))
            assert self.call("operator", "DELETE", f"/api/groups/{group}")[0] == 204
            del self.groups[group]
            for given in self.given():
                given.pop(GROUP + group, None)

    @rule(data=st.data(), name=st.sampled_from(NAMES[:3]))
    def change_claims(self, data: st.DataObject, name: str) -> None:
        self.claims[name] ^= {data.draw(st.sampled_from([f"{self.run}-{claim}" for claim in CLAIMS] + [*self.groups]))}

    def teardown(self) -> None:
        for group in self.groups:
            self.do(self.served.app.library.groups.delete(group))
