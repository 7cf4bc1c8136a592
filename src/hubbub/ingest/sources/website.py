"""Bring a website's pages into a folder, by its sitemap and as its robots.txt allows."""

import asyncio
import contextlib
import hashlib
import os
import posixpath
import secrets
import shutil
from collections.abc import AsyncIterable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import msgspec

from hubbub.connections.guarded import Guarded
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import HubbubError, Invalid, NotFound, StoreError, Unsupported
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources import robots as robots_
from hubbub.ingest.sources import sitemaps
from hubbub.ingest.sources.base import Refreshed
from hubbub.ingest.sources.robots import Robots, parse_robots
from hubbub.ingest.sources.sitemaps import parse_sitemap
from hubbub.ingest.urls import document_name, document_pieces

MOST_SITEMAPS = 50
MOST_FAILURES = 5
"""After so many pages one after another that can't be fetched, the site is left alone until the next round."""
NOTE_PAGES = 50
PART_CHARACTERS = 80
"""A part of a path may take so much; file systems allow 255 bytes."""

DISALLOWED = "robots.txt does not allow it"
ELSEWHERE = "it is on another site"
TOO_MANY = "there are more pages and sitemaps than are taken (most_pages)"
LEFT_OUT = "the patterns leave it out"


class Page(msgspec.Struct):
    """A page as it was fetched last."""

    path: str
    """Of its file, below the folder."""
    etag: str = ""
    modified: str = ""


