"""Sources bring their documents into a folder: a folder, a website, a git repository, all by one contract."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.connections.addresses import networks_of
from hubbub.connections.guarded import Guarded
from hubbub.core.errors import HubbubError, Invalid, TooLarge
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.base import FolderSource, Source
from hubbub.ingest.sources.bucket import Bucket
from hubbub.ingest.sources.mailbox import Mailbox
from hubbub.ingest.sources.repository import Repository, is_repository
from hubbub.ingest.sources.robots import parse_robots
from hubbub.ingest.sources.sitemaps import parse_sitemap
from hubbub.ingest.sources.website import Website
from tests.ingest.places import (
    InBucket,
    InFolder,
    InMailbox,
    InRepository,
    OnSite,
    Origin,
    account_at,
    bucket_at,
    needs_git,
    put_map,
)
from tests.servers.mail_server import DAY, MailServer
from tests.servers.object_server import ObjectServer
from tests.servers.web_server import Put, WebServer

KINDS = ["folder", "website", "s3", "azure", "mailbox", pytest.param("repository", marks=needs_git)]


@pytest.fixture
async def site() -> AsyncIterator[WebServer]:
    async with WebServer() as site:
        yield site


@pytest.fixture
async def fetcher(site: WebServer) -> AsyncIterator[Guarded]:
    async with Guarded(listed=networks_of(["127.0.0.1"]), ports=[site.port], total_seconds=10) as fetcher:
        yield fetcher


@pytest.fixture
def website(site: WebServer, fetcher: Guarded, tmp_path: Path) -> Website:
    return Website(fetcher, site.url, tmp_path / "place", pause_seconds=0)


@pytest.fixture
async def both(
    request: pytest.FixtureRequest, site: WebServer, website: Website, tmp_path: Path
) -> AsyncIterator[tuple[Origin, Source]]:
    place = tmp_path / "place"
    match request.param:
        case "folder":
            yield InFolder(tmp_path / "docs"), FolderSource(tmp_path / "docs")
        case "website":
            yield OnSite(site), website
        case "s3" | "azure":
            async with ObjectServer() as server:
                yield InBucket(server), Bucket(bucket_at(server, request.param, "below"), place)
        case "mailbox":
            async with MailServer() as server:
                server.add("below", "new")
                yield InMailbox(server), Mailbox(account_at(server), place, folders=("*",))
        case _:
            origin = await asyncio.to_thread(InRepository, tmp_path / "docs.git")
            yield origin, Repository(f"file://{origin.folder}", place)


def held(source: Source) -> dict[str, str]:
    files = [path for path in source.folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    found = {path.relative_to(source.folder).as_posix(): path.read_text() for path in files}
    return dict(as_put(*one) for one in found.items())


def as_put(name: str, text: str) -> tuple[str, str]:
    """Return a file as it was put; of a mail, its folder and subject, and its text."""
    if not name.endswith(".eml"):
        return name, text
    return name.removeprefix("INBOX/").replace(f"{DAY} ", "").removesuffix(".eml"), text.partition("\n\n")[2].strip()


async def refresh(origin: Origin, source: Source) -> dict[str, str]:
    await asyncio.to_thread(origin.ready)
    await source.refresh()
    return await asyncio.to_thread(held, source)


@pytest.mark.parametrize("both", KINDS, indirect=True)
async def test_the_folder_holds_what_the_source_holds(both: tuple[Origin, Source]) -> None:
    origin, source = both
    await asyncio.to_thread(origin.put, "a.txt", "a")
    await asyncio.to_thread(origin.put, "below/b.txt", "b")
    await asyncio.to_thread(origin.put, "c.txt", "c")
    assert await refresh(origin, source) == {"a.txt": "a", "below/b.txt": "b", "c.txt": "c"}
    there = next(path for path in await asyncio.to_thread(lambda: [*source.folder.rglob("*c.txt*")]))
    stat = await asyncio.to_thread(there.stat)
    await asyncio.to_thread(origin.put, "a.txt", "A")
    await asyncio.to_thread(origin.drop, "below/b.txt")
    await asyncio.to_thread(origin.put, "new/d.txt", "d")
    assert await refresh(origin, source) == {"a.txt": "A", "c.txt": "c", "new/d.txt": "d"}
    after = await asyncio.to_thread(there.stat)
    assert (after.st_mtime_ns, after.st_ino) == (stat.st_mtime_ns, stat.st_ino)  # so that it is not read again


@pytest.mark.parametrize("both", [*KINDS[1:]], indirect=True)
async def test_a_source_that_can_t_be_read_changes_nothing(both: tuple[Origin, Source]) -> None:
    origin, source = both
    await asyncio.to_thread(origin.put, "a.txt", "a")
    assert await refresh(origin, source) == {"a.txt": "a"}
    await asyncio.to_thread(origin.fail)
    with pytest.raises(HubbubError):
        await source.refresh()
    assert await asyncio.to_thread(held, source) == {"a.txt": "a"}


async def test_what_did_not_change_is_not_sent_again(site: WebServer, website: Website) -> None:
    origin = OnSite(site)
    origin.put("a.txt", "a")
    origin.put("b.txt", "b")
    await refresh(origin, website)
    origin.put("b.txt", "B")
    site.asked.clear()
    site.statuses.clear()
    assert await refresh(origin, website) == {"a.txt": "a", "b.txt": "B"}
    assert list(zip(site.asked, site.statuses, strict=True))[2:] == [("/a.txt", 304), ("/b.txt", 200)]


async def test_robots_txt_is_obeyed_also_by_redirects(site: WebServer, website: Website) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private\nAllow: /private/open", "text/plain")
    for name in ["a.txt", "private/b.txt", "private/open.txt"]:
        site.put(f"/{name}", "text", "text/plain")
    site.redirect("/leads", "/private/b.txt")
    put_map(site, "a.txt", "private/b.txt", "private/open.txt", "leads")
    refreshed = await website.refresh()
    assert set(await asyncio.to_thread(held, website)) == {"a.txt", "private/open.txt"}
    assert len(refreshed.skipped) == 2
    assert "/private/b.txt" not in site.asked


@pytest.mark.parametrize(("status", "may"), [(404, True), (403, True), (500, False), (503, False), (429, False)])
async def test_a_robots_txt_that_can_t_be_read(site: WebServer, website: Website, status: int, may: bool) -> None:
    site.pages["/robots.txt"] = Put(status=status)
    site.put("/a.txt", "a", "text/plain")
    put_map(site, "a.txt")
    if may:
        await website.refresh()
    else:
        with pytest.raises(Invalid, match=r"robots\.txt"):
            await website.refresh()
    assert ("/a.txt" in site.asked) is may


async def test_only_pages_of_the_site_are_fetched_and_no_more_than_are_allowed(
    site: WebServer, fetcher: Guarded, tmp_path: Path
) -> None:
    names = [f"{number}.txt" for number in range(5)]
    for name in names:
        site.put(f"/{name}", name, "text/plain")
    put_map(site, "https://example.org/a.txt", "http://169.254.169.254/", "skip/x.txt", *names)
    globs = Globs(exclude=("skip/**",))
    website = Website(fetcher, site.url, tmp_path, globs=globs, most_pages=3, pause_seconds=0)
    refreshed = await website.refresh()
    assert set(await asyncio.to_thread(held, website)) == set(names[:3])
    assert len(refreshed.skipped) == 5


async def test_pages_that_fail_stay_as_they_were_and_those_that_are_gone_go(site: WebServer, website: Website) -> None:
    origin = OnSite(site)
    for name in ["a.txt", "b.txt", "c.txt"]:
        origin.put(name, name)
    await refresh(origin, website)
    site.pages["/a.txt"] = Put(status=500)
    site.pages["/b.txt"] = Put(status=410)
    site.pages["/c.txt"] = Put(media_type="video/mp4")
    refreshed = await website.refresh()
    assert set(await asyncio.to_thread(held, website)) == {"a.txt"}
    assert [url for url, _ in refreshed.refused] == [f"{site.url}/a.txt"]
    assert len(refreshed.skipped) == 2


async def test_a_site_that_fails_page_after_page_is_left_alone(site: WebServer, website: Website) -> None:
    origin = OnSite(site)
    for number in range(20):
        origin.put(f"{number:02}.txt", "text")
    await refresh(origin, website)
    for number in range(20):
        site.pages[f"/{number:02}.txt"] = Put(status=503)
    site.asked.clear()
    with pytest.raises(Invalid):
        await website.refresh()
    assert len(site.asked) < 10
    assert len(await asyncio.to_thread(held, website)) == 20


async def test_maps_of_maps_and_maps_that_robots_txt_names(site: WebServer, website: Website) -> None:
    site.put("/robots.txt", f"Sitemap: {site.url}/maps.xml", "text/plain")
    maps = "".join(f"<sitemap><loc>{one}</loc></sitemap>" for one in (f"{site.url}/one.txt", "/maps.xml"))
    site.put("/maps.xml", f"<sitemapindex>{maps}</sitemapindex>", "text/xml")
    site.put("/one.txt", f"{site.url}/a.txt\n{site.url}/b\n{site.url}/b.html\n", "text/plain")
    site.put("/a.txt", "a", "text/plain")
    site.put("/b", "b", "text/html")
    site.put("/b.html", "another b", "text/html")
    await website.refresh()
    found = await asyncio.to_thread(held, website)
    assert sorted(found.values()) == ["a", "another b", "b"]
    again = await refresh(OnSiteAsItIs(), website)
    assert again == found


class OnSiteAsItIs(OnSite):
    def __init__(self) -> None:
        pass

    def ready(self) -> None:
        pass


async def test_names_of_pages_stay_in_the_folder_and_apart(site: WebServer, website: Website) -> None:
    long = "x" * 300
    names = ["..%2f..%2fout.txt", ".hidden.txt", f"{long}.txt", "a.txt", "a.txt/b.txt", "c/d.txt", "c"]
    for name in names:
        site.put(f"/{name}", name, "text/plain")
    site.pages["/c"] = Put(b"c", "text/plain")
    site.pages["/../../out.txt"] = site.pages["/..%2f..%2fout.txt"]
    put_map(site, *names)
    await website.refresh()
    found = await asyncio.to_thread(held, website)
    assert len(found) >= 6
    assert all(len(part.encode()) < 200 and not part.startswith(".") for name in found for part in name.split("/"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>Not found</body></html>",
        b"<urlset><url>",
        b"not a url",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        b"\x1f\x8bbroken",
    ],
)
def test_what_is_no_sitemap(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse_sitemap(data)


@pytest.mark.parametrize(
    ("rules", "path", "is_allowed"),
    [
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: Hubbub\nDisallow: /a\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: x\nUser-agent: hubbub\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?a", True),
        ("User-agent: *\nDisallow: /*?id=", "/x?id=3", False),
        ("User-agent: *\nDisallow: /a%20b # why", "/a b", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /" + "*a" * 500 + "b", "/" + "a" * 1500, True),
        ("\ufeffuser-agent : *\r\ndisallow : /a", "/a", False),
    ],
)
def test_rules_of_robots_txt(rules: str, path: str, is_allowed: bool) -> None:
    assert parse_robots(rules.encode()).allows(f"https://example.org{path}") is is_allowed


@needs_git
async def test_what_a_repository_may_not_do(tmp_path: Path) -> None:
    origin = await asyncio.to_thread(InRepository, tmp_path / "docs")
    sub = await asyncio.to_thread(InRepository, tmp_path / "sub")
    await asyncio.to_thread(sub.put, "secret.txt", "secret")
    await asyncio.to_thread(sub.ready)

    def prepare() -> None:
        origin.put("a.txt", "a")
        origin.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{sub.folder}", "module")
        origin.put(".gitattributes", "*.txt filter=run\n")
        (origin.folder / "out.txt").symlink_to("/etc/hostname")
        origin.ready()
        hook = tmp_path / "place" / "git" / "hooks" / "post-checkout"
        hook.parent.mkdir(parents=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)

    await asyncio.to_thread(prepare)
    repository = Repository(f"file://{origin.folder}", tmp_path / "place")
    await repository.refresh()
    files = await asyncio.to_thread(lambda: sorted(one.name for one in repository.folder.iterdir()))
    assert {"a.txt", ".gitattributes"} <= set(files)
    assert not (repository.folder / "module" / "secret.txt").exists()
    assert not (tmp_path / "ran").exists()


@needs_git
async def test_a_branch_is_taken_and_its_history_is_not(tmp_path: Path) -> None:
    origin = await asyncio.to_thread(InRepository, tmp_path / "docs")

    def prepare() -> None:
        for text in ("one", "two", "three"):
            origin.put("a.txt", text)
            origin.ready()
        origin.git("checkout", "--quiet", "-b", "draft")
        origin.put("a.txt", "draft")
        origin.ready()
        origin.git("checkout", "--quiet", "main")

    await asyncio.to_thread(prepare)
    for branch, text in [("", "three"), ("draft", "draft")]:
        repository = Repository(f"file://{origin.folder}", tmp_path / f"place {branch}", branch=branch)
        await repository.refresh()
        assert held(repository) == {"a.txt": text}
        assert (tmp_path / f"place {branch}" / "git" / "shallow").exists()
    with pytest.raises(Invalid, match="nothing"):
        await Repository(f"file://{origin.folder}", tmp_path / "place", branch="nothing").refresh()


@needs_git
async def test_a_repository_over_a_bound_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    origin = await asyncio.to_thread(InRepository, tmp_path / "docs")
    place = tmp_path / "place"
    url = f"file://{origin.folder}"

    def commit(**files: bytes) -> None:
        for name, data in files.items():
            (origin.folder / name).write_bytes(data)
        origin.ready()

    await asyncio.to_thread(commit, a=b"a", b=b"b")
    await Repository(url, place, most_files=2, most_bytes=200_000).refresh()
    await asyncio.to_thread(commit, c=b"c")
    with pytest.raises(TooLarge, match=r"more than 2 files.*most_files in its table"):
        await Repository(url, place, most_files=2).refresh()
    await asyncio.to_thread(commit, c=bytes(2_000_000))  # which packs to 2 kB
    with pytest.raises(TooLarge, match=r"more than 1 MB.*most_bytes"):
        await Repository(url, place, most_bytes=1024**2).refresh()
    await asyncio.to_thread(commit, c=os.urandom(2_000_000))
    with pytest.raises(TooLarge, match="most_bytes"):
        await Repository(url, place, most_bytes=200_000).refresh()
    repository = Repository(url, place)
    assert await asyncio.to_thread(held, repository) == {"a": "a", "b": "b"}
    await asyncio.to_thread(commit, c=b"small again")
    await repository.refresh()
    assert (await asyncio.to_thread(held, repository))["c"] == "small again"


@needs_git
async def test_a_few_kilobytes_that_name_a_billion_files(tmp_path: Path) -> None:
    origin = await asyncio.to_thread(InRepository, tmp_path / "docs")

    def prepare() -> None:
        def made(kind: str, lines: str) -> str:
            command = ["git", "hash-object", "-w", "--stdin"] if kind == "blob" else ["git", "mktree"]
            done = subprocess.run(command, cwd=origin.folder, input=lines, check=True, capture_output=True, text=True)
            return done.stdout.strip()

        one, kind, mode = made("blob", "x"), "blob", "100644"
        for _ in range(9):
            one = made("tree", "".join(f"{mode} {kind} {one}\td{number}\n" for number in range(10)))
            kind, mode = "tree", "040000"
        origin.git("update-ref", "refs/heads/main", origin.committed(one))

    await asyncio.to_thread(prepare)
    repository = Repository(f"file://{origin.folder}", tmp_path / "place", most_files=1000, total_seconds=60)
    with pytest.raises(TooLarge, match="more than 1000 files"):
        await repository.refresh()
    assert await asyncio.to_thread(held, repository) == {}


@needs_git
async def test_a_repository_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    origin = await asyncio.to_thread(InRepository, tmp_path / "docs")
    await asyncio.to_thread(origin.put, "a.txt", "a")
    await asyncio.to_thread(origin.ready)
    with pytest.raises(Invalid, match=r"within 0 s.*total_seconds"):
        await Repository(f"file://{origin.folder}", tmp_path / "place", total_seconds=0).refresh()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/x",
        "--upload-pack=touch /tmp/x",
        "-oProxyCommand=x:y",
        "git://example.org/a.git",
        "http://example.org/a.git",
        "https://ann:word@example.org/a.git",
        "https://token@example.org/a.git",
        "file::/etc",
        "/etc/passwd",
        "https://example.org/a b.git",
        "",
    ],
)
def test_urls_that_are_no_repository(url: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        Repository(url, tmp_path)


@pytest.mark.parametrize("branch", ["--upload-pack=x", "a b", "a..b", ":x", "+x"])
def test_branches_that_are_none(branch: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        Repository("https://example.org/a.git", tmp_path, branch=branch)


def test_what_is_taken_for_a_repository() -> None:
    assert is_repository("https://example.org/docs.git")
    assert is_repository("git@example.org:docs")
    assert not is_repository("https://example.org/docs")
    assert not is_repository("docs.git")


@needs_git
@pytest.mark.parametrize("harm", ["locked", "empty", "cut", "gone"])
async def test_what_git_keeps_may_be_damaged(tmp_path: Path, harm: str) -> None:
    """So a machine leaves it whose power fails; each of its files in turn."""
    origin = await asyncio.to_thread(InRepository, tmp_path / "docs")
    place = tmp_path / "place"
    repository = Repository(f"file://{origin.folder}", place)
    await asyncio.to_thread(origin.put, "a.txt", "a")
    await asyncio.to_thread(origin.ready)
    await repository.refresh()
    kept = await asyncio.to_thread(lambda: sorted(one for one in (place / "git").rglob("*") if one.is_file()))
    assert len(kept) >= 5

    def damage(path: Path) -> None:
        if harm == "locked":
            path.with_name(f"{path.name}.lock").touch()
        elif harm == "gone":
            path.unlink(missing_ok=True)
        elif path.exists():
            data = path.read_bytes()
            path.chmod(0o600)
            path.write_bytes(data[: len(data) // 2] if harm == "cut" else b"")

    for number, path in enumerate(kept):
        (repository.folder / "left").write_text("by a git that was killed")
        damage(path)
        origin.drop("a.txt" if number == 0 else f"{number - 1}.txt")
        origin.put(f"{number}.txt", f"text {number}")
        await asyncio.to_thread(origin.ready)
        await repository.refresh()
        assert await asyncio.to_thread(held, repository) == {f"{number}.txt": f"text {number}"}, path


@needs_git
async def test_what_git_keeps_stays_where_the_other_side_fails(tmp_path: Path) -> None:
    origin = await asyncio.to_thread(InRepository, tmp_path / "docs")
    await asyncio.to_thread(origin.put, "a.txt", "a")
    await asyncio.to_thread(origin.ready)
    repository = Repository(f"file://{origin.folder}", tmp_path / "place")
    await repository.refresh()
    packs = await asyncio.to_thread(lambda: sorted((tmp_path / "place" / "git" / "objects").rglob("*")))
    (origin.folder / ".git").rename(origin.folder / ".away")
    with pytest.raises(Invalid, match="could not be fetched"):
        await repository.refresh()
    assert await asyncio.to_thread(lambda: sorted((tmp_path / "place" / "git" / "objects").rglob("*"))) == packs
    assert await asyncio.to_thread(held, repository) == {"a.txt": "a"}
    assert not (tmp_path / "place" / "git.aside").exists()
