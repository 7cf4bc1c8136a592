"""What documents do against the server: a parser that is taken over, floods of uploads, a machine that runs short."""

import asyncio
import contextlib
import io
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.attack.base import Attack, Seen, Target
from tests.servers.hubbub_server import HubbubServer
from tests.servers.processes import descendants_of

MEBIBYTE = 1024 * 1024
ALLOWED_MEBIBYTES = 2
SLOW_SECONDS = 2.0
SETTLED = ("ready", "failed")

# A PDF library that was taken over: it does its deeds, and shows a page on which stands what came of them.
TAKEN_OVER = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
database, port = open(os.path.join(os.path.dirname(__file__), "target")).read().split()
parent = os.getppid()
AT = database.encode()

def fork():
    pid = libc.fork()
    if pid == 0:
        os._exit(0)
    return pid

def connect(family, address):
    made = libc.socket(family, 1, 0)
    return libc.connect(made, address, len(address)) if made >= 0 else made

DEEDS = {
    "read_the_database": lambda: libc.open(AT, 0),
    "write_the_database": lambda: libc.open(AT, 1),
    "link_the_database": lambda: libc.link(AT, AT + b".link"),
    "rename_the_database": lambda: libc.rename(AT + b".link", AT + b".away"),
    "delete_the_database": lambda: libc.unlink(AT + b".away"),
    "read_etc_shadow": lambda: libc.open(b"/etc/shadow", 0),
    "read_the_parents_memory": lambda: libc.open(b"/proc/%d/mem" % parent, 0),
    "read_the_parents_environment": lambda: libc.open(b"/proc/%d/environ" % parent, 0),
    "signal_the_parent": lambda: libc.kill(parent, 0),
    "trace_the_parent": lambda: libc.ptrace(ctypes.c_long(0x4206), parent, None, None),
    "limit_the_parent": lambda: libc.prlimit(parent, 7, None, ctypes.create_string_buffer(16)),
    "fork": fork,
    "open_a_unix_socket": lambda: libc.socket(1, 1, 0),
    "open_a_netlink_socket": lambda: libc.socket(16, 3, 0),
    "call_the_server": lambda: connect(2, b"\\2\\0" + int(port).to_bytes(2, "big") + b"\\x7f\\0\\0\\1" + bytes(8)),
    "share_memory": lambda: libc.shmget(0, 4096, 0o1600),
    "make_a_file_in_memory": lambda: libc.memfd_create(b"x", 0),
    "write_to_dev_shm": lambda: libc.open(b"/dev/shm/taken-over", 0o102, 0o600),
    "write_to_tmp": lambda: libc.open(b"/tmp/taken-over", 0o102, 0o600),
}

def pdf_of(lines):
    shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
    stream = f"BT /F1 10 Tf 72 720 Td {shown} ET"
    kids = "/Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< {kids} /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\\nstream\\n{stream}\\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    text, places = "%PDF-1.4\\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(text))
        text += f"{number} 0 obj\\n{part}\\nendobj\\n"
    table = "".join(f"{place:010} 00000 n \\n" for place in places)
    ending = f"trailer\\n<< /Size 6 /Root 1 0 R >>\\nstartxref\\n{len(text)}\\n%%EOF\\n"
    return (text + f"xref\\n0 6\\n0000000000 65535 f \\n{table}" + ending).encode()

# The real library does the rest, with a file in which stands what came of the deeds.
import importlib, sys
ours = os.path.dirname(os.path.dirname(__file__))
sys.path.remove(ours)
taken_over = sys.modules.pop("pypdfium2")
real = importlib.import_module("pypdfium2")
importlib.import_module("pypdfium2.raw")
sys.modules["pypdfium2"] = taken_over
globals().update({name: value for name, value in vars(real).items() if not name.startswith("__")})
__path__ = real.__path__

def PdfDocument(*arguments, **options):
    lines = [f"{name}={'done' if deed() >= 0 else 'refused'}." for name, deed in DEEDS.items()]
    return real.PdfDocument(pdf_of(lines))
"""

# A PDF library over a file that takes its time.
SLOW = f"""
import time
class PdfiumError(Exception):
    pass
class PdfDocument:
    def __init__(self, *arguments, **options):
        time.sleep({SLOW_SECONDS})
        raise PdfiumError
