"""Put the web application together from routes, guards and the page."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import request_response

import hubbub
from hubbub.app.application import Application
from hubbub.app.limits import RequestLimits
from hubbub.identity.proxy_headers import IdentityProxies
from hubbub.web.address import Proxies
from hubbub.web.announcing import Announcing
from hubbub.web.bodies import complete
from hubbub.web.callers import Callers
from hubbub.web.choices import Choices
from hubbub.web.dialects.base import WireFormat
from hubbub.web.errors import add_error_handlers
from hubbub.web.guards import Guards
from hubbub.web.origins import Origins
from hubbub.web.page import ForeignPage, Page
from hubbub.web.quick import QuickApp
from hubbub.web.routes import (
    answers,
    assistants,
    attachments,
    audit,
    chat_completions,
    chat_protocols,
    chats,
    completions,
    conversations,
    documents,
    files,
    guests,
    keys,
    links,
    mcp,
    oidc,
    openai,
    operating,
    operators,
    own,
    passkeys,
    people,
    permissions,
    personal,
    prompts,
    quotas,
    ratings,
    responses,
    sample,
    sample_content,
    sample_history,
    sample_uploads,
    scim,
    search,
    server,
    sign_in,
    usage,
    vector_store_files,
    vector_stores,
)
from hubbub.web.trailers import drop_trailers


def create_app(
    open_application: Callable[[], AbstractAsyncContextManager[Application]],
    *,
    limits: RequestLimits | None = None,
    choices: Choices = Choices(),  # noqa: B008 # frozen
    allowed_hosts: Sequence[str] = (),
    answers_addresses: bool = False,
    allowed_origins: Sequence[str] = (),
    page_folder: Path | Traversable | None = None,
    foreign_page: ForeignPage | None = None,
    has_page: bool = True,
    proxies: Proxies | None = None,
    identity_proxies: IdentityProxies | None = None,
    formats: Mapping[str, WireFormat] | None = None,
    notes_callers: bool = False,
) -> FastAPI:
    """Return the ASGI application; it opens what it serves when it starts and closes it when it ends.

    `allowed_hosts` are the names that the server answers to (no ports); none: any. With
    `answers_addresses` it answers to plain IP addresses, too. `allowed_origins`
    are those whose pages may speak to it besides its own; "*" is any. `page_folder` holds a built web app
    in place of the one that comes with the package; `foreign_page` is shown in place of any of ours. Without
    a page there is the API alone. `proxies` are those whose word counts on whom a request comes from,
    `identity_proxies` those who say who sends it. `formats` are wire formats of somebody's own, by name.
    With `notes_callers` traces begin with what a request says of its caller's.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_application() as opened:
            app.state.application = opened
            yield

    app = QuickApp(
        title="Hubbub",
        version=hubbub.__version__,
        description="Chat and search for many people at once.",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.choices = choices
    ours = (
        chats,
        answers,
        assistants,
        attachments,
        documents,
        permissions,
        prompts,
        ratings,
        search,
        server,
        operators,
        usage,
    )
    app.take_in(chats.quick, answers.quick, *(one.router for one in ours))
    app.take_in(server.probes)
    app.take_in(*(one.router for one in (sign_in, oidc, passkeys, guests, keys, links, people)))
    app.take_in(usage.of_operators, *(one.router for one in (audit, operating, personal, quotas, scim)))
    app.take_in(chat_protocols.quick, chat_completions.quick, completions.quick, openai.quick, openai.router)
    app.take_in(responses.quick, responses.router, conversations.router, vector_stores.router, mcp.router)
    app.take_in(files.router, vector_store_files.router)
    app.take_in(sample.router, sample_content.router, sample_uploads.router)
    app.take_in(sample_history.quick, sample_history.router)
    app.take_in(own.router_of(formats or {}))
    if has_page:
        page = foreign_page or Page(page_folder)
        # Not as a route for any path: that would match where the API has the path but not the method.
        app.router.default = request_response(page.serve)
    add_error_handlers(app)
    limits = limits or RequestLimits()
    drop_trailers()
    if notes_callers:
        app.add_middleware(Callers)
    if identity_proxies is not None:
        app.add_middleware(Announcing, proxies=identity_proxies)
    app.add_middleware(
        Guards,
        body_bytes=limits.body_bytes,
        body_seconds=limits.body_seconds,
        picture_bytes=limits.picture_bytes,
        allowed_hosts=allowed_hosts,
        answers_addresses=answers_addresses,
        origins=Origins(allowed_origins),
        proxies=proxies,
    )

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            app.openapi_schema = complete(made)
        return app.openapi_schema

    app.openapi = openapi
    return app
