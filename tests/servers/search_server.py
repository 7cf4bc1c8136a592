"""Azure AI Search on a loopback address, by its published REST contract (api-version 2026-04-01).

It keeps documents in memory, really evaluates filters, words and vectors, and refuses what the service
refuses: unknown fields and parameters, vectors of another length, what a query key may not do.
"""

import asyncio
import json
import math
import re
import ssl
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from hubbub.core.terms import stem, words
from tests.servers.search_filter import FilterError, parse_filter

API_VERSIONS = {"2026-04-01", "2025-11-01-preview"}
ADMIN_KEY, QUERY_KEY = "admin-key-0123456789", "query-key-0123456789"
RRF_K = 60
RERANKED = 50
MOST_ACTIONS = 1_000
MOST_BYTES = 16 * 1024 * 1024
MOST_CLAUSES = 1_024

_PARAMETERS = {
    "count", "search", "searchFields", "searchMode", "filter", "top", "skip", "select", "orderby", "queryType",
    "semanticConfiguration", "semanticQuery", "captions", "answers", "vectorQueries", "vectorFilterMode",
}  # fmt: skip
_PREVIEW_PARAMETERS = {"queryRewrites", "queryLanguage", "speller"}
_VECTOR_PARAMETERS = {"kind", "vector", "text", "fields", "k", "exhaustive", "weight"}
_ACTIONS = {"upload", "merge", "mergeOrUpload", "delete"}
_KEY = re.compile(r"[A-Za-z0-9_\-=]{1,1024}")
_PATH = re.compile(r"/indexes\('(?P<index>[a-z0-9-]+)'\)(?P<rest>/docs(?:/[$\w.]+)?)?")


@dataclass
class Seen:
    """A request as it was received."""

    method: str
    path: str
    version: str
    headers: Mapping[str, str]
    body: Any
    is_left: bool = False
    """Whether the client went away before it was answered."""