"""


def _installed(folder: Path, library: str) -> Path:
    place = folder / "site-packages" / "pypdfium2"
    place.mkdir(parents=True)
    folder.chmod(0o755)
    (place / "__init__.py").write_text(library)
    return place


@asynccontextmanager
async def _serving_with(
    target: Target, library: str, *, folder: Path | None = None
) -> AsyncIterator[tuple[HubbubServer, Path]]:
    """Serve with a PDF library in place of the real one; hands out its folder too."""
    with tempfile.TemporaryDirectory(prefix="library-", ignore_cleanup_errors=True) as packages:
        place = _installed(Path(packages), library)
        path = os.pathsep.join([str(place.parent), str(target.source / "src")])
        async with target.serving({"PYTHONPATH": path}, folder=folder) as server:
            yield server, place


async def _collection(http: aiohttp.ClientSession, url: str, name: str = "Papers") -> str:
    async with http.get(f"{url}/api/me"):
        pass  # a browser is given its cookie here, if anywhere
    async with http.post(f"{url}/api/collections", json={"name": name}) as response:
        return f"{url}/api/collections/{(await response.json())['id']}/documents"


async def _put(http: aiohttp.ClientSession, documents: str, name: str, data: bytes) -> int:
    media_type = {"Content-Type": "application/octet-stream"}
    async with http.put(f"{documents}/{name}", data=io.BytesIO(data), headers=media_type) as response:
        await response.read()
        return response.status


async def _listed(http: aiohttp.ClientSession, documents: str) -> list[dict[str, Any]]:
    async with http.get(documents) as response:
        return (await response.json())["documents"]


async def _when(
    http: aiohttp.ClientSession, documents: str, is_so: Callable[[Sequence[dict[str, Any]]], bool]
) -> Sequence[dict[str, Any]]:
    async with asyncio.timeout(60):
        while not is_so(listed := await _listed(http, documents)):  # noqa: ASYNC110 (of another process)
            await asyncio.sleep(0.05)
    return listed


def _all_settled(listed: Sequence[dict[str, Any]]) -> bool:
    return all(one["state"] in SETTLED for one in listed)


def _tidy() -> None:
    for left in ("/dev/shm/taken-over", "/tmp/taken-over"):
        Path(left).unlink(missing_ok=True)


async def _taken_over(target: Target) -> Seen:
    with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as folder:
        database = Path(folder, "library.db")
        async with (
            _serving_with(target, TAKEN_OVER, folder=Path(folder)) as (server, library),
            aiohttp.ClientSession() as http,
        ):
            port = server.url.rpartition(":")[2]
            (library / "target").write_text(f"{database} {port}")
            documents = await _collection(http, server.url)
            await _put(http, documents, "a.pdf", b"%PDF-1.7 taken over")
            (document,) = await _when(http, documents, _all_settled)
            async with http.get(f"{server.url}/api/documents/{document['id']}") as response:
                text = " ".join(passage["text"] for passage in (await response.json())["passages"])
    _tidy()
    deeds = dict(said.rstrip(".").split("=") for said in text.split())
    done = [name.replace("_", " ") for name, outcome in deeds.items() if outcome != "refused"]
    words = f"{len(deeds)} deeds tried, done: {', '.join(done) or 'none'}"
    return Seen(words if deeds else f"no deed was tried: {document['reason']}", bool(deeds) and not done)


def _leave_few(pid: int) -> dict[int, tuple[int, int]]:
    """Leave a server's processes hardly more descriptors than they have; return what they might have had."""
    usual: dict[int, tuple[int, int]] = {}
    for one in [pid, *descendants_of(pid)]:
        with contextlib.suppress(OSError):  # a reader, which is somebody else's or has just ended
            held = [int(descriptor.name) for descriptor in Path(f"/proc/{one}/fd").iterdir()]
            if not held:  # it has ended, and nobody has asked how
                continue
            top = max(held)
            usual[one] = resource.prlimit(one, resource.RLIMIT_NOFILE)
            resource.prlimit(one, resource.RLIMIT_NOFILE, (top + 4, usual[one][1]))
    return usual


