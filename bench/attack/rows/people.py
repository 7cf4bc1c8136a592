"""Who is let in, and what they are told: revoked keys, planted cookies, rebound names, addresses, inner words."""

import asyncio
import json
import tempfile
import time
import urllib.parse
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bench.attack.base import Attack, Seen, Target, environment, python
from tests.servers.copies import can_be_copied, copied
from tests.servers.hubbub_server import environment as served_environment
from tests.servers.hubbub_server import scripted, through

CANARY = "canary-phrase-of-the-upstream"
INNER = "http://169.254.169.254/latest/meta-data"
SAID = [{"role": "user", "content": "Go on"}]


async def _ask(
    url: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Return status, head and body of a response that is read to its end."""
    place = urllib.parse.urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        data = b"" if body is None else json.dumps(body).encode()
        sent = {"Host": place.netloc, "Connection": "close", "Content-Length": str(len(data))}
        sent |= {"Content-Type": "application/json"} if data else {}
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in (sent | dict(headers or {})).items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        head, _, rest = (await reader.read(-1)).partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode("latin-1"), rest.decode("utf-8", "replace")
    finally:
        writer.close()


async def _keys(target: Target, folder: Path, *arguments: str) -> str:
    variables = served_environment(folder, environment(target))
    if can_be_copied(variables):
        copy = await copied(["keys", *arguments], variables, folder)
        told = await copy.stdout.read()
        await copy.end()
        return told.decode()
    child = await asyncio.create_subprocess_exec(
        *python("-m", "hubbub", "keys", *arguments), env=variables, stdout=asyncio.subprocess.PIPE, cwd=folder
    )
    return (await child.communicate())[0].decode()


async def _revoked(target: Target) -> Seen:
    """Measure how long streams at three doors go on after their key was revoked by another process."""
    with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        variables = {**scripted(words=200, pause_seconds=0.05), "HUBBUB_SERVER__WORKERS": "2"}
        async with target.serving(variables, folder=folder) as server:
            made = await _keys(target, folder, "add", "robot")
            key = next(word for word in made.split() if word.startswith("hb-"))
            sent = {"Authorization": f"Bearer {key}"}
            doors = [
                ("/api/questions", {"text": "Go on", "model": "scripted"}, {"Accept": "text/event-stream"}),
                ("/v1/chat/completions", {"model": "scripted", "messages": SAID, "stream": True}, {}),
                ("/v1/responses", {"model": "scripted", "input": "Go on", "stream": True}, {}),
                ("/chat/stream", {"messages": SAID}, {}),
            ]
            streams = [
                asyncio.create_task(_ask(server.url, "POST", path, body, sent | more)) for path, body, more in doors
            ]
            await asyncio.sleep(1)
            began = time.monotonic()
            await _keys(target, folder, "revoke", "robot")
            revoked = time.monotonic()
            ended: list[float] = []
            for stream in streams:
                await stream
                ended.append(time.monotonic() - revoked)
            words = (
                f"{len(streams)} streams ended at most {max(ended):.1f} s after `keys revoke` ({revoked - began:.1f} s)"
            )
            return Seen(words, max(ended) <= 1.0)


async def _planted(target: Target) -> Seen:
    async with target.serving(scripted()) as server:
        planted = f"hubbub_browser={'a' * 43}"
        _, head, _ = await _ask(server.url, "GET", "/api/me", headers={"Cookie": planted})
        was_issued = "set-cookie" in head.lower()
        _, head, own = await _ask(server.url, "GET", "/api/me")
        cookie = head.lower().partition("set-cookie: ")[2] and head.split("hubbub_browser=")[1].split(";")[0]
        both = {"Cookie": f"{planted}; hubbub_browser={cookie}"}
        _, _, seen = await _ask(server.url, "GET", "/api/me", headers=both)
        is_own = json.loads(seen)["person"]["id"] == json.loads(own)["person"]["id"]
        words = f"a planted cookie is {'replaced' if was_issued else 'a person'}; beside it the own one "
        return Seen(words + ("counts" if is_own else "is not looked at"), was_issued and is_own)


async def _rebound(target: Target) -> Seen:
    with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # Loopback addresses alone are spoken to; the server only believes that it may be reached from elsewhere.
        async with target.serving(scripted() | {"HUBBUB_SERVER__HOST": "127.0.0.2"}, folder=folder) as server:
            await _ask(server.url, "POST", "/api/questions", {"text": "A secret plan", "model": "scripted"})
            rebound = {"Host": "rebound.attacker.example"}
            status, _, text = await _ask(server.url, "GET", "/api/chats", headers=rebound)
            _, _, listed = await _ask(server.url, "GET", "/api/chats")
        is_refused = status == 403 and "allowed_hosts" in text
        is_listed = "secret plan" in listed
        words = (
            f"a rebound name gets {status}; a program without a key is {'' if is_listed else 'not '}shown the guest's"
        )
        return Seen(words, is_refused and not is_listed)


async def _fetched(target: Target) -> Seen:
    seen: list[bytes] = []
    async with (
        _upstream(seen, 200) as url,
        target.serving(through(url) | {"HUBBUB_MODELS__UP__READS_IMAGES": "true"}) as server,
    ):
        part = {"type": "image_url", "image_url": {"url": INNER}}
        said = [{"role": "user", "content": [{"type": "text", "text": "What?"}, part]}]
        item = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": INNER}]
        statuses = [
            (await _ask(server.url, "POST", path, body))[0]
            for path, body in (
                ("/v1/chat/completions", {"model": "up", "messages": said}),
                ("/v1/responses", {"model": "up", "input": [{"role": "user", "content": item}]}),
                ("/chat", {"messages": said}),
            )
        ]
    passed = sum(INNER.encode() in one for one in seen)
    return Seen(f"{passed} of {len(statuses)} were passed on; statuses {statuses}", not passed)


async def _told(target: Target) -> Seen:
    """Let the upstream fail in several ways, and look for inner words in what is answered at each door."""
    leaks: set[str] = set()
    tried = 0
    with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as name:
        for status in (400, 401, 404, 500, 0, -1) if not target.is_short else (400, 500, -1):
            async with _upstream([], status) as url, target.serving(through(url), folder=Path(name)) as server:
                place = urllib.parse.urlsplit(url).netloc
                for path, body, headers in (
                    ("/v1/chat/completions", {"model": "up", "messages": SAID}, {}),
                    ("/v1/responses", {"model": "up", "input": "Go on", "stream": True}, {}),
                    ("/api/questions", {"text": "Go on", "model": "up"}, {"Accept": "text/event-stream"}),
                    ("/chat", {"messages": SAID}, {}),
                    ("/chat/stream", {"messages": SAID}, {}),
                ):
                    _, _, text = await _ask(server.url, "POST", path, body, headers)
                    tried += 1
                    words = {"address": place, "upstream's words": CANARY, "folder": name, "key": "sk-secret"}
                    leaks |= {what for what, word in words.items() if word in text}
    return Seen(f"{tried} failures told; in them: {', '.join(sorted(leaks)) or 'nothing inner'}", not leaks)


@asynccontextmanager
async def _upstream(seen: list[bytes], status: int) -> AsyncIterator[str]:
    """Serve a model server that answers everything with a status; 0: it breaks off; -1: it answers something else."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
            seen.append(head + await reader.readexactly(int(length.partition(b":")[2])))
            body = json.dumps({"error": {"message": f"{CANARY}"}}).encode()
            kind = "application/json"
            if status == -1:
                body, kind = f"<html>{CANARY}</html>".encode(), "text/html"
            if status:
                line = f"HTTP/1.1 {200 if status == -1 else status} X\r\nContent-Type: {kind}\r\n"
                writer.write(f"{line}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


REVOKED = Attack("a revoked key's open streams", "all have ended 1 s after the key was revoked", _revoked)
PLANTED = Attack("a planted cookie", "only issued cookies are people; any valid one of several counts", _planted)
REBOUND = Attack(
    "a rebound name off loopback", "refused by the setting's name; the guest's chats are not listed", _rebound
)
FETCHED = Attack("an image at an inner address", "none is passed on to the model server", _fetched)
TOLD = Attack("inner words in errors", "no address, folder, key or word of the upstream's reaches a person", _told)
