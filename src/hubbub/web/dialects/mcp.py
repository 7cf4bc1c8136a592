"""Speak the Model Context Protocol over HTTP: one JSON-RPC request a POST, one JSON response, no sessions.

Revisions up to 2025-11-25 begin with `initialize`; that of 2026-07-28 says its version with each request.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

import hubbub

HANDSHAKE_VERSIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""The revisions that begin with `initialize`, the newest first."""
MODERN_VERSIONS: Final = ("2026-07-28",)
VERSION_HEADER: Final = "mcp-protocol-version"
METHOD_HEADER: Final = "mcp-method"
NAME_HEADER: Final = "mcp-name"
_META: Final = "io.modelcontextprotocol/"

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602
HEADER_MISMATCH, NO_VERSION = -32020, -32022
_STATUSES: Final = {NO_METHOD: 404}

INSTRUCTIONS: Final = (
    "Searches the documents of this server that you may read. Call `search` first; `open_passage` shows what stands "
    "around a passage. Cite documents by their names and pages. `ask_assistant` lets an assistant of "
    "this server answer; `list_assistants` shows which there are."
)


class McpRequest(msgspec.Struct, omit_defaults=True):
    """A JSON-RPC request; without an id it is a notification."""

    method: str
    jsonrpc: str = ""
    id: str | int | msgspec.UnsetType | None = msgspec.UNSET
    params: dict[str, Any] | None = None


class McpFault(msgspec.Struct, omit_defaults=True):
    """Why a request failed."""

    code: int
    message: str
    data: dict[str, Any] | None = None


class McpResponse(msgspec.Struct):
    """A JSON-RPC response: a result, or an error."""

    id: str | int | None
    jsonrpc: str = "2.0"
    result: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    error: McpFault | msgspec.UnsetType = msgspec.UNSET


class Refused(Exception):
    """A request that can't be served, as JSON-RPC says it."""

    def __init__(self, code: int, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.fault = McpFault(code, message, data)

    @property
    def status(self) -> int:
        """The status that the response has where each request says its version."""
        return _STATUSES.get(self.fault.code, 400)


def read(body: bytes) -> McpRequest:
    """Return the request that a body holds.

    Raises:
        Refused: it holds none.
    """
    try:
        found = msgspec.json.decode(body, type=McpRequest)
    except msgspec.ValidationError as error:
        raise Refused(INVALID_REQUEST, f"This is no JSON-RPC request: {error}.") from error
    except msgspec.DecodeError as error:
        raise Refused(PARSE_ERROR, "The body is not JSON.") from error
    if found.jsonrpc != "2.0" or found.id is None:
        raise Refused(
            INVALID_REQUEST, 'This is no JSON-RPC request: it needs "jsonrpc": "2.0", and an id that is not null.'
        )
    return found


def is_modern(asked: McpRequest, headers: Mapping[str, str]) -> bool:
    """Tell whether a request says its version itself, and check that it agrees with its headers.

    Raises:
        Refused: it does not, or the version is not known here.
    """
    said = headers.get(VERSION_HEADER)
    meta = (asked.params or {}).get("_meta")
    version = cast(dict[str, object], meta).get(f"{_META}protocolVersion") if isinstance(meta, dict) else None
    if version is None and said in (*HANDSHAKE_VERSIONS, None):
        return False
    if version is None and said in MODERN_VERSIONS:
        raise Refused(BAD_PARAMS, f"params._meta lacks {_META}protocolVersion.")
    if version is not None and version != said:
        raise Refused(HEADER_MISMATCH, f"The header {VERSION_HEADER} names another version than the request.")
    if said not in MODERN_VERSIONS:
        supported = [*MODERN_VERSIONS, *HANDSHAKE_VERSIONS]
        raise Refused(NO_VERSION, "Unsupported protocol version", {"supported": supported, "requested": said})
    if headers.get(METHOD_HEADER) != asked.method:
        raise Refused(HEADER_MISMATCH, f"The header {METHOD_HEADER} names another method than the request.")
    name = (asked.params or {}).get("name")
    if asked.method == "tools/call" and headers.get(NAME_HEADER) != name:
        raise Refused(HEADER_MISMATCH, f"The header {NAME_HEADER} names another tool than the request.")
    return True


def greeting(asked: McpRequest) -> dict[str, Any]:
    """Return the result of `initialize`: the version that is asked for, or else the newest that begins so."""
    wanted = (asked.params or {}).get("protocolVersion")
    version = wanted if wanted in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[0]
    return {"protocolVersion": version, "capabilities": _CAPABILITIES, "serverInfo": _ME, "instructions": INSTRUCTIONS}


def discovered() -> dict[str, Any]:
    """Return the result of `server/discover`."""
    return cacheable(
        {
            "supportedVersions": [*MODERN_VERSIONS, *HANDSHAKE_VERSIONS],
            "capabilities": _CAPABILITIES,
            "instructions": INSTRUCTIONS,
            "_meta": {f"{_META}serverInfo": _ME},
        }
    )


def cacheable(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result that says how long it may be kept: not at all, since rights change."""
    return {**result, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


_CAPABILITIES: Final[Mapping[str, Any]] = {"tools": {}}
_ME: Final = {"name": "hubbub", "title": "Hubbub", "version": hubbub.__version__}
