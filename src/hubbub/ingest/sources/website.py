"""Bring a website's pages into a folder, by its sitemap and as its robots.txt allows."""

import asyncio
import posixpath
from collections.abc import AsyncIterable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from hubbub.connections.guarded import Guarded
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import HubbubError, Invalid, NotFound, StoreError, Unsupported
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources import robots as robots_
from hubbub.ingest.sources import sitemaps
from hubbub.ingest.sources.base import Refreshed
from hubbub.ingest.sources.kept import Kept, KeptFiles
from hubbub.ingest.sources.robots import Robots, parse_robots
from hubbub.ingest.sources.sitemaps import parse_sitemap
from hubbub.ingest.urls import document_name, document_pieces

MOST_SITEMAPS = 50
MOST_FAILURES = 5
"""After so many pages one after another that can't be fetched, the site is left alone until the next round."""
NOTE_PAGES = 50

DISALLOWED = "robots.txt does not allow it"
ELSEWHERE = "it is on another site"
TOO_MANY = "there are more pages and sitemaps than are taken (most_pages)"
LEFT_OUT = "the patterns leave it out"


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
        self._files = KeptFiles(place, parts.hostname, notes="pages.json")
        self._globs = globs
        self._most_pages = most_pages
        self._most_bytes = most_bytes
        self._pause_seconds = pause_seconds

    @property
    def folder(self) -> Path:
        """The folder that holds the pages."""
        return self._files.folder

    async def refresh(self) -> Refreshed:
        """Fetch what is new and changed, and delete what the site no longer has.

        Raises:
            HubbubError: robots.txt or the sitemap can't be read, or page after page can't.
        """
        done = Refreshed()
        robots = await self._robots()
        urls = self._wanted(await self._listed(robots, done), robots, done)
        known = await self._files.begin()
        whole = await self._files.are_whole(known)
        for url in urls:
            if url in whole:
                self._files.claim(known[url].path)
        kept: dict[str, Kept] = {}
        failures = 0
        for count, url in enumerate(urls, start=1):
            try:
                page = await self._fetch(url, known[url] if url in whole else None, robots)
            except StoreError:
                raise
            except (NotFound, Unsupported) as error:
                done.skipped.append((url, error.message))
                failures = 0
            except HubbubError as error:
                failures += 1
                if failures >= MOST_FAILURES:
                    await self._files.note({**known, **kept})
                    raise
                done.refused.append((url, error.message))
                if url in known:
                    kept[url] = known[url]
            else:
                kept[url] = page
                failures = 0
            if count % NOTE_PAGES == 0:
                await self._files.note({**known, **kept})
            await asyncio.sleep(max(self._pause_seconds, robots.delay_seconds))
        await self._files.end(kept)
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

    async def _fetch(self, url: str, before: Kept | None, robots: Robots) -> Kept:
        headers: dict[str, str] = {}
        if before is not None:
            headers |= {"If-None-Match": before.etag} if before.etag else {}
            headers |= {"If-Modified-Since": before.modified} if before.modified else {}

        def check(target: str) -> None:
            if why := self._why_not(target, robots):
                raise NotFound(f"It leads to {target}, but {why}.")

        async with self._fetcher.get(url, headers=headers, check=check) as arrived:
            if arrived.status == 304 and before is not None and headers:
                return before
            name = document_name(arrived).partition("/")[2]
            is_same = before is not None and _kind(before.path) == _kind(name)
            path = before.path if before is not None and is_same else self._files.path_for(name, url)
            stamp = await self._files.store(path, document_pieces(arrived, self._most_bytes))
            return Kept(path, arrived.headers.get("etag", ""), arrived.headers.get("last-modified", ""), stamp)


async def _beginning(pieces: AsyncIterable[bytes], most_bytes: int) -> bytes:
    found = b""
    async for piece in pieces:
        found += piece
        if len(found) >= most_bytes:
            break
    return found[:most_bytes]


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
