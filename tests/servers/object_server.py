"""An object store on loopback: S3 (list, get, put, delete) with its signatures checked, and Azure's blobs, too.

After "Authenticating Requests: AWS Signature Version 4" and "Authorize with Shared Key" of the vendors' documents. It
is written here since the packages that play S3 bring botocore with them: 80 MB to answer two kinds of requests.
"""

import asyncio
import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from aiohttp import web

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ACCOUNT = "account"
ACCOUNT_KEY = base64.b64encode(b"the key of the storage account").decode()
SAS = "sv=2023-11-03&sp=rl&sig=c2lnbmF0dXJl%2BQ%3D%3D"
BUCKET = "docs"
LONG_AGO = datetime(2026, 10, 1, 10, tzinfo=UTC)
PAGE = 3
"""So many objects are listed at a time."""


class ObjectServer:
    """The server; an async context manager. Its only bucket, and its only container, is called `docs`."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.modified: dict[str, datetime] = {}
        """When objects were written, of those that were."""
        self.asked: list[str] = []
        """The methods and paths, without queries."""
        self.status = 0
        """What all requests are answered with; 0 serves them."""
        self.failing: dict[str, int] = {}
        """What requests for single objects are answered with."""
        self.holds = False
        """Whether objects begin, and never end."""
        self.needs_sas = False
        self.is_public = False
        self.is_read_only = False

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.raw_path.partition("?")[0])
        self.asked.append(path)
        is_azure = path.startswith(f"/{ACCOUNT}/")
        if self.status:
            return _refused(self.status, "InternalError")
        if not self.is_public and not (self._is_azures(request) if is_azure else is_signed(request)):
            return _refused(403, "AuthenticationFailed" if is_azure else "SignatureDoesNotMatch")
        bucket, _, key = path.removeprefix(f"/{ACCOUNT}/" if is_azure else "/").partition("/")
        if bucket != BUCKET:
            return _refused(404, "ContainerNotFound" if is_azure else "NoSuchBucket")
        if not key and request.method == "POST":
            return await (self._delete_blobs(request) if is_azure else self._delete_some(request))
        if not key:
            return self._blobs(request) if is_azure else self._contents(request)
        if status := self.failing.get(key):
            return _refused(status, "AccessDenied")
        if self.is_read_only and request.method not in ("GET", "HEAD"):
            return _refused(403, "AccessDenied")
        if request.method == "PUT":
            self.objects[key], self.modified[key] = await request.read(), datetime.now(UTC)
            return web.Response(status=201 if is_azure else 200, headers=self._headers(key))
        if key not in self.objects:
            return _refused(404, "BlobNotFound" if is_azure else "NoSuchKey")
        if request.method == "DELETE":
            del self.objects[key]
            return web.Response(status=202 if is_azure else 204)
        return await self._object(request, key)

    async def _delete_some(self, request: web.Request) -> web.Response:
        """Delete as S3 does: many at once."""
        if self.is_read_only:
            return _refused(403, "AccessDenied")
        keys = re.findall("<Key>([^<]+)</Key>", await request.text())
        for key in keys:
            self.objects.pop(key, None)
        rows = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return web.Response(text=f"<DeleteResult>{rows}</DeleteResult>", content_type="application/xml")

    async def _delete_blobs(self, request: web.Request) -> web.Response:
        """Delete as Azure does: a body of several requests, and one of several replies."""
        replies: list[str] = []
        for number, path in enumerate(re.findall(r"^DELETE (\S+) HTTP/1.1", await request.text(), re.MULTILINE)):
            key = unquote(path).removeprefix(f"/{ACCOUNT}/").partition("/")[2]
            was_there = self.objects.pop(key, None) is not None
            status = "202 Accepted" if was_there else "404 The specified blob does not exist."
            replies.append(
                f"--replies\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
                f"HTTP/1.1 {status}\r\nx-ms-version: 2023-11-03\r\n\r\n\r\n"
            )
        headers = {"Content-Type": "multipart/mixed; boundary=replies"}
        return web.Response(status=202, body="".join([*replies, "--replies--\r\n"]).encode(), headers=headers)

    def _headers(self, key: str) -> dict[str, str]:
        return {"ETag": f'"{_etag(self.objects[key])}"', "Last-Modified": self._date(key)}

    def _date(self, key: str) -> str:
        return format_datetime(self._written(key), usegmt=True)

    def _written(self, key: str) -> datetime:
        return self.modified.get(key, LONG_AGO)

    async def _object(self, request: web.Request, key: str) -> web.StreamResponse:
        data = self.objects[key]
        headers = self._headers(key)
        if not self.holds:
            return web.Response(body=data, headers=headers)
        response = web.StreamResponse(headers={**headers, "Content-Length": str(len(data) + 1)})
        await response.prepare(request)
        await response.write(data)
        await asyncio.Event().wait()
        return response

    def _page(self, prefix: str, after: str) -> tuple[list[str], str]:
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        return keys[:PAGE], keys[PAGE - 1] if len(keys) > PAGE else ""

    def _contents(self, request: web.Request) -> web.Response:
        keys, more = self._page(request.query.get("prefix", ""), request.query.get("continuation-token", ""))
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{self._written(key):%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>&quot;{_etag(self.objects[key])}&quot;</ETag><Size>{len(self.objects[key])}</Size></Contents>"
            for key in keys
        )
        more = f"<NextContinuationToken>{escape(more)}</NextContinuationToken>" if more else ""
        is_cut = "true" if more else "false"
        text = (
            f"<ListBucketResult><Name>{BUCKET}</Name><IsTruncated>{is_cut}</IsTruncated>{rows}{more}</ListBucketResult>"
        )
        return web.Response(text=text, content_type="application/xml")

    def _blobs(self, request: web.Request) -> web.Response:
        keys, more = self._page(request.query.get("prefix", ""), request.query.get("marker", ""))
        rows = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>{self._date(key)}</Last-Modified>"
            f"<Etag>{_etag(self.objects[key])}</Etag><Content-Length>{len(self.objects[key])}</Content-Length>"
            "<Content-Type>text/plain</Content-Type></Properties></Blob>"
            for key in keys
        )
        text = f"<EnumerationResults><Blobs>{rows}</Blobs><NextMarker>{escape(more)}</NextMarker></EnumerationResults>"
        return web.Response(text=text, content_type="application/xml")

    def _is_azures(self, request: web.Request) -> bool:
        if self.needs_sas:
            query = request.raw_path.partition("?")[2].split("&")
            return set(SAS.split("&")) <= set(query) and "Authorization" not in request.headers
        return request.headers.get("Authorization", "") == f"SharedKey {ACCOUNT}:{_shared_key(request)}"


def is_signed(request: web.Request) -> bool:
    """Tell whether a request bears the signature that S3 expects of it, made within 15 minutes."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme != "AWS4-HMAC-SHA256":
        return False
    given = dict(part.strip().split("=", 1) for part in rest.split(","))
    key_id, day, region, service, _ = given["Credential"].split("/")
    moment = request.headers["x-amz-date"]
    age = datetime.now(UTC) - datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if key_id != KEY_ID or service != "s3" or moment[:8] != day or abs(age.total_seconds()) > 900:
        return False
    names = given["SignedHeaders"].split(";")
    path, _, query = request.raw_path.partition("?")
    canonical = "\n".join(
        (
            request.method,
            quote(unquote(path), safe="/~-._"),
            "&".join(sorted(part if "=" in part else f"{part}=" for part in query.split("&"))) if query else "",
            *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
            "",
            ";".join(names),
            request.headers["x-amz-content-sha256"],
        )
    )
    scope = f"{day}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), given["Signature"])


def _shared_key(request: web.Request) -> str:
    own = sorted((name.lower(), value) for name, value in request.headers.items() if name.lower().startswith("x-ms-"))
    resource = f"/{ACCOUNT}{request.raw_path.partition('?')[0]}"
    resource += "".join(
        f"\n{name.lower()}:{','.join(sorted(request.query.getall(name)))}" for name in sorted(request.query)
    )
    length = request.headers.get("Content-Length", "")
    length = "" if length == "0" else length
    lines = [request.method, "", "", length, "", request.headers.get("Content-Type", "")]
    lines += [request.headers.get("Date", "")]
    lines += [request.headers.get(name, "") for name in ("If-Modified-Since", "If-Match", "If-None-Match")]
    lines += [request.headers.get(name, "") for name in ("If-Unmodified-Since", "Range")]
    text = "\n".join([*lines, *(f"{name}:{value}" for name, value in own), resource])
    return base64.b64encode(hmac.digest(base64.b64decode(ACCOUNT_KEY), text.encode(), "sha256")).decode()


def _refused(status: int, code: str) -> web.Response:
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>No.</Message></Error>'
    return web.Response(status=status, text=text, content_type="application/xml")


def _etag(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()  # as S3 does
