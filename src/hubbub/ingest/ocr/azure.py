"""Read pictures by Azure Document Intelligence, over its REST interface of 2024-11-30."""

import asyncio
import json
import statistics
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from hubbub.connections.http import Http, Reply
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.core.errors import ModelError
from hubbub.ingest.ocr.base import Recognised
from hubbub.models.address import Authorization

VERSION = "2024-11-30"
FIRST_POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 10.0
MOST_BYTES = 8 * 1024 * 1024
HINT = "Check the key, or that the identity has the role Cognitive Services User on the resource."
_HEADERS = {"api-key": "Ocp-Apim-Subscription-Key"}
"""What a key's header is called here."""
_BUSY = (408, 429, 500, 502, 503, 504)


class DocumentIntelligence:
    """Sends pictures to a resource, and asks for the result until it is there."""

    def __init__(
        self,
        http: Http,
        endpoint: str,
        authorization: Authorization,
        *,
        model: Literal["prebuilt-read", "prebuilt-layout"] = "prebuilt-read",
        picture_seconds: float = 120.0,
        poll_seconds: float = FIRST_POLL_SECONDS,
    ) -> None:
        """Take the resource's address, and what it is shown: a key, or tokens."""
        self._http = http
        self._url = f"{endpoint.rstrip('/')}/documentintelligence/documentModels/{model}:analyze?api-version={VERSION}"
        self._authorization = authorization
        self._picture_seconds = picture_seconds
        self._poll_seconds = poll_seconds

    async def read(self, png: bytes) -> Recognised:
        try:
            async with asyncio.timeout(self._picture_seconds):
                return await self._read(png)
        except TimeoutError as error:
            raise _failed(f"it took longer than {self._picture_seconds:g} s for a picture", code="too_long") from error
        except (Unreachable, BrokenOff) as error:
            raise _failed(str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _failed("it says what it should not", retryable=False) from error

    async def _read(self, png: bytes) -> Recognised:
        place = await self._sent(png)
        pause = self._poll_seconds
        while True:
            await asyncio.sleep(pause)
            reply, body = await self._asked("GET", place)
            found = json.loads(body)
            match str(found.get("status")):
                case "succeeded":
                    return recognised(found["analyzeResult"])
                case "failed":
                    error: dict[str, Any] = found.get("error") or {}
                    code = str(error.get("code", "failed"))
                    return Recognised("", trouble=f"refused by Azure Document Intelligence ({code[:60]})")
                case _:
                    pause = _pause(reply, min(pause * 1.5, LONGEST_POLL_SECONDS))

    async def _sent(self, png: bytes) -> str:
        """Send a picture, and return where the result will be."""
        reply, _ = await self._asked("POST", self._url, png)
        place = reply.headers.get("operation-location", "")
        if _origin(place) != _origin(self._url):  # it is shown the key
            raise ValueError("the result is elsewhere")
        return place

    async def _asked(self, method: str, url: str, png: bytes | None = None) -> tuple[Reply, bytes]:
        reply, body, shown = await self._asked_once(method, url, png)
        if reply.status == 401 and self._authorization.refused(shown):
            reply, body, _ = await self._asked_once(method, url, png)
        if reply.status in (200, 202):
            return reply, body
        said = self._authorization.hidden(_said(body))
        hint = HINT if reply.status in (401, 403) else ""
        raise _failed(f"status {reply.status}{said}. {hint}".rstrip(), retryable=reply.status in _BUSY)

    async def _asked_once(self, method: str, url: str, png: bytes | None) -> tuple[Reply, bytes, dict[str, str]]:
        shown = await self._authorization.headers()
        headers = {_HEADERS.get(name, name): value for name, value in shown.items()}
        headers |= {"Content-Type": "image/png"} if png is not None else {}
        async with self._http.request(method, url, headers=headers, body=png) as reply:
            return reply, await _body(reply), shown


def recognised(result: Any) -> Recognised:
    """Return what a result says: its paragraphs, tables row by row, and the mean confidence of its words."""
    confidences = [float(word["confidence"]) for page in result.get("pages") or () for word in page.get("words") or ()]
    text = "\n\n".join(_parts(result)).strip() or str(result.get("content", "")).strip()
    return Recognised(text, max(1, round(100 * statistics.fmean(confidences))) if text and confidences else 0)


def _parts(result: Any) -> Iterator[str]:
    """Yield paragraphs and tables in their order; a table stands where its first cell does."""
    tables = {_begin(table): table for table in result.get("tables") or ()}
    inside = [span for table in tables.values() for span in table.get("spans") or ()]
    parts = [(begin, _rows(table)) for begin, table in tables.items()]
    for paragraph in result.get("paragraphs") or ():
        begin = _begin(paragraph)
        if not any(span["offset"] <= begin < span["offset"] + span["length"] for span in inside):
            parts.append((begin, str(paragraph["content"])))
    for _, text in sorted(parts):
        yield text


def _rows(table: Any) -> str:
    rows: dict[int, list[str]] = {}
    for cell in sorted(table["cells"], key=lambda one: (one["rowIndex"], one["columnIndex"])):
        rows.setdefault(int(cell["rowIndex"]), []).append(" ".join(str(cell["content"]).split()))
    return "\n".join(" | ".join(cells) for cells in rows.values())


def _begin(part: Any) -> int:
    return min((int(span["offset"]) for span in part.get("spans") or ()), default=0)


async def _body(reply: Reply) -> bytes:
    body = b""
    while piece := await reply.chunk():
        body += piece
        if len(body) > MOST_BYTES:
            raise ValueError("the result is too long")
    return body


def _pause(reply: Reply, usual: float) -> float:
    asked = reply.headers.get("retry-after", "")
    return min(float(asked), LONGEST_POLL_SECONDS) if asked.isdigit() else usual


def _said(body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
        return f", {str(error['code'])[:60]}: {str(error['message'])[:200]}"
    except (ValueError, KeyError, TypeError):
        return ""


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _failed(why: str, *, retryable: bool = True, code: str | None = None) -> ModelError:
    detail = f"Azure Document Intelligence does not read: {why}"
    return ModelError("Pictures can't be read now.", code=code, retryable=retryable, detail=detail)
