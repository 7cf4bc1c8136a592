"""The Model Context Protocol over streamable HTTP: programs search and ask with the rights of who sends the request."""

from functools import partial
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.app.application import Application
from hubbub.core.people import Person
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects import mcp, mcp_tools
from hubbub.web.dialects.mcp import McpRequest, McpResponse, Refused
from hubbub.web.streams import WhileThere

router = APIRouter(tags=["MCP"])


@router.post("/mcp", openapi_extra=takes(McpRequest), responses=sends(McpResponse))
async def post_message(request: Request, app: App, person: Asker) -> Response:
    """Answer a request of an MCP client: `initialize`, `server/discover`, `ping`, `tools/list`, `tools/call`."""
    asked: McpRequest | None = None
    is_modern = True
    try:
        asked = mcp.read(await request.body())
        is_modern = mcp.is_modern(asked, request.headers)
        if asked.id is msgspec.UNSET:
            return Response(status_code=202)
    except Refused as refused:
        return _refusal(asked, refused, is_modern=is_modern)
    return WhileThere(partial(_reply, asked, app, person, is_modern=is_modern))


async def _reply(asked: McpRequest, app: Application, person: Person, *, is_modern: bool) -> Response:
    try:
        return Json(McpResponse(_id_of(asked), result=await _result(asked, app, person)))
    except Refused as refused:
        return _refusal(asked, refused, is_modern=is_modern)


def _refusal(asked: McpRequest | None, refused: Refused, *, is_modern: bool) -> Response:
    answer = McpResponse(_id_of(asked), error=refused.fault)
    return Json(answer, status_code=refused.status if is_modern else 200)


async def _result(asked: McpRequest, app: App, person: Person) -> dict[str, Any]:
    match asked.method:
        case "initialize":
            return mcp.greeting(asked)
        case "server/discover":
            return mcp.discovered()
        case "ping":
            return {}
        case "tools/list":
            return mcp.cacheable({"tools": mcp_tools.described(person)})
        case "tools/call":
            params = asked.params or {}
            name, arguments = params.get("name"), params.get("arguments")
            if not isinstance(name, str) or name not in mcp_tools.TOOLS:
                raise Refused(mcp.BAD_PARAMS, f"There is no tool {str(name)[:100]!r}.")
            return await mcp_tools.call(app, person, name, {} if arguments is None else arguments)
        case _:
            raise Refused(mcp.NO_METHOD, f"There is no method {asked.method[:100]!r} here.")


def _id_of(asked: McpRequest | None) -> str | int | None:
    return None if asked is None or asked.id is msgspec.UNSET else asked.id
