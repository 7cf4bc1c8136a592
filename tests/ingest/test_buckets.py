"""Buckets of S3 and Azure: signatures, what is fetched again, what fails, and what is said of it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hubbub.connections.object_store import Place
from hubbub.core.errors import HubbubError, Invalid
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.bucket import Bucket
from tests.ingest.places import bucket_at
from tests.servers.object_server import ACCOUNT, BUCKET, SAS, ObjectServer

KINDS = ["s3", "azure"]


@pytest.fixture
async def server() -> AsyncIterator[ObjectServer]:
    async with ObjectServer() as server:
        server.objects = {f"{number}.txt": str(number).encode() for number in range(8)}
        yield server


def held(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def refreshed(bucket: Bucket) -> dict[str, bytes]:
    await bucket.refresh()
    return await asyncio.to_thread(held, bucket.folder)


@pytest.mark.parametrize("kind", KINDS)
async def test_only_what_changed_is_fetched(server: ObjectServer, tmp_path: Path, kind: str) -> None:
    bucket = Bucket(bucket_at(server, kind), tmp_path)
    assert await refreshed(bucket) == server.objects
    server.objects["3.txt"] = b"three"
    del server.objects["4.txt"]
    server.asked.clear()
    assert await refreshed(Bucket(bucket_at(server, kind), tmp_path)) == server.objects
    assert [path for path in server.asked if path.endswith(".txt")] == [
        f"/{BUCKET}/3.txt" if kind == "s3" else f"/{ACCOUNT}/{BUCKET}/3.txt"
    ]


async def test_what_a_killed_run_left_unnoted_is_fetched_again(server: ObjectServer, tmp_path: Path) -> None:
    bucket = Bucket(bucket_at(server, "s3"), tmp_path)
    await bucket.refresh()
    # As if a run had stored another version and was killed before it noted that; meanwhile the first one is back.
    await asyncio.to_thread((bucket.folder / "3.txt").write_bytes, b"another version")
    await asyncio.to_thread((bucket.folder / "5.txt").unlink)
    assert await refreshed(Bucket(bucket_at(server, "s3"), tmp_path)) == server.objects


KILLED = """
import asyncio, sys
from pathlib import Path
from hubbub.connections.object_store import Place
from hubbub.ingest.sources.bucket import Bucket
where, place = Place(sys.argv[1], sys.argv[2], is_public=True, region="eu-central-1"), Path(sys.argv[3])
asyncio.run(Bucket(where, place, tell=lambda done, total: print(done, flush=True)).refresh())
"""


async def test_a_killed_run_is_mended_by_the_next(server: ObjectServer, tmp_path: Path) -> None:
    server.is_public = True
    where = Place(f"s3://{BUCKET}", server.url, is_public=True, region="eu-central-1")
    for number in range(4):
        server.objects = {f"{name}.txt": f"{number} {name}".encode() for name in range(number, number + 40)}
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", KILLED, where.url, where.endpoint, str(tmp_path)),
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"]},
        )
        assert child.stdout is not None
        for _ in range(10 * number + 1):
            await child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        await child.wait()
    assert await refreshed(Bucket(where, tmp_path)) == server.objects


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret": "c2VjcmV0"}, "refuses the credentials .status 403"),
        ({"url": "s3://none/"}, "not there"),
        ({"endpoint": "http://127.0.0.1:1"}, "does not answer"),
    ],
)
async def test_what_is_said_of_a_bucket_that_can_t_be_read(
    server: ObjectServer, tmp_path: Path, kind: str, change: dict[str, str], said: str
) -> None:
    if kind == "azure" and "url" in change:
        change = {"url": "az://none/"}
    where = bucket_at(server, kind)
    with pytest.raises(Invalid, match=said) as caught:
        await Bucket(msgspec.structs.replace(where, **change), tmp_path).refresh()
    told = f"{caught.value.message} {caught.value.for_operators} {where!r}"
    assert where.secret not in told and "c2VjcmV0" not in told and "Signature=" not in told


async def test_a_shared_access_signature_is_never_told(server: ObjectServer, tmp_path: Path) -> None:
    server.needs_sas = True
    where = Place(f"az://{BUCKET}", f"{server.url}/{ACCOUNT}", account=ACCOUNT, sas_token=SAS)
    assert await refreshed(Bucket(where, tmp_path)) == server.objects
    server.status = 403
    with pytest.raises(Invalid) as caught:
        await Bucket(where, tmp_path).refresh()
    assert "c2ln" not in f"{caught.value.message} {caught.value.for_operators} {where!r}"


async def test_objects_that_fail_stay_as_they_were_and_a_bucket_that_fails_is_left_alone(
    server: ObjectServer, tmp_path: Path
) -> None:
    bucket = Bucket(bucket_at(server, "s3"), tmp_path)
    before = await refreshed(bucket)
    server.objects["1.txt"] = server.objects["2.txt"] = b"new"
    server.failing = {"1.txt": 403}
    done = await bucket.refresh()
    assert [key for key, _ in done.refused] == ["1.txt"]
    assert await asyncio.to_thread(held, bucket.folder) == {**before, "2.txt": b"new"}
    server.objects = dict.fromkeys(server.objects, b"newer")
    server.failing = dict.fromkeys(server.objects, 403)
    with pytest.raises(HubbubError, match="refuses"):
        await bucket.refresh()
    assert set(await asyncio.to_thread(held, bucket.folder)) == set(before)


async def test_a_server_that_falls_silent_is_given_up(server: ObjectServer, tmp_path: Path) -> None:
    server.holds = True
    with pytest.raises(Invalid, match=r"sent nothing for 0\.5 s"):
        await Bucket(bucket_at(server, "s3"), tmp_path, silence_seconds=0.5).refresh()


async def test_what_is_not_taken_is_said(server: ObjectServer, tmp_path: Path) -> None:
    names = ("a.txt", "b.pdf", "drafts/c.txt", ".hidden/d.txt", "e.txt", "f.txt", "folder/")
    server.objects = dict.fromkeys(names, b"text") | {"big.txt": b"x" * 2000}
    bucket = Bucket(
        bucket_at(server, "s3"), tmp_path, globs=Globs(("*.txt",), ("drafts/**",)), most_files=2, document_bytes=1000
    )
    done = await bucket.refresh()
    assert set(await asyncio.to_thread(held, bucket.folder)) == {"a.txt", "e.txt"}
    reasons = dict(done.skipped)
    assert "most_files" in reasons["f.txt"] and "larger" in reasons["big.txt"]
    assert reasons.keys() >= {"b.pdf", "drafts/c.txt", ".hidden/d.txt"}


async def test_keys_that_are_no_paths_together_are_both_kept(server: ObjectServer, tmp_path: Path) -> None:
    server.objects = {"a.txt": b"1", "a.txt/b.txt": b"2", "ä b+c%.txt": b"3", f"{'x' * 300}.txt": b"4"}
    bucket = Bucket(bucket_at(server, "s3"), tmp_path)
    assert sorted((await refreshed(bucket)).values()) == [b"1", b"2", b"3", b"4"]
    server.asked.clear()
    await bucket.refresh()
    assert not [path for path in server.asked if path.endswith(".txt")]


async def test_a_name_that_is_no_path_is_said(server: ObjectServer, tmp_path: Path) -> None:
    server.objects["a//b.txt"] = b"text"
    with pytest.raises(Invalid, match="name is no path"):
        await Bucket(bucket_at(server, "s3"), tmp_path).refresh()


@pytest.mark.parametrize("url", ["s3:///a", "http://bucket", "s3://id:key@bucket", "az://c?sig=x"])
def test_what_names_no_bucket(url: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        Bucket(Place(url), tmp_path)
