"""What the page of the Azure chat and search sample asks for when it starts."""

import time

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.core.errors import Malformed, NotFound
from hubbub.core.people import GUEST_ID
from hubbub.search.base import tuned_by
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends
from hubbub.web.choices import choices_of
from hubbub.web.dialects.sample_errors import FAULTS

router = APIRouter(tags=["sample"], responses=FAULTS)

SIGNED_IN_SECONDS = 24 * 3600
EFFORTS = ("low", "medium", "high")
"""Offered where a model is set to reason; the first such model's own is the default."""
_IN_COOKIE = "cookie"
"""In place of a token, which there has to be: who it is says the cookie, which the page's requests carry anyway."""


class Config(msgspec.Struct, rename="camel"):
    """What the page is to offer: what this server can do of it."""

    show_semantic_ranker_option: bool
    show_query_rewriting_option: bool
    show_vector_option: bool
    show_user_upload: bool
    show_chat_history_browser: bool
    show_chat_history_cosmos: bool
    rag_search_text_embeddings: bool
    streaming_enabled: bool = True
    rag_send_text_sources: bool = True
    show_multimodal_options: bool = False
    show_reasoning_effort_option: bool = False
    reasoning_effort_options: tuple[str, ...] = ()
    default_reasoning_effort: str = ""
    default_retrieval_reasoning_effort: str = "minimal"
    show_agentic_retrieval_option: bool = False
    show_language_picker: bool = False
    show_speech_input: bool = False
    show_speech_output_browser: bool = False
    show_speech_output_azure: bool = False
    rag_search_image_embeddings: bool = False
    rag_send_image_sources: bool = False
    web_source_enabled: bool = False
    sharepoint_source_enabled: bool = False


class MsalAuth(msgspec.Struct, frozen=True, rename="camel"):
    """Where people sign in: nowhere."""

    client_id: str = ""
    authority: str = ""
    redirect_uri: str = "/redirect"
    post_logout_redirect_uri: str = "/"
    navigate_to_login_request_url: bool = False


class MsalCache(msgspec.Struct, frozen=True, rename="camel"):
    """Where the page's library keeps what it knows."""

    cache_location: str = "localStorage"
    store_auth_state_in_cookie: bool = False


class MsalConfig(msgspec.Struct, frozen=True):
    """How the page's library for signing in is set up, which it is in any case."""

    auth: MsalAuth = MsalAuth()
    cache: MsalCache = MsalCache()


class Scopes(msgspec.Struct, frozen=True):
    """What is asked for when somebody signs in."""

    scopes: tuple[str, ...] = ()


class AuthSetup(msgspec.Struct, rename="camel"):
    """How people sign in."""

    use_login: bool
    require_access_control: bool = False
    enable_unauthenticated_access: bool = True
    msal_config: MsalConfig = MsalConfig()
    login_request: Scopes = Scopes((".default",))
    token_request: Scopes = Scopes()


class Claim(msgspec.Struct, frozen=True):
    """Something known of a person."""

    typ: str
    val: str


class SignedIn(msgspec.Struct):
    """A person who is signed in."""

    id_token: str
    access_token: str
    expires_on: str
    user_claims: tuple[Claim, ...]


@router.get("/auth_setup", responses=sends(AuthSetup))
async def show_auth_setup(request: Request, person: Asker) -> Response:
    """Tell how people sign in: not at all, or by being known here already. No directory is asked either way."""
    return Json(AuthSetup(choices_of(request).sample_page.signs_in))


@router.get("/.auth/me", responses=sends(list[SignedIn]))
async def show_signed_in(request: Request, person: Asker) -> Response:
    """Tell who is signed in, as Azure App Service does for the pages behind it."""
    if not choices_of(request).sample_page.signs_in or person.id == GUEST_ID:
        raise NotFound("Nobody is signed in here.")
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + SIGNED_IN_SECONDS))
    claims = (Claim("preferred_username", person.name), Claim("oid", person.id))
    return Json([SignedIn(_IN_COOKIE, _IN_COOKIE, until, claims)], headers={"cache-control": "no-store"})


@router.get("/config", responses=sends(Config))
async def show_config(request: Request, app: App, person: Asker) -> Response:
    """Tell what the page is to offer."""
    tunes = tuned_by(app.search)
    efforts = [model.card.reasoning_effort for model in await app.models_of(person) if model.card.reasoning_effort]
    offered = choices_of(request).sample_page
    signs_in = offered.signs_in  # without it the page fails where it shows uploads, and keeps no chats here
    has_vectors = app.embedder is not None and "mode" in tunes
    return Json(
        Config(
            show_semantic_ranker_option="semantic_ranker" in tunes,
            show_query_rewriting_option="query_rewriting" in tunes,
            show_vector_option=has_vectors,
            rag_search_text_embeddings=has_vectors,
            show_reasoning_effort_option=bool(efforts),
            reasoning_effort_options=EFFORTS if efforts else (),
            default_reasoning_effort=efforts[0] if efforts else "",
            show_user_upload=signs_in,
            show_chat_history_cosmos=signs_in,
            show_chat_history_browser=offered.browser_history,
        )
    )


@router.post("/speech", include_in_schema=False)
async def refuse_speech(person: Asker) -> Response:
    """Say that nothing is read aloud here."""
    raise Malformed("Speech is not enabled.")
