"""Give an error the shape that the clients of an address know, and each response the headers that they expect."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from starlette.responses import Response
from starlette.types import Scope

from hubbub.core import references
from hubbub.core.errors import HubbubError, Malformed
from hubbub.web.bodies import Json, problem
from hubbub.web.dialects import mcp, openai
from hubbub.web.dialects.sample_errors import sample_error
from hubbub.web.scim.errors import scim_error

T = TypeVar("T")

Shape: TypeAlias = Callable[[HubbubError], Response]


def _rpc_error(error: HubbubError) -> Response:
    """Tell a client of the Model Context Protocol that what it sent can't be read; all else is a `problem`."""
    if type(error) is not Malformed:
        return problem(error)
    return Json(mcp.McpResponse(None, error=mcp.McpFault(mcp.PARSE_ERROR, error.message)), status_code=error.status)


_SAMPLE = (
    *("/auth_setup", "/.auth", "/config", "/content", "/speech", "/chat", "/ask", "/v0"),
    *("/upload", "/delete_uploaded", "/list_uploaded", "/chat_history"),
)
_OPENAI = ("/v1", "/openai", "/chat/completions", "/completions", "/responses", "/embeddings", "/models")
"""Those without `/v1` are what clients ask for whose base URL lacks it: they read why in the form that they know."""
_SHAPES: dict[str, Shape] = {
    **dict.fromkeys(_OPENAI, openai.told),
    **dict.fromkeys(_SAMPLE, sample_error),
    "/scim": scim_error,
    "/mcp": _rpc_error,
}
"""By the beginning of an address; all others are told of a `problem`."""
_HEADERS: dict[str, Callable[[], Mapping[str, str]]] = dict.fromkeys(_OPENAI, openai.headers_of_all)
"""What a response says that doesn't say it by itself; by the beginning of an address, too."""


def told(scope: Scope, error: HubbubError) -> Response:
    """Return the response that tells an error to whoever sent a request."""
    return (_found(_SHAPES, scope) or problem)(references.told(error))


def headers_for(scope: Scope) -> Mapping[str, str]:
    """Return the headers that the response to a request has to have, where it has none of these names."""
    return (_found(_HEADERS, scope) or dict)()


def is_of_others(scope: Scope) -> bool:
    """Tell whether an address is one that clients of others know, so that no page is to be found there."""
    return _found(_SHAPES, scope) is not None


def _found(table: Mapping[str, T], scope: Scope) -> T | None:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    for beginning, one in table.items():
        if path == beginning or path.startswith(f"{beginning}/"):
            return one
    return None