@dataclass
class Refusal(Exception):
    """What is answered in place of a result."""

    status: int
    code: str = ""
    message: str = "The service says something long, about api-key and query."
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Sent as HTML in place of an error body."""
    details: str = ""
    """The code of a detail."""


@dataclass
class Index:
    """An index: how it is defined, and what is in it."""

    definition: dict[str, Any]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen_documents: dict[str, dict[str, Any]] | None = None
    """What searches see, where that lags behind."""

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.definition["fields"]}

    @property
    def key(self) -> str:
        return next(one["name"] for one in self.definition["fields"] if one.get("key"))

    @property
    def rankers(self) -> set[str]:
        semantic = self.definition.get("semantic") or {}
        return {one["name"] for one in semantic.get("configurations") or ()}

    def has_vectorizer(self, name: str) -> bool:
        vectors = self.definition.get("vectorSearch") or {}
        profile = self.fields[name].get("vectorSearchProfile")
        return any(one["name"] == profile and one.get("vectorizer") for one in vectors.get("profiles") or ())


class SearchServer:
    """The server; an async context manager. `refusals` are used up one a request."""

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, embed: Callable[[str], Sequence[float]] | None = None
    ) -> None:
        self.indexes: dict[str, Index] = {}
        self.seen: list[Seen] = []
        self.refusals: deque[Refusal] = deque()
        self.tokens: set[str] = set()
        """The tokens that are let in, beside the keys."""
        self.document_statuses: dict[str, deque[int]] = {}
        """What happens to single documents, by their keys, one status a try."""
        self.held: asyncio.Event | None = None
        """While it is there and not set, searches get no answer."""
        self.batch_limit = MOST_BYTES
        self._tls = tls
        self._embed = embed
        self._runner: web.AppRunner | None = None
        self.endpoint = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2 * MOST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        port = self._runner.addresses[0][1]
        self.endpoint = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.held:
            self.held.set()
        assert self._runner
        await self._runner.cleanup()

    def searches(self) -> list[Seen]:
        return [one for one in self.seen if one.path.endswith("/docs/search.post.search")]

    def batches(self) -> list[Seen]:
        return [one for one in self.seen if one.path.endswith("/docs/search.index")]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        seen = Seen(request.method, request.path, request.query.get("api-version", ""), dict(request.headers), body)
        self.seen.append(seen)
        try:
            if self.refusals:
                raise self.refusals.popleft()
            return await self._result(request, seen, len(text.encode()))
        except Refusal as refusal:
            return _refused(refusal)
        except asyncio.CancelledError:
            seen.is_left = True
            raise

    async def _result(self, request: web.Request, seen: Seen, size: int) -> web.Response:
        if seen.version not in API_VERSIONS:
            raise Refusal(400, "", "The api-version query parameter is missing or unknown.")
        may_change = self._signed_in(request)
        match = _PATH.fullmatch(request.path)
        if match is None:
            raise Refusal(404)
        name, rest = match["index"], match["rest"]
        if rest is None:
            if not may_change:
                raise Refusal(403)
            return self._define(request, name, seen.body)
        index = self.indexes.get(name)
        if index is None:
            raise Refusal(404, "", f"The index '{name}' for service was not found.")
        match request.method, rest:
            case "GET", "/docs/$count":
                return web.json_response(len(index.documents))
            case "POST", "/docs/search.index":
                if not may_change:
                    raise Refusal(403)
                if size > self.batch_limit:
                    raise Refusal(413)
                return self._change(index, seen.body)
            case "POST", "/docs/search.post.search":
                if self.held:
                    await self.held.wait()
                return web.json_response(self._search(index, seen.body, is_preview="preview" in seen.version))
            case _:
                raise Refusal(405)

    def _signed_in(self, request: web.Request) -> bool:
        """Tell whether who asks may change things."""
        key = request.headers.get("api-key")
        if key is None:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or token not in self.tokens:
                raise Refusal(401)
            return True
        if key not in (ADMIN_KEY, QUERY_KEY):
            raise Refusal(403)
        return key == ADMIN_KEY

    def _define(self, request: web.Request, name: str, body: Any) -> web.Response:
        if request.method == "GET":
            if name not in self.indexes:
                raise Refusal(404, "", f"No index with the name '{name}' was found.")
            return web.json_response(self.indexes[name].definition)
        if request.method != "PUT" or request.headers.get("Prefer") != "return=representation":
            raise Refusal(405)
        if request.headers.get("If-None-Match") == "*" and name in self.indexes:
            raise Refusal(412)
        _check_definition(name, body)
        if (index := self.indexes.get(name)) is None:
            self.indexes[name] = Index(body)
            return web.json_response(body, status=201)
        for old in index.definition["fields"]:
            if old["name"] not in {one["name"] for one in body["fields"]}:
                raise Refusal(400, "OperationNotAllowed", "Existing field(s) cannot be deleted.")
        index.definition = body
        return web.json_response(body)

    def _change(self, index: Index, body: Any) -> web.Response:
        actions = body["value"]
        if not 0 < len(actions) <= MOST_ACTIONS:
            raise Refusal(400, "", "The number of actions is over the limit.")
        for action in actions:
            _check_action(index, action)
        results = [self._apply(index, action) for action in actions]
        is_well = all(one["status"] for one in results)
        return web.json_response({"value": results}, status=200 if is_well else 207)

    def _apply(self, index: Index, action: dict[str, Any]) -> dict[str, Any]:
        kind, key = action["@search.action"], action[index.key]
        given = {name: value for name, value in action.items() if name != "@search.action"}
        status = 200
        if self.document_statuses.get(key):
            status = self.document_statuses[key].popleft()
        elif kind == "merge" and key not in index.documents:
            status = 404
        if status < 300:
            if kind == "delete":
                index.documents.pop(key, None)
            elif kind == "upload":
                status = 200 if key in index.documents else 201
                index.documents[key] = dict.fromkeys(index.fields) | given
            else:
                index.documents[key] = (index.documents.get(key) or dict.fromkeys(index.fields)) | given
        is_well = status < 300
        return {"key": key, "status": is_well, "errorMessage": None if is_well else "no", "statusCode": status}

    def _search(self, index: Index, body: dict[str, Any], *, is_preview: bool) -> dict[str, Any]:
        _check_query(index, body, is_preview=is_preview)
        documents = index.documents if index.seen_documents is None else index.seen_documents
        try:
            passes = parse_filter(body["filter"], _fields_with(index, "filterable")) if body.get("filter") else None
        except FilterError as error:
            raise Refusal(400, "InvalidRequestParameter", str(error)) from error
        inside = {key: one for key, one in documents.items() if passes is None or passes(one)}
        rankings = list[dict[str, float]]()
        vector_queries = body.get("vectorQueries") or []
        if body.get("search") or not vector_queries:
            rankings.append(_by_words(index, body, inside))
        rankings += [self._by_vector(index, query, inside) for query in vector_queries]
        scores = rankings[0] if len(rankings) == 1 else _fused(rankings)
        ranked = sorted(scores, key=lambda key: -scores[key])
        reranked: dict[str, float] = {}
        if body.get("queryType") == "semantic":
            asked = body.get("semanticQuery") or body["search"]
            reranked = {key: _likeness(index, asked, inside[key]) for key in ranked[:RERANKED]}
            ranked = sorted(reranked, key=lambda key: -reranked[key]) + ranked[RERANKED:]
        hits = list[dict[str, Any]]()
        for key in ranked[: body.get("top", 50)]:
            hit: dict[str, Any] = {"@search.score": scores[key]}
            if key in reranked:
                hit["@search.rerankerScore"] = reranked[key]
                if body.get("captions"):
                    text = str(inside[key].get("text") or inside[key].get("content"))
                    hit["@search.captions"] = [{"text": text.split(". ")[0], "highlights": ""}]
            hits.append(hit | {name: inside[key][name] for name in body["select"].split(",")})
        return {"value": hits}

    def _by_vector(self, index: Index, query: dict[str, Any], documents: dict[str, Any]) -> dict[str, float]:
        name = query["fields"]
        vector = query["vector"] if query["kind"] == "vector" else self._embedded(index, name, query["text"])
        scores = {key: _cosine(vector, one[name]) for key, one in documents.items() if one.get(name)}
        nearest = sorted(scores, key=lambda key: -scores[key])[: query["k"]]
        return {key: 1 / (2 - scores[key]) for key in nearest}

    def _embedded(self, index: Index, name: str, text: str) -> Sequence[float]:
        if self._embed is None or not index.has_vectorizer(name):
            raise Refusal(400, "InvalidRequestParameter", "The field has no vectorizer.", details="InvalidVectorQuery")
        return self._embed(text)


def _refused(refusal: Refusal) -> web.Response:
    if refusal.body is not None:
        return web.Response(status=refusal.status, body=refusal.body, content_type="text/html", headers=refusal.headers)
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.details:
        error["details"] = [{"code": refusal.details, "message": refusal.message}]
    return web.json_response({"error": error}, status=refusal.status, headers=refusal.headers)


def _check_definition(name: str, body: Any) -> None:
    if body["name"] != name or sum(1 for one in body["fields"] if one.get("key")) != 1:
        raise Refusal(400, "", "The index needs its own name and one key.")
    vectors = body.get("vectorSearch") or {}
    profiles = {one["name"] for one in vectors.get("profiles") or ()}
    algorithms = {one["name"] for one in vectors.get("algorithms") or ()}
    if any(one["algorithm"] not in algorithms for one in vectors.get("profiles") or ()):
        raise Refusal(400, "", "A profile names an algorithm that is not there.")
    names = {one["name"] for one in body["fields"]}
    for one in body["fields"]:
        if one["type"] == "Collection(Edm.Single)":
            if one.get("vectorSearchProfile") not in profiles or not one.get("dimensions") or not one.get("searchable"):
                raise Refusal(400, "", "A field of vectors needs dimensions and a profile, and must be searchable.")
        elif one.get("searchable") and one["type"] != "Edm.String":
            raise Refusal(400, "", "Only texts can be searchable.")
    for one in (body.get("semantic") or {}).get("configurations") or ():
        chosen = one["prioritizedFields"]
        listed = [chosen["titleField"], *chosen["prioritizedContentFields"], *chosen["prioritizedKeywordsFields"]]
        if not {entry["fieldName"] for entry in listed} <= names:
            raise Refusal(400, "", "The semantic configuration names a field that is not there.")


def _check_action(index: Index, action: dict[str, Any]) -> None:
    if action.get("@search.action") not in _ACTIONS or not _KEY.fullmatch(str(action.get(index.key, ""))):
        raise Refusal(400, "", "The action or the key is not valid.")
    for name, value in action.items():
        if name == "@search.action":
            continue
        if name not in index.fields:
            raise Refusal(400, "", f"The property '{name}' does not exist.")
        dimensions = index.fields[name].get("dimensions")
        if dimensions and value is not None and len(value) != dimensions:
            raise Refusal(400, "OperationNotAllowed", "There's a mismatch in vector dimensions.")


def _check_query(index: Index, body: dict[str, Any], *, is_preview: bool) -> None:
    known = _PARAMETERS | (_PREVIEW_PARAMETERS if is_preview else set())
    if unknown := set(body) - known:
        raise Refusal(400, "", f"The parameter(s) {sorted(unknown)} are not valid.")
    if not 1 <= body.get("top", 50) <= 1_000:
        raise Refusal(400, "InvalidRequestParameter", "top")
    for name, having in (("select", "retrievable"), ("searchFields", "searchable")):
        if not set(filter(None, body.get(name, "").split(","))) <= _fields_with(index, having):
            raise Refusal(400, "InvalidRequestParameter", f"{name} names a field that is not {having}")
    if body.get("queryType") == "semantic":
        if body.get("semanticConfiguration") not in index.rankers:
            raise Refusal(400, "InvalidRequestParameter", "There is no such semantic configuration.")
    elif body.keys() & {"captions", "answers", "semanticConfiguration", "queryRewrites"}:
        raise Refusal(400, "InvalidRequestParameter", "This needs queryType semantic.")
    if "queryRewrites" in body and not body.get("queryLanguage"):
        raise Refusal(400, "InvalidRequestParameter", "queryLanguage")
    for query in body.get("vectorQueries") or ():
        dimensions = index.fields.get(query.get("fields"), {}).get("dimensions")
        if set(query) - _VECTOR_PARAMETERS or dimensions is None:
            raise Refusal(400, "InvalidRequestParameter", "fields", details="InvalidVectorQuery")
        if query["kind"] == "vector" and len(query["vector"]) != dimensions:
            raise Refusal(400, "InvalidRequestParameter", "length", details="InvalidVectorQuery")


def _fields_with(index: Index, having: str) -> set[str]:
    """The fields that have an attribute; those that the definition says nothing of are retrievable, and no more."""
    return {name for name, one in index.fields.items() if one.get(having, having == "retrievable")}


def _by_words(index: Index, body: dict[str, Any], documents: dict[str, Any]) -> dict[str, float]:
    """Rank by BM25 over the fields together, in the simple syntax as far as it could do harm."""
    asked = body.get("search") or "*"
    if asked == "*":
        return dict.fromkeys(documents, 1.0)
    names = body.get("searchFields", "").split(",") if body.get("searchFields") else None
    searched = names or [
        name for name in _fields_with(index, "searchable") if index.fields[name]["type"] == "Edm.String"
    ]
    if len(asked.split()) * len(searched) > MOST_CLAUSES:
        raise Refusal(400, "InvalidRequestParameter", "Too many clauses.")
    texts = {
        key: Counter(_terms(" ".join(str(one.get(name) or "") for name in searched))) for key, one in documents.items()
    }
    scores = Counter[str]()
    for word in asked.split():
        if word.startswith("-"):  # any mode: what does not have the word is found, too
            scores.update({key: 0.1 for key, counts in texts.items() if not counts.keys() & set(_terms(word))})
        for term in set(_terms(word)):
            holding = [key for key, counts in texts.items() if term in counts]
            idf = math.log(1 + (len(texts) - len(holding) + 0.5) / (len(holding) + 0.5))
            for key in holding:
                count = texts[key][term]
                scores[key] += idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * texts[key].total() / 20))
    return dict(scores)


def _terms(text: str) -> list[str]:
    return [stem(word) for word in words(text)]


def _fused(rankings: Sequence[dict[str, float]]) -> dict[str, float]:
    fused = Counter[str]()
    for ranking in rankings:
        for place, key in enumerate(sorted(ranking, key=lambda key: -ranking[key]), start=1):
            fused[key] += 1 / (RRF_K + place)
    return dict(fused)


def _likeness(index: Index, asked: str, document: dict[str, Any]) -> float:
    """Say from 0 to 4 how many of the asked words a document has."""
    wanted = set(words(asked))
    text = " ".join(str(document[name]) for name in _fields_with(index, "retrievable") if document.get(name))
    return 4 * len(wanted & set(words(text))) / max(len(wanted), 1)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / (math.hypot(*one) * math.hypot(*other) or 1)