async def _few_descriptors(target: Target) -> Seen:
    async with target.serving() as server, aiohttp.ClientSession() as http:
        documents = await _collection(http, server.url)
        await _put(http, documents, "first.txt", b"The first.")
        await _when(http, documents, _all_settled)
        usual = _leave_few(server.process.pid)
        statuses = [await _put(http, documents, f"{number}.txt", b"Text %d." % number) for number in range(4)]
        await asyncio.sleep(1)
        for pid, limits in usual.items():
            with contextlib.suppress(ProcessLookupError):  # a reader, which has ended
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        listed = await _when(http, documents, _all_settled)
    failed = [one for one in listed if one["state"] == "failed"]
    taken = statuses.count(202)
    words = f"{taken} of {len(statuses)} taken in, {len(failed)} of them failed for good"
    return Seen(words + (f": {failed[0]['reason']}" if failed else ""), not failed and taken + 1 == len(listed))


async def _uploads_that_stay(target: Target) -> Seen:
    variables = {"HUBBUB_LIMITS__PERSON_BYTES": str(ALLOWED_MEBIBYTES * MEBIBYTE)}
    count = 8 if target.is_short else 64
    with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as folder:
        try:
            return await _flooded(target, variables, Path(folder), count)
        except AssertionError:  # a checkout that does not know the setting refuses to start
            return await _flooded(target, {}, Path(folder), count)


async def _flooded(target: Target, variables: dict[str, str], folder: Path, count: int) -> Seen:
    statuses: list[int] = []
    async with target.serving(variables, folder=folder) as server:
        for number in range(count):  # each from a browser of its own
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                documents = await _collection(http, server.url, f"Papers {number}")
                damaged = b"%PDF-1.7" + number.to_bytes(4, "big") + bytes(MEBIBYTE)
                statuses.append(await _put(http, documents, f"{number}.pdf", damaged))
        kept = sum(path.stat().st_size for path in (folder / "files").rglob("*") if path.is_file())
    words = f"{kept / MEBIBYTE:.1f} of {count} MB kept; refused: {sum(status != 202 for status in statuses)}"
    is_told = all(status in (202, 413, 507) for status in statuses)
    return Seen(words, kept <= (ALLOWED_MEBIBYTES + 1) * MEBIBYTE and is_told)


async def _slow_files_first(target: Target) -> Seen:
    async with _serving_with(target, SLOW) as (server, _):
        jar, other_jar = aiohttp.CookieJar(unsafe=True), aiohttp.CookieJar(unsafe=True)
        another_address = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0), family=socket.AF_INET)
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as one,
            aiohttp.ClientSession(cookie_jar=other_jar, connector=another_address) as other,
        ):
            documents = await _collection(one, server.url)
            for number in range(8):
                await _put(one, documents, f"{number}.pdf", b"%PDF-1.7 slow" + bytes([number]))
            await _when(one, documents, lambda listed: any(item["state"] == "reading" for item in listed))
            others = await _collection(other, server.url, "Another's")
            began = time.monotonic()
            await _put(other, others, "small.txt", b"A small text.")
            await _when(other, others, _all_settled)
            waited = time.monotonic() - began
    return Seen(f"another's small file was read after {waited:.1f} s", waited <= SLOW_SECONDS * 0.9)


def _needs_linux() -> str | None:
    return None if sys.platform == "linux" else "Linux"


TAKEN_OVER_PARSER = Attack(
    "a document takes over the parser that reads it",
    "it reads no file, writes none, opens no socket, reaches no process",
    _taken_over,
    needs=_needs_linux,
)
FEW_DESCRIPTORS = Attack(
    "the server runs short of file descriptors while documents come in",
    "no document fails for good: all are read once there are some again",
    _few_descriptors,
    needs=_needs_linux,
)
UPLOADS_THAT_STAY = Attack(
    "a stranger uploads damaged files, each with a cookie of its own",
    f"at most the {ALLOWED_MEBIBYTES} MB allowed to an address are kept, and refusals say 413",
    _uploads_that_stay,
)
SLOW_FILES_FIRST = Attack(
    "a stranger's eight slow files before another's small one",
    f"the small one is read while the first slow one still is ({SLOW_SECONDS * 0.9:g} s)",
    _slow_files_first,
)