class Website:
    """A website, whose pages are kept in a folder. What did not change is asked for, and not sent again."""

    def __init__(
        self,
        fetcher: Guarded,
        url: str,
        place: Path,
        *,
        globs: Globs | None = None,
        most_pages: int = 1000,
        most_bytes: int = 50 * 1024 * 1024,
        pause_seconds: float = 0.5,
    ) -> None:
        """Take the URL of the site, or of its sitemap, and the place where the pages and what is known of them are."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"“{url}” is no URL of a website.")
        self._fetcher = fetcher
        self._url = url
        self._origin = _origin(url)
        self._folder = place / "files" / parts.hostname
        self._incoming = place / "incoming"
        self._notes = place / "pages.json"
        self._globs = globs
        self._most_pages = most_pages
        self._most_bytes = most_bytes
        self._pause_seconds = pause_seconds

    @property
    def folder(self) -> Path:
        """The folder that holds the pages."""
        return self._folder

    async def refresh(self) -> Refreshed:
        """Fetch what is new and changed, and delete what the site no longer has.

        Raises:
            HubbubError: robots.txt or the sitemap can't be read, or page after page can't.
        """
        done = Refreshed()
        robots = await self._robots()
        urls = self._wanted(await self._listed(robots, done), robots, done)
        known = await in_a_thread(self._begin)
        kept: dict[str, Page] = {}
        failures = 0
        for count, url in enumerate(urls, start=1):
            try:
                page = await self._fetch(url, known.get(url), robots, kept)
            except StoreError:
                raise
            except (NotFound, Unsupported) as error:
                done.skipped.append((url, error.message))
                failures = 0
            except HubbubError as error:
                failures += 1
                if failures >= MOST_FAILURES:
                    await in_a_thread(lambda: self._note({**known, **kept}))
                    raise
                done.refused.append((url, error.message))
                if url in known:
                    kept[url] = known[url]
            else:
                kept[url] = page
                failures = 0
            if count % NOTE_PAGES == 0:
                await in_a_thread(lambda: self._note({**known, **kept}))
            await asyncio.sleep(max(self._pause_seconds, robots.delay_seconds))
        await in_a_thread(lambda: self._end(kept))
        return done

    async def _robots(self) -> Robots:
        """Return what the site asks for. Where that can't be told, nothing may be fetched (RFC 9309, 2.3.1.4)."""
        async with self._fetcher.get(f"{self._origin}/robots.txt") as arrived:
            if arrived.status == 200:
                return parse_robots(await _beginning(arrived.pieces(self._most_bytes), robots_.MOST_BYTES))
            if 400 <= arrived.status < 500 and arrived.status != 429:
                return Robots()
            raise Invalid(f"The site's robots.txt can't be read now (status {arrived.status}), so nothing is fetched.")

    async def _listed(self, robots: Robots, done: Refreshed) -> list[str]:
        """Return the URLs of all maps of the site, in their order."""
        is_map = self._url.lower().split("?")[0].endswith((".xml", ".xml.gz", ".txt"))
        waiting = [self._url] if is_map else [*robots.sitemaps] or [f"{self._origin}/sitemap.xml"]
        seen: set[str] = set()
        urls: dict[str, None] = {}
        while waiting and len(seen) < MOST_SITEMAPS and len(urls) <= self._most_pages:
            url = urljoin(self._url, waiting.pop(0))
            if url in seen:
                continue
            seen.add(url)
            if not robots.allows(url) and _origin(url) == self._origin:
                raise Invalid(f"The site's robots.txt does not allow its sitemap {url} to be read.")
            async with self._fetcher.get(url) as arrived:
                if arrived.status != 200:
                    raise Invalid(f"The sitemap {url} can't be read (status {arrived.status}). Name it in the URL.")
                data = await arrived.body(sitemaps.MOST_BYTES)
            found = await in_a_thread(lambda data=data: parse_sitemap(data))
            urls |= dict.fromkeys(found.pages)
            waiting += found.maps
        done.skipped += [(url, TOO_MANY) for url in waiting if url not in seen]
        return list(urls)

    def _wanted(self, urls: list[str], robots: Robots, done: Refreshed) -> list[str]:
        wanted: dict[str, None] = {}
        for url in urls:
            url = url.partition("#")[0]
            if why := self._why_not(url, robots):
                done.skipped.append((url, why))
            elif len(wanted) >= self._most_pages:
                done.skipped.append((url, TOO_MANY))
            else:
                wanted[url] = None
        return list(wanted)

    def _why_not(self, url: str, robots: Robots) -> str:
        if _origin(url) != self._origin:
            return ELSEWHERE
        if not robots.allows(url):
            return DISALLOWED
        path = urlsplit(url).path.strip("/") or "index"
        return "" if self._globs is None or self._globs.takes(path) else LEFT_OUT

    async def _fetch(self, url: str, before: Page | None, robots: Robots, kept: dict[str, Page]) -> Page:
        headers: dict[str, str] = {}
        if before is not None and await in_a_thread(lambda: Path(self._folder, before.path).is_file()):
            headers |= {"If-None-Match": before.etag} if before.etag else {}
            headers |= {"If-Modified-Since": before.modified} if before.modified else {}

        def check(target: str) -> None:
            if why := self._why_not(target, robots):
                raise NotFound(f"It leads to {target}, but {why}.")

        async with self._fetcher.get(url, headers=headers, check=check) as arrived:
            if arrived.status == 304 and before is not None and headers:
                return before
            name = document_name(arrived).partition("/")[2]
            path = (
                before.path if before is not None and _kind(before.path) == _kind(name) else self._path(name, url, kept)
            )
            await self._store(path, document_pieces(arrived, self._most_bytes))
            return Page(path, arrived.headers.get("etag", ""), arrived.headers.get("last-modified", ""))

    def _path(self, name: str, url: str, kept: dict[str, Page]) -> str:
        """Return a path for a page that no other page has, in folders that no page is a file of."""
        path = "/".join(_usable(part) for part in name.split("/"))
        taken = {page.path for page in kept.values()}
        folders = {str(above) for one in taken for above in Path(one).parents}
        if path in taken or path in folders or any(str(above) in taken for above in Path(path).parents):
            stem, suffix = posixpath.splitext(path.replace("/", "_"))
            path = f"{stem} {_digest(url)}{suffix}"
        return path

    async def _store(self, path: str, pieces: AsyncIterable[bytes]) -> None:
        """Put a file at its place whole; one with the same content is left as it is."""
        incoming = self._incoming / secrets.token_hex(8)
        try:
            with await in_a_thread(lambda: incoming.open("wb")) as file:
                async for piece in pieces:
                    await in_a_thread(lambda piece=piece: file.write(piece))
            await in_a_thread(lambda: _replace(incoming, self._folder / path))
        except OSError as error:
            raise StoreError("A page could not be stored.", detail=f"A page could not be stored: {error}") from error
        finally:
            await in_a_thread(lambda: incoming.unlink(missing_ok=True))

    def _begin(self) -> dict[str, Page]:
        """Return the pages as they are known, and clear away what a kill left."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        for folder in (self._folder, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return msgspec.json.decode(self._notes.read_bytes(), type=dict[str, Page])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _note(self, pages: dict[str, Page]) -> None:
        incoming = self._notes.with_suffix(".new")
        incoming.write_bytes(msgspec.json.encode(pages))
        incoming.replace(self._notes)

    def _end(self, pages: dict[str, Page]) -> None:
        """Note the pages, and delete the files of all others."""
        self._note(pages)
        kept = {page.path for page in pages.values()}
        for above, folders, names in os.walk(self._folder, topdown=False):
            for name in names:
                path = Path(above, name)
                if path.relative_to(self._folder).as_posix() not in kept:
                    path.unlink()
            for name in folders:
                with contextlib.suppress(OSError):  # it is not empty
                    Path(above, name).rmdir()


def _replace(incoming: Path, path: Path) -> None:
    if path.is_file() and path.read_bytes() == incoming.read_bytes():
        return
    if path.is_dir():
        shutil.rmtree(path)
    for above in path.parents:
        if above.is_file():
            above.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming.replace(path)


async def _beginning(pieces: AsyncIterable[bytes], most_bytes: int) -> bytes:
    found = b""
    async for piece in pieces:
        found += piece
        if len(found) >= most_bytes:
            break
    return found[:most_bytes]


def _usable(part: str) -> str:
    """Return a part of a path that a file may be named and that a walk does not leave out as hidden."""
    part = f"_{part}" if part.startswith((".", "~$")) else part
    if len(part.encode()) <= 2 * PART_CHARACTERS:
        return part
    stem, suffix = posixpath.splitext(part)
    return f"{stem.encode()[:PART_CHARACTERS].decode(errors='ignore')} {_digest(part)}{suffix[:10]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _kind(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port == usual else f":{port}")
